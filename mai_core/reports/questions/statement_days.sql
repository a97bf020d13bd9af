SELECT
    day,
    isodow(day)::INTEGER AS weekday,
    -- include measures
    max(rate) AS rate,
    max(rate_table) AS rate_table
FROM usage_people
WHERE day BETWEEN $start AND $end
GROUP BY day
ORDER BY day
