SELECT
    provider,
    -- include measures
    count(DISTINCT model) AS models,
    count(DISTINCT nullif(person, '')) AS people,
    count(DISTINCT day) AS days_active
FROM usage
WHERE day BETWEEN $start AND $end
GROUP BY provider
ORDER BY charged_pusd DESC, provider
