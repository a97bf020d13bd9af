"""The rules. Each is a function of what it looks at that returns findings; one line in RULES adds one."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from pathlib import Path

from mai_core import forecast
from mai_core.alerts.finding import NEVER, Finding, Level
from mai_core.batch.due import due_days
from mai_core.batch.timing import batch_delay_ms, batch_time
from mai_core.days import DAY_MS, days_between, month_days, month_of, parse_day, usage_day
from mai_core.installation import Installation
from mai_core.model import Client
from mai_core.money import units_of
from mai_core.store import Db, alert_facts, batch_runs, clients, months, prices, rates

THRESHOLDS = (100, 80, 50)
"""Percent of the monthly limit; the highest that is reached speaks."""

LATE_MS = 2 * 3600_000
STALE_MS = DAY_MS + 2 * 3600_000
"""Prices and rates come once a day; two hours of grace keep a slow morning quiet."""
LARGEST_WAL = 64 * 1024 * 1024
LEAST_FREE_BYTES = 1024**3
LEAST_FREE_SHARE = 0.05

Rule = Callable[[Installation, Db, int], Iterator[Finding]]


def limits(installation: Installation, db: Db, now_ms: int) -> Iterator[Finding]:
    """A client has spent 50, 80 or 100 % of its monthly limit, or is going to exceed it."""
    for client in clients.list_active(db):
        if client.monthly_limit is None or not (limit := units_of(client.monthly_limit)):
            continue
        today = usage_day(now_ms, clients.zones(db, client.id))
        looked_at = days_between(today - timedelta(days=forecast.HISTORY_DAYS), today)
        amounts = months.charged_by_day(db, client.id, looked_at)
        yield from limit_findings(client, limit, amounts, today)


def limit_findings(client: Client, limit: int, amounts: dict[date, int], today: date) -> Iterator[Finding]:
    """Pure."""
    month = month_of(today)
    first, last = month_days(month)
    spent = sum(amount for day, amount in amounts.items() if first <= day <= last)
    values = {"client": client.name, "month": month, "spent_pusd": spent, "limit_pusd": limit}
    reached = next((share for share in THRESHOLDS if spent * 100 >= limit * share), None)
    if reached is not None:
        level: Level = "error" if reached == 100 else "warning" if reached == 80 else "info"
        yield Finding("limit", f"{client.id} {month} {reached}", level, {**values, "percent": reached}, client.id)
    if reached != 100:
        landing = forecast.landing(amounts, today, first, last)
        if landing.method == "seasonal" and landing.expected > limit:
            expected = {**values, "expected_pusd": landing.expected}
            yield Finding("forecast", f"{client.id} {month}", "warning", expected, client.id)


def batch(installation: Installation, db: Db, now_ms: int) -> Iterator[Finding]:
    """The last batch failed, or one should have run and did not."""
    settings = installation.settings
    run = batch_runs.latest(db)
    if run is not None and run["state"] == "failed":
        yield Finding("batch_failed", "daily", "error", {"day": run["batch_date"], "reason": run["error"] or ""})
    last_done = batch_runs.last_done(db)
    if not settings.daily_batch_enabled or last_done is None:
        return
    missed = due_days(
        now_ms - LATE_MS,
        batch_time(settings),
        settings.daily_batch_timezone,
        parse_day(last_done),
        batch_delay_ms(settings),
    )
    if missed:
        yield Finding("batch_late", "daily", "error", {"day": missed[0].isoformat(), "days": len(missed)})


def residual(installation: Installation, db: Db, now_ms: int) -> Iterator[Finding]:
    """OpenRouter's books and ours differ by more than is tolerated, and nothing explains it."""
    threshold = units_of(installation.settings.alert_residual_usd)
    for day, amount in alert_facts.unexplained_by_day(db):
        if amount > threshold:
            yield Finding("residual", day, "warning", {"day": day, "amount_pusd": amount})


def quarantine(installation: Installation, db: Db, now_ms: int) -> Iterator[Finding]:
    waiting, oldest_ms = alert_facts.waiting_in_quarantine(db)
    if waiting:
        hours = (now_ms - oldest_ms) // 3600_000
        yield Finding("quarantine", "waiting", "error" if hours >= 24 else "warning", {"n": waiting, "hours": hours})


def unpriced(installation: Installation, db: Db, now_ms: int) -> Iterator[Finding]:
    """Generations stored at 0 because no price is known."""
    since = (usage_day(now_ms, installation.settings.daily_batch_timezone) - timedelta(days=60)).isoformat()
    for client_org_id, model, requests in alert_facts.unpriced_models(db, since):
        yield Finding("unpriced", f"{client_org_id} {model}", "warning", {"model": model, "n": requests}, client_org_id)


def stale_prices(installation: Installation, db: Db, now_ms: int) -> Iterator[Finding]:
    good, last = prices.last_fetch(db, good=True), prices.last_fetch(db)
    age_ms = None if good is None else now_ms - good.fetched_at_ms
    if last is not None and (age_ms is None or age_ms > STALE_MS):
        yield Finding("stale_prices", "prices", "warning", {"hours": _hours(age_ms), "reason": last.error or ""})


def stale_rates(installation: Installation, db: Db, now_ms: int) -> Iterator[Finding]:
    answer = rates.last_answer(db)
    if answer is None:
        return
    age_ms = None if answer["answered_at_ms"] is None else now_ms - answer["answered_at_ms"]
    if age_ms is None or age_ms > STALE_MS:
        yield Finding(
            "stale_rates", "rates", "warning", {"hours": _hours(age_ms), "reason": answer["last_error"] or ""}
        )


def disk(installation: Installation, db: Db, now_ms: int) -> Iterator[Finding]:
    ledger = installation.settings.usage_summary_db
    free = shutil.disk_usage(ledger.absolute().parent)
    if free.free < LEAST_FREE_BYTES or free.free < free.total * LEAST_FREE_SHARE:
        yield Finding("disk", "free", "error", {"free_mb": free.free // 1_000_000})
    log = Path(f"{ledger}-wal")
    size = log.stat().st_size if log.exists() else 0
    if size > LARGEST_WAL:
        yield Finding("wal", "size", "warning", {"mb": size // 1_000_000})


def _hours(age_ms: int | None) -> int | str:
    return NEVER if age_ms is None else age_ms // 3600_000


RULES: tuple[Rule, ...] = (
    limits,
    batch,
    residual,
    quarantine,
    unpriced,
    stale_prices,
    stale_rates,
    disk,
)
