SELECT
    model,
    -- include measures
    count(DISTINCT nullif(provider, '')) AS provider_count,
    count(DISTINCT nullif(person, '')) AS people,
    count(DISTINCT day) AS days_active
FROM usage
WHERE day BETWEEN $start AND $end
GROUP BY model
ORDER BY charged_pusd DESC, model
