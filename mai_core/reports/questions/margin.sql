WITH used AS (
    SELECT
        client_org_id,
    -- include measures
    FROM usage_people
    WHERE day BETWEEN $start AND $end
    GROUP BY client_org_id
)

SELECT
    used.client_org_id,
    clients.client_name,
    used.* EXCLUDE (client_org_id),
    share(margin_pusd, charged_pusd) AS margin_share,
    in_pln(charged_pusd, $last_rate_units) AS at_last_rate_ppln,
    charged_ppln - in_pln(charged_pusd, $last_rate_units) AS fx_difference_ppln,
    charged_ppln - in_pln(raw_pusd, $last_rate_units) AS margin_ppln
FROM used
LEFT JOIN clients ON clients.client_org_id = used.client_org_id
ORDER BY charged_pusd DESC, used.client_org_id
