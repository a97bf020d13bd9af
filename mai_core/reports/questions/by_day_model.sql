SELECT
    day,
    model,
    -- include measures
FROM usage_models
WHERE day BETWEEN $start AND $end
GROUP BY day, model
ORDER BY day, charged_pusd DESC, model
