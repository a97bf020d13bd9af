SELECT
    day,
    isodow(day)::INTEGER AS weekday,
    -- include measures
    count(DISTINCT nullif(person, '')) AS people,
    max(rate_table) AS rate_table,
    max(last_at_ms) AS last_at_ms
FROM usage
WHERE day BETWEEN $start AND $end
GROUP BY day
ORDER BY day
