"""Where prices and exchange rates come from, how old they are, and why the last question failed."""

from __future__ import annotations

from datetime import timedelta

from mai_core.conversion import warsaw_today
from mai_core.days import from_ms
from mai_core.doctor.lines import Line, error, ok, warning
from mai_core.store import Db, prices, rates

LONGEST_PAUSE = timedelta(days=6)
"""Between two of NBP's tables, at Christmas."""


def price_lines(db: Db, now_ms: int) -> list[Line]:
    good, last, source = prices.last_fetch(db, good=True), prices.last_fetch(db), prices.source(db, now_ms)
    if last is not None and not last.ok:
        told = f"source {source}; the last refresh failed: {last.error}"
        return [warning("prices", told, "the last good prices stay in force; python -m mai_core prices refresh")]
    if good is None:
        told = "OpenRouter was never asked: the bundled list counts, and what is rated with it is flagged"
        return [warning("prices", told, "python -m mai_core prices refresh")]
    when = f"{from_ms(good.fetched_at_ms):%Y-%m-%d %H:%M} UTC"
    told = f"source {source}, {good.models} models, last good answer {when}"
    if source != "openrouter_api":
        return [warning("prices", f"{told}: older than a day", "is `python -m jobs` running?")]
    return [ok("prices", told)]


def rate_lines(db: Db, now_ms: int) -> list[Line]:
    known, answer = rates.known(db), rates.last_answer(db) or {}
    latest = known.latest()
    if latest is None:
        why = f": {answer['last_error']}" if answer.get("last_error") else ""
        return [
            error("rates", f"no NBP rate is known, amounts in PLN are missing{why}", "python -m mai_core rates fetch")
        ]
    lines = [
        warning(
            "rates", f"the rate of {day} is held: 15 % off the one before", f"python -m mai_core rates accept {day}"
        )
        for day in sorted(known.held)
    ]
    told = f"the last table is {latest.table_no} of {latest.effective_date}"
    if answer.get("last_error"):
        return [
            *lines,
            warning("rates", f"{told}; the last question failed: {answer['last_error']}", "it is asked again"),
        ]
    if warsaw_today(now_ms) - latest.effective_date > LONGEST_PAUSE:
        return [*lines, warning("rates", f"{told}: that is long ago", "is `python -m jobs` running?")]
    return [*lines, ok("rates", told)]
