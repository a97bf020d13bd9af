SELECT
    model,
    provider,
    -- include measures
FROM usage_models
WHERE day BETWEEN $start AND $end
GROUP BY model, provider
ORDER BY model, charged_pusd DESC, provider
