WITH used AS (
    SELECT
        client_org_id,
    -- include measures
        count(DISTINCT nullif(person, '')) AS people,
        count(DISTINCT day) AS days_active
    FROM usage_people
    WHERE day BETWEEN $start AND $end
    GROUP BY client_org_id
),

known AS (
    SELECT client_org_id, count(DISTINCT nullif(model, '')) AS models
    FROM usage_models
    WHERE day BETWEEN $start AND $end
    GROUP BY client_org_id
)

SELECT
    used.client_org_id,
    clients.client_name,
    used.* EXCLUDE (client_org_id, people, days_active),
    known.models,
    used.people,
    used.days_active
FROM used
JOIN known ON known.client_org_id = used.client_org_id
LEFT JOIN clients ON clients.client_org_id = used.client_org_id
ORDER BY charged_pusd DESC, used.client_org_id
