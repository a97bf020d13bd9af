SELECT
    day,
    client_org_id,
    -- include measures
FROM usage_people
WHERE day BETWEEN $start AND $end
GROUP BY day, client_org_id
ORDER BY day, client_org_id
