WITH listed AS (
    -- the page first: converted and named are its rows only
    SELECT *
    FROM generations
    WHERE day BETWEEN $start AND $end
    ORDER BY at_ms, generation_id
    LIMIT $most OFFSET $after
),

known AS (
    SELECT DISTINCT client_org_id, day, rate, rate_table, provisional
    FROM usage_people
    WHERE day BETWEEN $start AND $end
),

rated AS (
    SELECT *, rate_units(rate) AS units FROM known
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
    in_pln(g.charged_pusd, rated.units) AS charged_ppln,
    rated.rate_table,
    rated.provisional
FROM listed AS g
LEFT JOIN rated ON rated.client_org_id = g.client_org_id AND rated.day = g.day
LEFT JOIN people ON people.client_org_id = g.client_org_id AND people.person = g.person
ORDER BY g.at_ms, g.generation_id
