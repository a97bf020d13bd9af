WITH used AS (
    SELECT
        model,
        coalesce(sum(charged_pusd) FILTER (day BETWEEN $start AND $end), 0) AS charged_pusd,
        coalesce(sum(charged_pusd) FILTER (day BETWEEN $previous_start AND $previous_end), 0) AS previous_charged_pusd,
        coalesce(sum(requests) FILTER (day BETWEEN $start AND $end), 0)::BIGINT AS requests,
        coalesce(sum(requests) FILTER (day BETWEEN $previous_start AND $previous_end), 0)::BIGINT AS previous_requests
    FROM usage_models
    GROUP BY model
)

SELECT *, charged_pusd - previous_charged_pusd AS change_pusd
FROM used
WHERE change_pusd <> 0
ORDER BY abs(change_pusd) DESC, model
LIMIT $most
