WITH by_quarter AS (
    SELECT
        client_org_id,
        quarter,
        sum(requests) AS requests,
        sum(total_tokens) AS total_tokens,
        whole_sum(charged_pusd) AS charged_pusd
    FROM hours
    WHERE day BETWEEN $start AND $end
    GROUP BY client_org_id, quarter
),

local_hours AS (
    SELECT by_quarter.* REPLACE (by_quarter.quarter + local_offsets.shift AS quarter)
    FROM by_quarter
    JOIN local_offsets
        ON local_offsets.client_org_id = by_quarter.client_org_id
        AND by_quarter.quarter >= local_offsets.since AND by_quarter.quarter < local_offsets.until
)

SELECT
    -- 1970-01-01 was a Thursday
    ((quarter // 96 + 3) % 7 + 1)::INTEGER AS weekday,
    (quarter // 4 % 24)::INTEGER AS hour,
    sum(requests)::BIGINT AS requests,
    sum(total_tokens)::BIGINT AS total_tokens,
    whole_sum(charged_pusd) AS charged_pusd
FROM local_hours
GROUP BY ALL
ORDER BY ALL
