WITH present AS (
    SELECT
    -- include totals
        (SELECT count(DISTINCT nullif(model, '')) FROM usage_models WHERE day BETWEEN $start AND $end) AS models
    FROM usage_people
    WHERE day BETWEEN $start AND $end
),

previous AS (
    SELECT
    -- include totals
        (SELECT count(DISTINCT nullif(model, '')) FROM usage_models WHERE day BETWEEN $previous_start AND $previous_end) AS models
    FROM usage_people
    WHERE day BETWEEN $previous_start AND $previous_end
)

SELECT present.*, previous.requests AS previous_requests, previous.input_tokens AS previous_input_tokens,
    previous.output_tokens AS previous_output_tokens, previous.cached_tokens AS previous_cached_tokens,
    previous.reasoning_tokens AS previous_reasoning_tokens, previous.total_tokens AS previous_total_tokens,
    previous.charged_pusd AS previous_charged_pusd, previous.charged_ppln AS previous_charged_ppln,
    previous.raw_pusd AS previous_raw_pusd, previous.margin_pusd AS previous_margin_pusd, -- cost
    previous.provisional AS previous_provisional, previous.people AS previous_people,
    previous.models AS previous_models, previous.days_active AS previous_days_active
FROM present, previous
