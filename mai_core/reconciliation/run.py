"""The nightly look at OpenRouter's books: snapshot, compare, ask for what is missing, book it, name what is left."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from mai_core.days import days_between, utc_day
from mai_core.errors import MaiError
from mai_core.installation import Installation
from mai_core.money import decimal_text
from mai_core.reconciliation.comparing import (
    Canonical,
    Line,
    Recorded,
    Residual,
    base_model,
    compare,
    explain_by_generation,
    explain_without_generations,
    with_remainder,
)
from mai_core.reconciliation.groups import Group, groups_of, learn_key_hashes, rest_of
from mai_core.reconciliation.recovering import recover
from mai_core.store import Db, clients, price_books, rating_books, reconciliation
from mai_core.upstream.http import UpstreamError
from mai_core.upstream.openrouter_account import ACTIVITY_DAYS, Account, Billed, ProviderDay

OFF = "off: OPENROUTER_MANAGEMENT_KEY is not set, so OpenRouter's books cannot be read"


@dataclass
class Report:
    """What one look found and did."""

    first: date
    last: date
    recovered: int = 0
    corrected: int = 0
    residuals: list[tuple[str | None, Residual]] = field(default_factory=list)
    ids_error: str | None = None
    """Why single generations could not be asked for; then differences keep their likeliest name."""

    @property
    def left_pusd(self) -> int:
        return sum(residual.difference_pusd for _, residual in self.residuals)

    def detail(self) -> dict[str, Any]:
        classes = Counter(residual.residual_class for _, residual in self.residuals)
        told = {
            "from": self.first.isoformat(),
            "through": self.last.isoformat(),
            "recovered": self.recovered,
            "corrected": self.corrected,
            "left_usd": decimal_text(self.left_pusd),
            "left": dict(sorted(classes.items())),
        }
        return {**told, "ids": self.ids_error} if self.ids_error else told


def account_of(installation: Installation) -> Account | None:
    key = installation.settings.openrouter_management_key.get_secret_value()
    return Account(installation.settings.openrouter_api_url, key) if key else None


def reconcile(
    installation: Installation, days_back: int = ACTIVITY_DAYS, *, since_onboarding: bool = True
) -> dict[str, Any]:
    """The batch's step; says so when it is off."""
    account = account_of(installation)
    if account is None:
        return {"skipped": OFF}
    report = look(installation, account, days_back, since_onboarding=since_onboarding)
    return report.detail() if report else {"skipped": "OpenRouter has no completed day yet"}


def look(
    installation: Installation, account: Account, days_back: int, *, since_onboarding: bool = True
) -> Report | None:
    """`since_onboarding` leaves out days that began before a client was known here: they were metered elsewhere."""
    told = take_snapshot(installation, account)
    today = utc_day(installation.now_ms())
    found = {one.day for rows in told.values() for one in rows if one.day >= today - timedelta(days=days_back)}
    if not found:
        return None
    days = days_between(min(found), max(found))
    report = Report(days[0], days[-1])
    for group, rows in told.items():
        wanted = _days_of_group(installation, group, days, since_onboarding)
        if wanted:
            _look_at_group(installation, account, group, rows, wanted, report)
    return report


def take_snapshot(installation: Installation, account: Account) -> dict[Group, list[ProviderDay]]:
    """What OpenRouter says today, stored; the rows of every group."""
    now_ms = installation.now_ms()
    keys, credit = account.keys(), account.credits()
    with installation.store.write() as db:
        learn_key_hashes(installation, db, keys, now_ms)
        reconciliation.put_balances(db, utc_day(now_ms).isoformat(), credit, keys, now_ms)
        groups = groups_of(clients.list_all(db))
    whole = account.activity()
    told = {group: account.activity(group.key_hash) for group in groups if group.key_hash}
    with installation.store.write() as db:
        reconciliation.put_provider_days(db, reconciliation.WHOLE_ACCOUNT, whole, now_ms)
        for group, rows in told.items():
            reconciliation.put_provider_days(db, str(group.key_hash), rows, now_ms)
    return {group: told[group] if group.key_hash else rest_of(whole, list(told.values())) for group in groups}


def _days_of_group(
    installation: Installation, group: Group, days: Sequence[date], since_onboarding: bool
) -> list[date]:
    with installation.store.read() as db:
        imported = reconciliation.days_with_imports(db, group.client_ids)
        known = [client for client in clients.list_all(db) if client.id in group.client_ids]
    since = min((utc_day(client.created_at * 1000) for client in known), default=days[0])
    around = {day + timedelta(days=n) for day in imported for n in (-1, 0, 1)}
    return [day for day in days if day not in around and (day > since or not since_onboarding or not known)]


