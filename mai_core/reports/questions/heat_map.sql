WITH local_hours AS (
    SELECT hours.* REPLACE (hours.quarter + local_offsets.shift AS quarter)
    FROM hours
    JOIN local_offsets
        ON local_offsets.client_org_id = hours.client_org_id
        AND hours.quarter >= local_offsets.since AND hours.quarter < local_offsets.until
    WHERE hours.day BETWEEN $start AND $end
)

SELECT
    -- 1970-01-01 was a Thursday
    ((quarter // 96 + 3) % 7 + 1)::INTEGER AS weekday,
    (quarter // 4 % 24)::INTEGER AS hour,
    sum(requests)::BIGINT AS requests,
    sum(total_tokens)::BIGINT AS total_tokens,
    sum(charged_pusd) AS charged_pusd
FROM local_hours
GROUP BY ALL
ORDER BY ALL
