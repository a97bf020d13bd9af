"""Brings NBP's tables in, or keeps what is known and says why."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from mai_core import conversion
from mai_core.conversion import Answered
from mai_core.errors import MaiError
from mai_core.installation import Installation
from mai_core.store import rates
from mai_core.store.connection import Db
from mai_core.upstream import nbp

_AT_FIRST = timedelta(days=92)
"""One question of 93 days, today included."""

_ASKED_AGAIN = timedelta(days=4)


@dataclass(frozen=True, slots=True)
class RatesRefreshed:
    ok: bool
    new: int = 0
    fixed: int = 0
    """Usage days whose rate became final."""
    held: tuple[date, ...] = ()
    contradicted: tuple[date, ...] = ()
    error: str | None = None


def refresh_rates(
    installation: Installation, since: date | None = None, through: date | None = None, currency: str = rates.USD
) -> RatesRefreshed:
    """Ask for the tables that are missing (or those of the days named), settle what they settle."""
    now_ms = installation.now_ms()
    store = installation.store
    with store.read() as db:
        wanted = _wanted(db, now_ms, currency, since, through)
    new, held, contradicted = 0, set[date](), set[date]()
    try:
        for start, end in wanted:
            answer = _ask(installation, currency, start, end, now_ms)
            with store.write() as db:
                recorded = rates.record(db, now_ms, answer, currency)
            new += recorded.new
            held.update(recorded.held)
            contradicted.update(recorded.contradicted)
        error = None
    except MaiError as refusal:
        error = str(refusal)
    with store.write() as db:
        if error is not None:
            rates.record_error(db, now_ms, error, currency)
        fixed = rates.fix_day_rates(db, now_ms) if currency == rates.USD else []
    return RatesRefreshed(error is None, new, len(fixed), tuple(sorted(held)), tuple(sorted(contradicted)), error)


def _ask(installation: Installation, currency: str, start: date, end: date, now_ms: int) -> Answered:
    settings = installation.settings
    if settings.nbp_service_url and currency == rates.USD:
        return nbp.fetch_from_service(settings.nbp_service_url, start, end)
    return nbp.fetch(settings.nbp_api_url, currency, start, end, now_ms)


def _wanted(db: Db, now_ms: int, currency: str, since: date | None, through: date | None) -> list[tuple[date, date]]:
    """The ranges to ask for, newest first; each touches what is known, so that the answered days stay one piece."""
    today = conversion.warsaw_today(now_ms)
    answer = rates.last_answer(db, currency)
    known = rates.known(db, currency)
    first = since or _earliest_unsettled(db, currency, today)
    if answer is None or known.answered_from is None or known.answered_through is None:
        start = first - conversion.ALWAYS_A_TABLE_WITHIN if since or first < today - _AT_FIRST else today - _AT_FIRST
        return [(start, through or today)]
    ranges = []
    if through is None or through > known.answered_through:
        ranges.append((known.answered_through - _ASKED_AGAIN, through or today))
    start = max(first - conversion.ALWAYS_A_TABLE_WITHIN, nbp.FIRST_TABLE)
    if start < known.answered_from:
        ranges.append((start, known.answered_from))
    elif since is not None:
        ranges.append((start, through or today))
    return ranges


def _earliest_unsettled(db: Db, currency: str, today: date) -> date:
    if currency != rates.USD:
        return today
    days = [conversion.governing_day(day, policy) for _, day, policy in rates.days_without_rate(db)]
    return min(days, default=today)
