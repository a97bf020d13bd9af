WITH used AS (
    SELECT
        year(day) * 12 + month(day) - 1 AS number, -- whole numbers group faster than date_trunc
    -- include measures
        count(DISTINCT nullif(person, '')) AS people,
        count(DISTINCT day) AS days_active
    FROM usage_people
    WHERE day BETWEEN $start AND $end
    GROUP BY number
)

SELECT make_date(number // 12, number % 12 + 1, 1) AS period, * EXCLUDE (number)
FROM used
ORDER BY period
