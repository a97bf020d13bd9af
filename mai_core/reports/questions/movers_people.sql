WITH used AS (
    SELECT
        client_org_id,
        person,
        user_id,
        coalesce(sum(charged_pusd) FILTER (day BETWEEN $start AND $end), 0) AS charged_pusd,
        coalesce(sum(charged_pusd) FILTER (day BETWEEN $previous_start AND $previous_end), 0) AS previous_charged_pusd,
        coalesce(sum(requests) FILTER (day BETWEEN $start AND $end), 0)::BIGINT AS requests,
        coalesce(sum(requests) FILTER (day BETWEEN $previous_start AND $previous_end), 0)::BIGINT AS previous_requests
    FROM usage_people
    GROUP BY client_org_id, person, user_id
)

SELECT
    used.client_org_id,
    coalesce(people.user_id, nullif(used.user_id, ''), used.person) AS user_id,
    max(people.user_name) AS user_name,
    sum(charged_pusd) AS charged_pusd,
    sum(previous_charged_pusd) AS previous_charged_pusd,
    sum(requests)::BIGINT AS requests,
    sum(previous_requests)::BIGINT AS previous_requests,
    sum(charged_pusd) - sum(previous_charged_pusd) AS change_pusd
FROM used
LEFT JOIN people ON people.client_org_id = used.client_org_id AND people.person = used.person
GROUP BY used.client_org_id, coalesce(people.user_id, nullif(used.user_id, ''), used.person)
HAVING change_pusd <> 0
ORDER BY abs(change_pusd) DESC, 2
LIMIT $most
