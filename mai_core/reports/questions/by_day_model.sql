SELECT
    day,
    model,
    -- include measures
    max(last_at_ms) AS last_at_ms
FROM usage
WHERE day BETWEEN $start AND $end
GROUP BY day, model
ORDER BY day, charged_pusd DESC, model
