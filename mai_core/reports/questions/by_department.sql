WITH used AS (
    SELECT
        client_org_id,
        person,
    -- include measures
        max(day) AS last_day,
        bitstring_agg((day - $start::DATE)::INTEGER, 0, ($end::DATE - $start::DATE)::INTEGER) AS days
    FROM usage_people
    WHERE day BETWEEN $start AND $end
    GROUP BY client_org_id, person
)

SELECT
    people.department,
    -- include measures_again
    count(*) AS people,
    bit_count(bit_or(days))::BIGINT AS days_active
FROM used
LEFT JOIN people ON people.client_org_id = used.client_org_id AND people.person = used.person
GROUP BY people.department
ORDER BY charged_pusd DESC, people.department
