SELECT
    u.client_org_id,
    u.day,
    u.facet,
    u.person,
    coalesce(people.user_id, nullif(u.user_id, ''), u.person) AS user_id,
    people.user_name,
    u.model,
    u.provider,
    u.requests,
    u.input_tokens,
    u.output_tokens,
    u.cached_tokens,
    u.reasoning_tokens,
    u.total_tokens,
    u.charged_pusd,
    u.raw_pusd, -- cost
    u.rate,
    u.rate_table,
    u.provisional,
    u.charged_ppln
FROM usage AS u
LEFT JOIN people ON people.client_org_id = u.client_org_id AND people.person = u.person
WHERE u.day BETWEEN $start AND $end
ORDER BY u.charged_pusd DESC, u.person, u.model, u.provider
