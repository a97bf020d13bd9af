WITH rated AS (
    SELECT rate AS known_rate, rate_units(rate) AS units
    FROM (SELECT DISTINCT rate FROM usage WHERE day BETWEEN $start AND $end)
)

SELECT
    client_org_id,
    day,
    rate,
    rate_table,
    bool_or(provisional) AS provisional,
    sum(requests)::BIGINT AS requests,
    sum(total_tokens)::BIGINT AS total_tokens,
    sum(charged_pusd) AS charged_pusd,
    sum(raw_pusd) AS raw_pusd, -- cost
    whole_sum(charged_ppln) AS charged_ppln,
    whole_sum(in_pln(charged_pusd, units)) AS converted_again_ppln
FROM usage
LEFT JOIN rated ON known_rate = rate
WHERE day BETWEEN $start AND $end
GROUP BY client_org_id, day, rate, rate_table
ORDER BY client_org_id, day
