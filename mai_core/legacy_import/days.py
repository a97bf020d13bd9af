"""Brings in the history of days. A day that the ledger has from events too is never counted twice.

Where both have a day, the generation ids decide: if the old database remembers generations of that day and none of
them is an event here, the two are parts of one day (the day of the move) and stand beside each other. Otherwise the
ledger's own events stand and the imported day is left out, in all three summaries, and said.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from mai_core.errors import MaiError
from mai_core.installation import Installation
from mai_core.legacy_import.agreements import require_known
from mai_core.legacy_import.history import (
    COLUMNS,
    TABLES,
    Facet,
    HistoryDay,
    Key,
    Sums,
    history_day,
    live_counter_day,
    sum_of,
    sums_of,
)
from mai_core.legacy_import.report import FacetTotals, ImportReport, TableReport
from mai_core.money import plain_text, shortest_text
from mai_core.store import Db, imported
from mai_core.store.legacy_source import LegacySource

_LIVE_COLUMNS = (
    "client_org_id",
    "current_date",
    "today_tokens",
    "today_requests",
    "today_raw_cost",
    "today_markup_cost",
    "last_updated",
)

Days = dict[Key, HistoryDay]


@dataclass(slots=True)
class Plan:
    """What happens to one client's history."""

    new: list[HistoryDay] = field(default_factory=list)
    changed: list[HistoryDay] = field(default_factory=list)
    unchanged: list[HistoryDay] = field(default_factory=list)
    counted_already: list[HistoryDay] = field(default_factory=list)
    invoiced: list[HistoryDay] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @property
    def kept(self) -> list[HistoryDay]:
        return [*self.new, *self.changed, *self.unchanged]


def bring_in_days(
    installation: Installation, source: LegacySource, known: set[str], report: ImportReport, apply: bool
) -> None:
    tables: dict[Facet, TableReport] = {}
    by_client: dict[str, dict[Facet, Days]] = defaultdict(dict)
    for facet in TABLES:
        tables[facet], totals, days = _read(source, facet, known)
        report.tables.append(tables[facet])
        report.totals[facet] = totals
        for key, day in days.items():
            by_client[day.client_org_id].setdefault(facet, {})[key] = day
    report.tables.append(_live_counters(source, known, by_client, report.totals["client"]))
    for client in sorted(by_client):
        all_days = [day for days in by_client[client].values() for day in days.values()]
        if apply:
            with installation.store.write() as db:
                plan = _plan(db, source, client, all_days)
                imported.put_history(db, (_stored(day) for day in (*plan.new, *plan.changed)))
            with installation.store.read() as db:
                _add_in_ledger(db, client, plan, report)
        else:
            with installation.store.read() as db:
                plan = _plan(db, source, client, all_days)
        _account(plan, tables, report)


def _read(source: LegacySource, facet: Facet, known: set[str]) -> tuple[TableReport, FacetTotals, Days]:
    table = TableReport(TABLES[facet], present=TABLES[facet] in source.tables)
    totals, days = FacetTotals(), Days()
    for row in source.rows(TABLES[facet], COLUMNS[facet]):
        table.read += 1
        try:
            day = history_day(facet, row)
        except MaiError as error:
            table.refuse(row["id"], str(error))
            continue
        totals.read = totals.read.plus(sum_of(day))
        try:
            require_known(day.client_org_id, known)
        except MaiError as error:
            table.refuse(row["id"], str(error))
            continue
        twin = days.get(day.key)
        if twin is not None:
            table.notes.append(f"{row['id']}: two rows for one day, their sum is kept")
        days[day.key] = day if twin is None else twin.plus(day)
    return table, totals, days


def _live_counters(
    source: LegacySource, known: set[str], by_client: dict[str, dict[Facet, Days]], totals: FacetTotals
) -> TableReport:
    """Older installations counted today apart; it is history only where the summary lacks the day."""
    report = TableReport("client_live_counters", present="client_live_counters" in source.tables)
    for row in source.rows("client_live_counters", _LIVE_COLUMNS):
        report.read += 1
        try:
            day = live_counter_day(row)
            days = by_client[require_known(day.client_org_id, known)].setdefault("client", {})
        except MaiError as error:
            report.refuse(row["client_org_id"], str(error))
            continue
        if day.key in days or not (day.total_requests or day.total_tokens):
            report.unchanged += 1
            continue
        days[day.key] = day
        totals.read = totals.read.plus(sum_of(day))
        report.new += 1
        report.notes.append(f"{day.client_org_id} {day.usage_date}: only the total, without people and models")
    return report


