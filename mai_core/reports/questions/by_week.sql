SELECT
    date_trunc('week', day)::DATE AS period,
    -- include measures
    count(DISTINCT nullif(person, '')) AS people,
    count(DISTINCT day) AS days_active
FROM usage
WHERE day BETWEEN $start AND $end
GROUP BY period
ORDER BY period
