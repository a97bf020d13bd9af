SELECT people.client_org_id, people.user_id, max(people.user_name) AS user_name, max(people.department) AS department
FROM people
LEFT JOIN (SELECT DISTINCT client_org_id, person FROM usage_people WHERE day BETWEEN $start AND $end) AS used
    ON used.client_org_id = people.client_org_id AND used.person = people.person
GROUP BY people.client_org_id, people.user_id
HAVING count(used.person) = 0
ORDER BY user_name NULLS LAST, people.user_id
