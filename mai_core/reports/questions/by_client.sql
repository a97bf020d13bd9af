WITH used AS (
    SELECT
        client_org_id,
    -- include measures
        count(DISTINCT nullif(model, '')) AS models,
        count(DISTINCT nullif(person, '')) AS people,
        count(DISTINCT day) AS days_active
    FROM usage
    WHERE day BETWEEN $start AND $end
    GROUP BY client_org_id
)

SELECT used.client_org_id, clients.client_name, used.* EXCLUDE (client_org_id)
FROM used
LEFT JOIN clients ON clients.client_org_id = used.client_org_id
ORDER BY charged_pusd DESC, used.client_org_id
