        client_org_id,
        person,
        user_id,
    -- include measures
    FROM usage_people
    WHERE usage_people.day BETWEEN $start AND $end
    GROUP BY ALL
)

SELECT
    COLUMNS('^(day|period)$'),
    used.client_org_id,
    coalesce(people.user_id, nullif(used.user_id, ''), used.person) AS user_id,
    max(people.user_name) AS user_name,
    max(people.department) AS department,
    -- include measures_again
FROM used
LEFT JOIN people ON people.client_org_id = used.client_org_id AND people.person = used.person
GROUP BY ALL
ORDER BY 1, charged_pusd DESC, 3
