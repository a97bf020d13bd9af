"""Prices at midnight and rates when NBP's table is out, between the batches; gently, when somebody is down."""

from __future__ import annotations

from datetime import date, time

from mai_core import conversion
from mai_core.days import day_start_ms, from_ms, parse_day, usage_day, zone
from mai_core.installation import Installation
from mai_core.price_refresh import Refreshed, refresh_prices
from mai_core.rate_refresh import RatesRefreshed, refresh_rates
from mai_core.store import prices, rates

RETRY_MS = 15 * 60_000
TABLE_EXPECTED = time(11, 50)


def refresh_prices_when_due(installation: Installation) -> Refreshed | None:
    """Once after every midnight of DAILY_BATCH_TIMEZONE; a refusal is tried again a quarter of an hour later."""
    now_ms = installation.now_ms()
    with installation.store.read() as db:
        good, last = prices.last_fetch(db, good=True), prices.last_fetch(db)
    due = prices_due(
        now_ms,
        installation.settings.daily_batch_timezone,
        None if good is None else good.fetched_at_ms,
        None if last is None else last.fetched_at_ms,
    )
    return refresh_prices(installation) if due else None


def prices_due(now_ms: int, zone_name: str, good_ms: int | None, tried_ms: int | None) -> bool:
    """Pure: not since the last midnight, and not tried a moment ago."""
    if tried_ms is not None and 0 <= now_ms - tried_ms < RETRY_MS:
        return False
    return good_ms is None or good_ms < day_start_ms(usage_day(now_ms, zone_name), zone_name)


def refresh_rates_when_due(installation: Installation) -> RatesRefreshed | None:
    """When today's table can be out and is not known yet."""
    now_ms = installation.now_ms()
    with installation.store.read() as db:
        answer = rates.last_answer(db)
    through = None if answer is None or answer["through_date"] is None else parse_day(answer["through_date"])
    tried = [answer[name] for name in ("answered_at_ms", "last_error_at_ms") if answer and answer[name] is not None]
    due = rates_due(now_ms, through, max(tried, default=None))
    return refresh_rates(installation) if due else None


def rates_due(now_ms: int, complete_through: date | None, tried_ms: int | None) -> bool:
    """Pure: yesterday is not settled, or today is not and its table can be out."""
    if tried_ms is not None and 0 <= now_ms - tried_ms < RETRY_MS:
        return False
    today = conversion.warsaw_today(now_ms)
    if complete_through is None or (today - complete_through).days > 1:
        return True
    local = from_ms(now_ms).astimezone(zone(conversion.WARSAW))
    return complete_through < today and local.time() >= TABLE_EXPECTED
