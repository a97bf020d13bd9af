WITH used AS (
    SELECT
        (day - DATE '1970-01-05') // 7 AS number, -- whole numbers group faster than date_trunc
    -- include measures
        count(DISTINCT nullif(person, '')) AS people,
        count(DISTINCT day) AS days_active
    FROM usage_people
    WHERE day BETWEEN $start AND $end
    GROUP BY number
)

SELECT DATE '1970-01-05' + (number * 7)::INTEGER AS period, * EXCLUDE (number)
FROM used
ORDER BY period
