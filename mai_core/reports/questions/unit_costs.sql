WITH used AS (
    SELECT
        model,
    -- include measures
    FROM usage_models
    WHERE day BETWEEN $start AND $end
    GROUP BY model
)

SELECT
    *,
    per_unit(charged_pusd, requests, 1) AS charged_per_request_pusd,
    per_unit(charged_pusd, total_tokens, 1000) AS charged_per_1k_tokens_pusd,
    share(cached_tokens, input_tokens) AS cached_share,
    share(reasoning_tokens, output_tokens) AS reasoning_share
FROM used
ORDER BY charged_pusd DESC, model
