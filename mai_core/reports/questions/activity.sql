WITH days AS (
    SELECT
        day,
        sum(requests)::BIGINT AS requests,
        sum(total_tokens)::BIGINT AS total_tokens,
        sum(charged_pusd) AS charged_pusd,
        whole_sum(charged_ppln) AS charged_ppln
    FROM usage_people
    WHERE day BETWEEN $start AND $end
    GROUP BY day
)

SELECT
    count(*) AS days_active,
    ($end::DATE - $start::DATE + 1)::BIGINT AS days_in_period,
    max_by(day, (total_tokens, -epoch(day))) AS busiest_day,
    max(total_tokens) AS busiest_day_tokens,
    max_by(day, (charged_pusd, -epoch(day))) AS highest_cost_day,
    max(charged_pusd) AS highest_cost_pusd,
    coalesce(sum(total_tokens) // ($end::DATE - $start::DATE + 1), 0)::BIGINT AS average_daily_tokens,
    coalesce(sum(total_tokens) // count(*), 0)::BIGINT AS average_active_day_tokens,
    per_unit(coalesce(sum(charged_pusd), 0), ($end::DATE - $start::DATE + 1), 1) AS average_daily_pusd,
    per_unit(whole_sum(charged_ppln), ($end::DATE - $start::DATE + 1), 1) AS average_daily_ppln
FROM days
