WITH used AS (
    SELECT
        client_org_id,
        person,
        user_id,
    -- include measures
        max(day) AS last_day,
        bitstring_agg((day - $start::DATE)::INTEGER, 0, ($end::DATE - $start::DATE)::INTEGER) AS days
    FROM usage_people
    WHERE day BETWEEN $start AND $end
    GROUP BY client_org_id, person, user_id
),

named AS (
    SELECT
        used.* REPLACE (coalesce(people.user_id, nullif(used.user_id, ''), used.person) AS user_id),
        people.user_name,
        people.department
    FROM used
    LEFT JOIN people ON people.client_org_id = used.client_org_id AND people.person = used.person
)

SELECT
    client_org_id,
    max(person) AS person,
    user_id,
    max(user_name) AS user_name,
    max(department) AS department,
    -- include measures_again
    bit_count(bit_or(days))::BIGINT AS days_active,
    max(last_day) AS last_day
FROM named
GROUP BY client_org_id, named.user_id
ORDER BY charged_pusd DESC, user_id
