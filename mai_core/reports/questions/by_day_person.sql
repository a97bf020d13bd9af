SELECT
    day,
    usage.client_org_id,
    coalesce(people.user_id, nullif(usage.user_id, ''), usage.person) AS user_id,
    sum(requests)::BIGINT AS requests,
    sum(total_tokens)::BIGINT AS total_tokens,
    sum(charged_pusd) AS charged_pusd,
    whole_sum(charged_ppln) AS charged_ppln
FROM usage
LEFT JOIN people ON people.client_org_id = usage.client_org_id AND people.person = usage.person
WHERE day BETWEEN $start AND $end
GROUP BY ALL
ORDER BY day, user_id
