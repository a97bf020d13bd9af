WITH used AS (
    SELECT
        date_trunc('month', day)::DATE AS period,
    -- include used_by_person
