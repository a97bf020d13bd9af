WITH used AS (
    SELECT
        client_org_id,
        person,
    -- include measures
        list(DISTINCT day) AS days
    FROM usage
    WHERE day BETWEEN $start AND $end
    GROUP BY client_org_id, person
)

SELECT
    people.department,
    -- include measures_again
    count(*) AS people,
    len(list_distinct(flatten(list(days))))::BIGINT AS days_active
FROM used
LEFT JOIN people ON people.client_org_id = used.client_org_id AND people.person = used.person
GROUP BY people.department
ORDER BY charged_pusd DESC, people.department
