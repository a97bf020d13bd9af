SELECT
    day,
    isodow(day)::INTEGER AS weekday,
    -- include measures
    count(DISTINCT nullif(person, '')) AS people,
    CASE WHEN min(rate_table) = max(rate_table) THEN max(rate_table) END AS rate_table,
    max(last_at_ms) AS last_at_ms
FROM usage_people
WHERE day BETWEEN $start AND $end
GROUP BY day
ORDER BY day