def _plan(db: Db, source: LegacySource, client: str, days: Iterable[HistoryDay]) -> Plan:
    plan = Plan()
    standing = imported.history_of(db, client)
    invoiced = imported.invoiced_months(db, client)
    own = imported.own_days(db, client)
    beside: dict[str, bool] = {}
    for day in days:
        there = standing.get(day.key)
        if there is not None and _same(there, _stored(day)):
            plan.unchanged.append(day)
            continue
        if day.usage_date[:7] in invoiced:
            plan.invoiced.append(day)
            continue
        if day.usage_date in own:
            if day.usage_date not in beside:
                beside[day.usage_date] = _is_another_part(db, source, client, day.usage_date)
            if day.facet == "client":
                plan.notes.append(_overlap(day, own[day.usage_date], beside[day.usage_date]))
            if not beside[day.usage_date]:
                plan.counted_already.append(day)
                continue
        (plan.new if there is None else plan.changed).append(day)
    return plan


def _is_another_part(db: Db, source: LegacySource, client: str, usage_date: str) -> bool:
    where = "client_org_id = ? AND generation_date = ?"
    rows = source.rows("processed_generations", ("id",), where, (client, usage_date))
    remembered = [str(row["id"]) for row in rows]
    return bool(remembered) and not imported.any_event_known(db, client, remembered)


def _overlap(day: HistoryDay, own: tuple[int, int, int, int], beside: bool) -> str:
    requests, _, _, charged = own
    decided = "both parts count" if beside else "the events count, the imported day does not"
    return (
        f"{day.client_org_id} {day.usage_date}: events {requests} requests {shortest_text(charged)} USD, "
        f"imported {day.total_requests} requests {plain_text(day.markup_cost)} USD: {decided}"
    )


def _account(plan: Plan, tables: Mapping[Facet, TableReport], report: ImportReport) -> None:
    for facet, table in tables.items():
        totals = report.totals[facet]
        already = _of(facet, plan.counted_already)
        totals.kept = totals.kept.plus(sums_of(_of(facet, plan.kept)))
        totals.counted_already = totals.counted_already.plus(sums_of(already))
        table.new += len(_of(facet, plan.new))
        table.changed += len(_of(facet, plan.changed))
        table.unchanged += len(_of(facet, plan.unchanged))
        for day in _of(facet, plan.invoiced):
            table.refuse(f"{day.client_org_id}:{day.usage_date}", "its month stands on an invoice")
        if already:
            table.notes.append(f"{already[0].client_org_id}: {len(already)} rows of days that count from events")
    report.days.extend(plan.notes)


def _of(facet: Facet, days: Iterable[HistoryDay]) -> list[HistoryDay]:
    return [day for day in days if day.facet == facet]


def _add_in_ledger(db: Db, client: str, plan: Plan, report: ImportReport) -> None:
    """Read back what was kept, so that the totals after are the ledger's and not the import's."""
    standing = imported.history_of(db, client)
    for day in plan.kept:
        row = standing[day.key]
        totals = report.totals[day.facet]
        read_back = Sums(
            1, row["total_tokens"], row["total_requests"], Decimal(row["raw_cost"]), Decimal(row["markup_cost"])
        )
        totals.in_ledger = (totals.in_ledger or Sums()).plus(read_back)


def _stored(day: HistoryDay) -> dict[str, Any]:
    return {
        "facet": day.facet,
        "client_org_id": day.client_org_id,
        "usage_date": day.usage_date,
        "external_user": day.external_user,
        "model": day.model,
        "provider": day.provider,
        "user_id": day.user_id,
        "total_tokens": day.total_tokens,
        "total_requests": day.total_requests,
        "raw_pusd": day.raw_pusd,
        "charged_pusd": day.charged_pusd,
        "raw_cost": plain_text(day.raw_cost),
        "markup_cost": plain_text(day.markup_cost),
        "primary_model": day.primary_model,
        "unique_users": day.unique_users,
        "created_at": day.created_at,
        "updated_at": day.updated_at,
    }


def _same(standing: Mapping[str, Any], wanted: Mapping[str, Any]) -> bool:
    return all(standing[name] == value for name, value in wanted.items())
