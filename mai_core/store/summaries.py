"""Days of usage as the existing system's summaries show them: the ledger's own days and imported history."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Literal, cast

from mai_core import conversion
from mai_core.conversion import DayRate, FxPolicy, KnownRates
from mai_core.days import parse_day
from mai_core.model import Client
from mai_core.store import rates
from mai_core.store.connection import Db, rows
from mai_core.store.imported import EVERY_FACET
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


def days_with_usage(db: Db, client_org_id: str, first: date, last: date) -> set[str]:
    found = rows(
        db,
        "SELECT usage_date FROM usage_daily WHERE client_org_id = ?1 AND usage_date BETWEEN ?2 AND ?3"
        f" UNION SELECT usage_date FROM imported_days WHERE {EVERY_FACET} AND client_org_id = ?1"
        " AND usage_date BETWEEN ?2 AND ?3",
        (client_org_id, first.isoformat(), last.isoformat()),
    )
    return {str(day) for (day,) in found}


@dataclass(frozen=True, slots=True)
class RatesOfDays:
    """What a client's days are converted at: the rates that were fixed, else by the tables known so far."""

    fixed: Mapping[str, DayRate]
    tables: KnownRates
    policy: FxPolicy

    @property
    def known(self) -> bool:
        return bool(self.tables.tables)

    def of(self, usage_date: str) -> DayRate:
        return self.fixed.get(usage_date) or conversion.rate_of_day(parse_day(usage_date), self.policy, self.tables)


def rates_of_days(db: Db, client: Client, first: date, last: date) -> RatesOfDays:
    """Of days of one month."""
    fixed = {
        day: DayRate(Decimal(rate), table_no, parse_day(effective), provisional=False)
        for day, rate, table_no, effective in db.execute(
            "SELECT usage_date, rate, table_no, effective_date FROM day_rates"
            " WHERE client_org_id = ? AND usage_date BETWEEN ? AND ?",
            (client.id, first.isoformat(), last.isoformat()),
        )
    }
    policy = rates.policy_of(db, client.id, last, cast(FxPolicy, client.fx_policy))
    return RatesOfDays(fixed, rates.known(db), policy)


def first_days(db: Db, client_org_id: str) -> dict[str, str]:
    """The day of everybody's first usage, by user id: whoever was imported was there before the import."""
    return dict(
        rows(
            db,
            "SELECT user_id, min(day) FROM ("
            " SELECT coalesce(m.user_id, d.external_user) AS user_id, d.usage_date AS day FROM usage_daily AS d"
            " LEFT JOIN user_client_mapping AS m ON m.client_org_id = d.client_org_id"
            " AND m.openrouter_user_id = d.external_user WHERE d.client_org_id = ?1"
            " UNION ALL SELECT user_id, usage_date FROM imported_days WHERE client_org_id = ?1 AND facet = 'user')"
            " GROUP BY user_id",
            (client_org_id,),
        )
    )
