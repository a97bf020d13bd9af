SELECT
    client_org_id,
    person,
    -- include measures
    max(day) AS last_day
FROM usage_people
WHERE day BETWEEN $start AND $end
GROUP BY client_org_id, person
ORDER BY charged_pusd DESC, person
