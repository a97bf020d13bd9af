SELECT
    date_trunc('month', day)::DATE AS period,
    model,
    -- include measures
FROM usage_models
WHERE day BETWEEN $start AND $end
GROUP BY period, model
ORDER BY period, charged_pusd DESC, model