def _look_at_group(
    installation: Installation,
    account: Account,
    group: Group,
    rows: Sequence[ProviderDay],
    days: Sequence[date],
    report: Report,
) -> None:
    wanted = set(days)
    billed = [row for row in rows if row.day in wanted]
    canonical = _canonical(installation)
    lines = compare(billed, _recorded(installation, group, days), canonical)
    differing = sorted({line.day for line in lines if not line.agrees})
    listings = _listings(account, group, differing, report) if group.client_ids else {}
    for day, listing in listings.items():
        _fill_gaps(installation, account, group, day, listing, canonical, report)
    recorded = _recorded(installation, group, days)
    lines = compare(billed, recorded, canonical)
    explained: list[Residual] = []
    with installation.store.read() as db:
        for day, listing in listings.items():
            explained += _explained(db, group, day, listing, recorded, canonical)
        unrouted_days = reconciliation.unrouted_days(db)
    without_ids = [line for line in lines if line.day not in listings]
    guessed = (
        _unclaimed(without_ids) if not group.client_ids else explain_without_generations(without_ids, unrouted_days)
    )
    residuals = [one for one in with_remainder(lines, [*explained, *guessed]) if one.billed_pusd != one.recorded_pusd]
    report.residuals += [(group.client_org_id, one) for one in residuals]
    with installation.store.write() as db:
        now_ms = installation.now_ms()
        reconciliation.replace_open_residuals(db, group.client_org_id, days[0], days[-1], residuals, now_ms)
        reconciliation.put_compared(db, group.client_org_id, days, lines, now_ms)


def _unclaimed(lines: Sequence[Line]) -> list[Residual]:
    """Billed to the account, with a key that belongs to no client."""
    return [
        Residual(line.day, line.model, line.provider, "unrouted", line.billed_pusd, line.recorded_pusd)
        for line in lines
        if line.difference_pusd
    ]


def _recorded(installation: Installation, group: Group, days: Sequence[date]) -> list[Recorded]:
    wanted = set(days)
    with installation.store.read() as db:
        events = reconciliation.events_of_utc_days(db, group.client_ids, days[0], days[-1])
    return [event for event in events if event.utc_day in wanted]


def _canonical(installation: Installation) -> Canonical:
    with installation.store.read() as db:
        book = price_books.load(db)
    return lambda model: base_model(book.resolve(model)[0] or model)


def _listings(account: Account, group: Group, days: Sequence[date], report: Report) -> dict[date, list[Billed]]:
    """The generations of the days that differ, as far as OpenRouter tells them."""
    listings: dict[date, list[Billed]] = {}
    for day in days:
        try:
            listings[day] = account.generations(day, group.key_hash)
        except UpstreamError as error:
            report.ids_error = str(error)
            break
    return listings


def _fill_gaps(
    installation: Installation,
    account: Account,
    group: Group,
    day: date,
    listing: Sequence[Billed],
    canonical: Canonical,
    report: Report,
) -> None:
    """Book what only OpenRouter has, and take its word where the amounts differ."""
    with installation.store.read() as db:
        gaps = _explained(db, group, day, listing, [], canonical)
        everyone = [client.id for client in clients.list_all(db)]
        elsewhere = reconciliation.standing_elsewhere(db, [gap.generation_id or "" for gap in gaps], everyone)
        book = rating_books.load(db, installation.settings)
    for gap in gaps:
        missing = gap.residual_class in ("missing_generation", "unrouted")
        if gap.residual_class == "late" or (missing and gap.generation_id in elsewhere):
            continue
        try:
            booked = recover(installation, account, group, str(gap.generation_id), book, is_new=missing)
        except MaiError as error:
            report.ids_error = str(error)
            continue
        if booked is None:
            continue
        report.recovered += missing
        report.corrected += not missing
        with installation.store.write() as db:
            resolved = Residual(
                gap.day, gap.model, gap.provider, "recovered", gap.billed_pusd, gap.recorded_pusd, gap.generation_id
            )
            kept = resolved if missing else gap
            reconciliation.note_resolved(db, booked, kept, installation.now_ms())


def _explained(
    db: Db,
    group: Group,
    day: date,
    listing: Sequence[Billed],
    recorded: Sequence[Recorded],
    canonical: Canonical,
) -> list[Residual]:
    ids = [one.generation_id for one in listing]
    known = reconciliation.events_by_id(db, group.client_ids, ids)
    missing = [generation_id for generation_id in ids if generation_id not in known]
    unrouted = reconciliation.waiting_unrouted(db, missing) if missing else set()
    if missing:
        everyone = [client.id for client in clients.list_all(db)]
        unrouted |= reconciliation.standing_elsewhere(db, missing, everyone)
    on_the_day = [event for event in recorded if event.utc_day == day]
    return explain_by_generation(day, listing, known, on_the_day, unrouted, canonical)
