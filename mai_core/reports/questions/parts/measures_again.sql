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
