WITH used AS (
    SELECT
        client_org_id,
        person,
        user_id,
        model,
    -- include measures
    FROM usage
    WHERE day BETWEEN $start AND $end
    GROUP BY client_org_id, person, user_id, model
)

SELECT
    used.client_org_id,
    coalesce(people.user_id, nullif(used.user_id, ''), used.person) AS user_id,
    max(people.user_name) AS user_name,
    used.model,
    -- include measures_again
FROM used
LEFT JOIN people ON people.client_org_id = used.client_org_id AND people.person = used.person
GROUP BY used.client_org_id, coalesce(people.user_id, nullif(used.user_id, ''), used.person), used.model
ORDER BY 2, charged_pusd DESC, used.model
