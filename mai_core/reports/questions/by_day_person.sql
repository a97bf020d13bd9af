WITH used AS (
    SELECT
        day,
    -- include used_by_person
