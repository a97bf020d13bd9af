"""Which usage days a batch has to close now. Pure: the clock is an argument.

The batch of local date B, at `at` in `zone`, closes usage day B - 1. There is exactly one such instant per date, also
on days with a clock change: a time that does not exist counts as the instant the clock jumps over, one that exists
twice as its first.
"""

from __future__ import annotations

import zlib
from datetime import date, datetime, time, timedelta

from mai_core.days import days_between, to_ms, usage_day, zone

MOST_DAYS_CAUGHT_UP = 400
MINUTE_MS = 60_000


def batch_instant_ms(batch_date: date, at: time, zone_name: str) -> int:
    return to_ms(datetime.combine(batch_date, at, zone(zone_name)).replace(fold=0))


def due_days(now_ms: int, at: time, zone_name: str, last_done: date | None, delay_ms: int = 0) -> list[date]:
    """Usage days that should be closed by now and are not, oldest first; without history only the latest."""
    today = usage_day(now_ms, zone_name)
    latest = today - timedelta(days=1)
    while batch_instant_ms(latest + timedelta(days=1), at, zone_name) + delay_ms > now_ms:
        latest -= timedelta(days=1)
    if last_done is None:
        return [latest]
    first = max(last_done + timedelta(days=1), latest - timedelta(days=MOST_DAYS_CAUGHT_UP - 1))
    return days_between(first, latest)


def next_batch_ms(now_ms: int, at: time, zone_name: str, delay_ms: int = 0) -> int:
    """When the clock calls next."""
    batch_date = usage_day(now_ms, zone_name) - timedelta(days=1)
    while (instant := batch_instant_ms(batch_date, at, zone_name) + delay_ms) <= now_ms:
        batch_date += timedelta(days=1)
    return instant


def spread_ms(name: str, minutes: int) -> int:
    """A fixed place of this installation within the spread, so that containers of one server do not start together."""
    return zlib.crc32(name.encode()) % (minutes * MINUTE_MS) if minutes else 0
