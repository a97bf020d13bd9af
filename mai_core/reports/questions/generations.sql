WITH rated AS (
    SELECT DISTINCT client_org_id, day, rate, rate_table, provisional
    FROM usage
    WHERE day BETWEEN $start AND $end
)

SELECT
    g.client_org_id,
    g.day,
    g.generation_id,
    g.at_ms,
    g.person,
    coalesce(people.user_id, g.person) AS user_id,
    people.user_name,
    people.department,
    g.model,
    g.provider,
    g.input_tokens,
    g.output_tokens,
    g.cached_tokens,
    g.reasoning_tokens,
    g.charged_pusd,
    g.sale_price_id,
    in_pln(g.charged_pusd, rate_units(rated.rate)) AS charged_ppln,
    rated.rate_table,
    rated.provisional
FROM generations AS g
LEFT JOIN rated ON rated.client_org_id = g.client_org_id AND rated.day = g.day
LEFT JOIN people ON people.client_org_id = g.client_org_id AND people.person = g.person
WHERE g.day BETWEEN $start AND $end
ORDER BY g.at_ms, g.generation_id
LIMIT $most OFFSET $after
