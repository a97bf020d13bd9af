    coalesce(sum(requests), 0)::BIGINT AS requests,
    coalesce(sum(input_tokens), 0)::BIGINT AS input_tokens,
    coalesce(sum(output_tokens), 0)::BIGINT AS output_tokens,
    coalesce(sum(cached_tokens), 0)::BIGINT AS cached_tokens,
    coalesce(sum(reasoning_tokens), 0)::BIGINT AS reasoning_tokens,
    coalesce(sum(total_tokens), 0)::BIGINT AS total_tokens,
    coalesce(sum(charged_pusd), 0) AS charged_pusd,
    coalesce(sum(raw_pusd), 0) AS raw_pusd, -- cost
    coalesce(sum(charged_pusd) - sum(raw_pusd), 0) AS margin_pusd, -- cost
    CASE WHEN count(*) = 0 THEN 0 ELSE whole_sum(charged_ppln) END AS charged_ppln,
    coalesce(bool_or(provisional), false) AS provisional,
    count(DISTINCT nullif(person, '')) AS people,
    count(DISTINCT nullif(model, '')) AS models,
    count(DISTINCT day) AS days_active,
    min(day) AS first_day,
    max(day) AS last_day,
    coalesce(sum(unpriced_requests), 0)::BIGINT AS unpriced_requests,
    max(CASE WHEN provisional THEN rate_table END) AS rate_table,
    max(last_at_ms) AS last_at_ms
