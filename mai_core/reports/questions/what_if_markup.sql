SELECT
    sum(charged_pusd) AS charged_pusd,
    in_pln(sum(raw_pusd), $markup_units) AS what_if_charged_pusd,
    in_pln(sum(raw_pusd), $markup_units) - sum(charged_pusd) AS change_pusd,
    sum(raw_pusd) AS raw_pusd
FROM usage_people
WHERE day BETWEEN $start AND $end
