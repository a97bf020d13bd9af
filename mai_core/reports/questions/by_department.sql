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
    sum(requests)::BIGINT AS requests,
    sum(input_tokens)::BIGINT AS input_tokens,
    sum(output_tokens)::BIGINT AS output_tokens,
    sum(cached_tokens)::BIGINT AS cached_tokens,
    sum(reasoning_tokens)::BIGINT AS reasoning_tokens,
    sum(total_tokens)::BIGINT AS total_tokens,
    sum(charged_pusd) AS charged_pusd,
    sum(raw_pusd) AS raw_pusd, -- cost
    sum(margin_pusd) AS margin_pusd, -- cost
    whole_sum(charged_ppln) AS charged_ppln,
    bool_or(provisional) AS provisional,
    count(*) AS people,
    len(list_distinct(flatten(list(days))))::BIGINT AS days_active
FROM used
LEFT JOIN people ON people.client_org_id = used.client_org_id AND people.person = used.person
GROUP BY people.department
ORDER BY charged_pusd DESC, people.department
