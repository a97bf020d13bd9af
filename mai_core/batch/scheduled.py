"""What the clock asks for: is a batch due, and if so run it. Called every few seconds by `python -m jobs`."""

from __future__ import annotations

import logging
from datetime import date, timedelta

from mai_core.batch.due import due_days, next_batch_ms
from mai_core.batch.runner import Result, run_batch
from mai_core.batch.timing import batch_delay_ms, batch_time
from mai_core.days import days_between, parse_day, usage_day
from mai_core.errors import BadValue, Conflict
from mai_core.installation import Installation
from mai_core.store import batch_runs

log = logging.getLogger(__name__)

RETRY_AFTER_MS = 30 * 60_000
"""A batch that failed is tried again after half an hour: rates may have come, an upstream may be back."""


def pending_days(installation: Installation) -> list[date]:
    """Usage days that should be closed now; none while the last attempt is recent or the batch is switched off."""
    settings, now_ms = installation.settings, installation.now_ms()
    if not settings.daily_batch_enabled:
        return []
    with installation.store.read() as db:
        last_done = batch_runs.last_done(db)
        days = due_days(
            now_ms,
            batch_time(settings),
            settings.daily_batch_timezone,
            parse_day(last_done) if last_done else None,
            batch_delay_ms(settings),
        )
        attempted_ms = batch_runs.last_attempt_ms(db, days[-1].isoformat()) if days else None
    if attempted_ms is not None and 0 <= now_ms - attempted_ms < RETRY_AFTER_MS:
        return []
    return days


def named_days(installation: Installation, day: str | None, first: str | None, last: str | None) -> list[date]:
    """The usage days that somebody names: one, or a span that ends with the latest closed one; empty when none is."""
    if day and (first or last):
        raise BadValue("date", "is one day; for several say from and to")
    if day:
        return [_over(installation, "date", parse_day(day))]
    if not (first or last):
        return []
    end = _over(installation, "to", parse_day(last, "to")) if last else latest_closed_day(installation)
    start = parse_day(first, "from") if first else end
    if start > end:
        raise BadValue("from", f"{start} is after to {end}")
    return days_between(start, end)


def _over(installation: Installation, name: str, day: date) -> date:
    """The clock goes on after the latest day that was closed: one that is not over would hide those before it."""
    today = usage_day(installation.now_ms(), installation.settings.daily_batch_timezone)
    if day >= today:
        raise BadValue(name, f"{day} is not over; the latest day that is over is {today - timedelta(days=1)}")
    return day


def latest_closed_day(installation: Installation) -> date:
    settings = installation.settings
    return due_days(installation.now_ms(), batch_time(settings), settings.daily_batch_timezone, None)[-1]


def run_if_due(installation: Installation) -> Result | None:
    days = pending_days(installation)
    if not days:
        return None
    try:
        result = run_batch(installation, days, also_open_days=True)
    except Conflict as running:
        log.info("%s", running)
        return None
    level = logging.INFO if result.ok else logging.ERROR
    log.log(level, "batch %s to %s: %s", days[0], days[-1], "done" if result.ok else "; ".join(result.failures))
    return result


def next_run_ms(installation: Installation) -> int | None:
    """When the next batch is due; None when this installation runs none."""
    settings = installation.settings
    if not settings.daily_batch_enabled:
        return None
    return next_batch_ms(
        installation.now_ms(), batch_time(settings), settings.daily_batch_timezone, batch_delay_ms(settings)
    )
