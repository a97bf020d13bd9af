WITH used AS (
    SELECT
        day,
        client_org_id,
        person,
        user_id,
    -- include measures
    FROM usage_people
    WHERE day BETWEEN $start AND $end
    GROUP BY day, client_org_id, person, user_id
)

SELECT
    day,
    used.client_org_id,
    coalesce(people.user_id, nullif(used.user_id, ''), used.person) AS user_id,
    max(people.user_name) AS user_name,
    max(people.department) AS department,
    -- include measures_again
FROM used
LEFT JOIN people ON people.client_org_id = used.client_org_id AND people.person = used.person
GROUP BY day, used.client_org_id, coalesce(people.user_id, nullif(used.user_id, ''), used.person)
ORDER BY day, charged_pusd DESC, 3
