"""What must always be true of a ledger, as code that also runs in production: `run(store)` lists what is not.

Amounts are exact integers, added up here. Every check reads one and the same snapshot.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal

from mai_core.days import usage_day
from mai_core.money import UNITS_PER_ONE, multiply
from mai_core.store import Db, Store, invariants, sealing
from mai_core.store.invariants import SummaryRow
from mai_core.store.ledger import DayKey, Facts
from mai_core.store.processed import DAYS_OF_MEMORY

_NOTHING = Facts(0, 0, 0, 0, 0, 0, 0, 0, 0, 0)


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is not as it must be."""

    check: str
    subject: str
    what: str

    def __str__(self) -> str:
        return f"{self.check}: {self.subject}: {self.what}"


@dataclass(frozen=True, slots=True)
class Check:
    """One invariant, how many things were compared for it, and what was found."""

    name: str
    compared: int
    findings: tuple[Finding, ...]

    @property
    def ok(self) -> bool:
        return not self.findings


Compared = Iterator[tuple[str, str] | None]
"""A check yields once for everything it compares: (subject, what is wrong), or None where all is well."""


def run(store: Store) -> list[Finding]:
    """Everything that is wrong; empty when the ledger holds."""
    return [finding for check in all_checks(store) for finding in check.findings]


def all_checks(store: Store) -> list[Check]:
    today = usage_day(store.clock.now_ms(), "UTC")
    remembered_since = (today - timedelta(days=DAYS_OF_MEMORY - 1)).isoformat()
    with store.read() as db:
        return [
            _check("events = days", db, events_make_days),
            _check("days = views", db, days_make_views),
            _check("days = sealed days", db, sealed_days_agree),
            _check("charged = cost x markup", db, charges_follow_markup),
            _check("no orphans", db, no_orphans),
            _check("no unknown clients", db, no_unknown_clients),
            _check("every event is remembered", db, lambda db: events_are_remembered(db, remembered_since)),
            _check("conflicts are about events", db, conflicts_have_events),
        ]


def _check(name: str, db: Db, compare: Callable[[Db], Compared]) -> Check:
    compared, findings = 0, []
    for told in compare(db):
        compared += 1
        if told is not None:
            findings.append(Finding(name, *told))
    return Check(name, compared, tuple(findings))


def events_make_days(db: Db) -> Compared:
    """Every row of a day is the sum of its events; a day without events is in the archive, with the same totals."""
    made: dict[DayKey, list[int]] = {}
    for key, facts in invariants.event_facts(db):
        _add(made, key, facts)
    removed = {(row["client_org_id"], row["usage_date"]): row for row in invariants.removed_days(db)}
    archived: dict[DayKey, list[int]] = {}
    for key, facts in invariants.day_facts(db):
        if key[:2] in removed:
            _add(archived, DayKey(*key[:2], "", "", ""), facts)
            continue
        expected = Facts(*made.pop(key, _NOTHING))
        yield None if facts == expected else (_named(key), _difference(expected, facts))
    for key, sums in made.items():
        if key[:2] not in removed:
            yield _named(key), f"its events are in no day: {sums[0]} requests"
    invoiced = invariants.invoiced(db)
    for place, row in removed.items():
        standing = Facts(*archived.get(DayKey(*place, "", "", ""), _NOTHING))
        if (place[0], place[1][:7]) not in invoiced:
            yield _archived_day(place, row["sum_raw"], row["sum_charged"], standing)


def _archived_day(place: tuple[str, str], raw: str, charged: str, standing: Facts) -> tuple[str, str] | None:
    if (str(standing.raw_pusd), str(standing.charged_pusd)) == (raw, charged):
        return None
    return " ".join(place), f"the archive holds {raw} raw and {charged} charged, the day {standing}"


def _add(sums: dict[DayKey, list[int]], key: DayKey, facts: Facts) -> None:
    standing = sums.setdefault(key, [0] * len(facts))
    for place, value in enumerate(facts):
        standing[place] += value


def _named(key: DayKey) -> str:
    return " ".join(part for part in key if part)


def _difference(expected: Facts, found: Facts) -> str:
    told = [
        f"{name} {there} instead of {wanted}"
        for name, wanted, there in zip(Facts._fields, expected, found, strict=True)
        if wanted != there
    ]
    return ", ".join(told)


def days_make_views(db: Db) -> Compared:
    """Each legacy view shows every day's exact total, as the nearest float."""
    for view in invariants.VIEWS:
        expected: dict[str, SummaryRow] = {}
        for row_id, row in invariants.summary_sources(db, view):
            standing = expected.get(row_id, SummaryRow(0, 0, 0, 0))
            expected[row_id] = SummaryRow(*(one + other for one, other in zip(standing, row, strict=True)))
        for row_id, tokens, requests, raw, charged in invariants.summary_rows(db, view):
            wanted = expected.pop(row_id, None)
            shown = (tokens, requests, raw, charged)
            yield (
                None
                if wanted is not None and shown == _as_shown(wanted)
                else (
                    f"{view} {row_id}",
                    f"shows {shown} instead of {wanted}",
                )
            )
        for row_id in expected:
            yield f"{view} {row_id}", "is missing"


def _as_shown(row: SummaryRow) -> tuple[int, int, float, float]:
    return (
        row.tokens,
        row.requests,
        float(row.raw_pusd) / float(UNITS_PER_ONE),
        float(row.charged_pusd) / float(UNITS_PER_ONE),
    )


def sealed_days_agree(db: Db) -> Compared:
    """What was sealed is what the ledger has."""
    for client, days in invariants.sealed(db).items():
        standing = sealing.sums_of_days(db, client, days)
        for day, wanted in days.items():
            there = standing.get(day, (0, "0", "0"))
            yield None if there == wanted else (f"{client} {day}", f"sealed {wanted}, the ledger has {there}")


def charges_follow_markup(db: Db) -> Compared:
    for client, generation, raw, markup, charged in invariants.marked_up(db):
        wanted = multiply(raw, Decimal(markup))
        yield None if wanted == charged else (f"{client} {generation}", f"charged {charged} instead of {wanted}")


def no_orphans(db: Db) -> Compared:
    yield None
    for table, row, parent in invariants.orphans(db):
        yield f"{table} row {row}", f"refers to nothing in {parent}"
    for client, external_user in invariants.people_without_mapping(db):
        yield f"{client} {external_user}", "has usage and no mapping"


def no_unknown_clients(db: Db) -> Compared:
    for table in invariants.tables_with_clients(db):
        unknown = invariants.unknown_clients(db, table)
        yield (table, f"names unknown clients: {', '.join(unknown[:5])}") if unknown else None


def events_are_remembered(db: Db, since_day: str) -> Compared:
    yield None
    for client, generation in invariants.forgotten_events(db, since_day):
        yield f"{client} {generation}", "is not in the dedupe memory"


def conflicts_have_events(db: Db) -> Compared:
    yield None
    for client, generation, field in invariants.conflicts_about_nothing(db):
        yield f"{client} {generation}", f"sources differ about {field}, and there is no such event"
