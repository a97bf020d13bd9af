WITH used AS (
    SELECT
        model,
    -- include measures
        count(DISTINCT nullif(provider, '')) AS provider_count,
        count(DISTINCT day) AS days_active
    FROM usage_models
    WHERE day BETWEEN $start AND $end
    GROUP BY model
),

known AS (
    SELECT model, count(DISTINCT nullif(person, '')) AS people
    FROM usage
    WHERE day BETWEEN $start AND $end
    GROUP BY model
)

SELECT used.* EXCLUDE (days_active), known.people, used.days_active
FROM used
JOIN known ON known.model = used.model
ORDER BY charged_pusd DESC, used.model
