WITH used AS (
    SELECT
        provider,
    -- include measures
        count(DISTINCT model) AS models,
        count(DISTINCT day) AS days_active
    FROM usage_models
    WHERE day BETWEEN $start AND $end
    GROUP BY provider
),

known AS (
    SELECT provider, count(DISTINCT nullif(person, '')) AS people
    FROM usage
    WHERE day BETWEEN $start AND $end
    GROUP BY provider
)

SELECT used.* EXCLUDE (days_active), known.people, used.days_active
FROM used
JOIN known ON known.provider = used.provider
ORDER BY charged_pusd DESC, used.provider
