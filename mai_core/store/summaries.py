"""Days of usage as the existing system's summaries show them: the ledger's own days and imported history."""

from __future__ import annotations

from datetime import date
from typing import Literal

from mai_core.store.connection import Db
from mai_core.usage_summary import UsageRow

Facet = Literal["client", "user", "model"]


def usage_rows(db: Db, facet: Facet, client_org_id: str, first: date, last: date) -> list[UsageRow]:
    """Every day's rows. Imported history cannot be joined across facets: its rows come from the one asked for."""
    cursor = db.execute(
        "SELECT d.usage_date, d.external_user, coalesce(m.user_id, d.external_user), d.model, d.provider, d.requests,"
        " d.input_tokens + d.output_tokens, d.raw_pusd, d.charged_pusd, d.last_at_ms, 0"
        " FROM usage_daily AS d LEFT JOIN user_client_mapping AS m"
        " ON m.client_org_id = d.client_org_id AND m.openrouter_user_id = d.external_user"
        " WHERE d.client_org_id = ?1 AND d.usage_date BETWEEN ?2 AND ?3"
        " UNION ALL"
        " SELECT usage_date, external_user, user_id, coalesce(nullif(model, ''), primary_model, ''), provider,"
        " total_requests, total_tokens, raw_pusd, charged_pusd, NULL, coalesce(unique_users, 0)"
        " FROM imported_days WHERE client_org_id = ?1 AND usage_date BETWEEN ?2 AND ?3 AND facet = ?4"
        " ORDER BY 1, 2, 4, 5",
        (client_org_id, first.isoformat(), last.isoformat(), facet),
    )
    return [UsageRow(*row) for row in cursor]
