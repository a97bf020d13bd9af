"""A usage day is the client's local day: 23, 24 or 25 hours, every instant in exactly one."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from mai_core.errors import BadValue

DAY_MS = 24 * 3600 * 1000

_HALF_MINUTE_MS = 30_000
"""Since 1970 midnights and clock changes fall on full half minutes in every zone (Liberia until 1972; elsewhere on
full minutes), so what happened within one lies in one day, and few days have to be worked out."""

ZoneSince = tuple[int, str]
"""(UTC milliseconds from which it is in force, IANA name), oldest first; the first is in force from the beginning."""


@lru_cache(maxsize=64)
def zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise BadValue("timezone", f"{name[:60]!r} is not an IANA time zone such as Europe/Warsaw") from None


def from_ms(at_ms: int) -> datetime:
    return datetime.fromtimestamp(at_ms / 1000, UTC)


def utc_day(at_ms: int) -> date:
    return from_ms(at_ms).date()


def to_ms(instant: datetime) -> int:
    """Milliseconds since 1970; a naive instant is refused, because its zone would be a guess."""
    if instant.tzinfo is None:
        raise BadValue("time", "has no time zone")
    delta = instant - datetime(1970, 1, 1, tzinfo=UTC)
    return (delta.days * 86_400 + delta.seconds) * 1000 + delta.microseconds // 1000


def instant_text(at_ms: int) -> str:
    """An instant as programs read it, to the second: '2026-11-21T13:00:00Z'."""
    return from_ms(at_ms).isoformat(timespec="seconds").replace("+00:00", "Z")


def usage_day(at_ms: int, zones: str | Sequence[ZoneSince]) -> date:
    """The local day in which an instant lies, by the zone in force at that instant."""
    name = zones if isinstance(zones, str) else zone_in_force(at_ms, zones)
    return _local_day(at_ms // _HALF_MINUTE_MS * 30 if at_ms >= 0 else at_ms // 1000, name)


@lru_cache(maxsize=4096)
def _local_day(unix_seconds: int, zone_name: str) -> date:
    return datetime.fromtimestamp(unix_seconds, zone(zone_name)).date()


def zone_in_force(at_ms: int, zones: Sequence[ZoneSince]) -> str:
    name = zones[0][1]
    for since_ms, candidate in zones:
        if since_ms <= at_ms:
            name = candidate
    return name


def day_start_ms(day: date, zones: str | Sequence[ZoneSince]) -> int:
    """The first instant of a local day. Where midnight is skipped by a clock change, the first one that exists."""
    if isinstance(zones, str):
        return _local_start_ms(day, zones)
    starts = [_local_start_ms(day, zones[0][1]), *(max(_local_start_ms(day, name), since) for since, name in zones[1:])]
    ends = [since for since, _ in zones[1:]]
    return next((start for start, end in zip(starts, ends, strict=False) if start < end), starts[-1])


def _local_start_ms(day: date, zone_name: str) -> int:
    local = zone(zone_name)
    start = datetime.combine(day, time(0), local)
    utc = start.astimezone(UTC)
    while utc.astimezone(local).date() < day:
        utc += timedelta(minutes=15)
    while (utc - timedelta(minutes=15)).astimezone(local).date() >= day:
        utc -= timedelta(minutes=15)
    return to_ms(utc)


def day_bounds_ms(day: date, zone_name: str) -> tuple[int, int]:
    """[start, end) of a local day in UTC milliseconds."""
    return day_start_ms(day, zone_name), day_start_ms(day + timedelta(days=1), zone_name)


def noon_ms(day: date, zone_name: str) -> int:
    return to_ms(datetime.combine(day, time(12), zone(zone_name)))


def next_midnight_ms(at_ms: int, zone_name: str) -> int:
    return day_start_ms(usage_day(at_ms, zone_name) + timedelta(days=1), zone_name)


def parse_day(text: str, field: str = "date") -> date:
    """A day as people and programs write it: 2026-11-21, and nothing else."""
    try:
        day = date.fromisoformat(text)
        if day.isoformat() != text:
            raise ValueError
        return day
    except (ValueError, TypeError):
        raise BadValue(field, f"{str(text)[:40]!r} is not a day such as 2026-11-21") from None


def parse_instant_ms(text: str, field: str = "time") -> int:
    """An RFC 3339 instant in UTC milliseconds; without an offset it counts as UTC."""
    try:
        instant = datetime.fromisoformat(text)
    except (ValueError, TypeError):
        raise BadValue(field, f"{str(text)[:40]!r} is not an instant such as 2026-11-21T13:00:00Z") from None
    return to_ms(instant if instant.tzinfo else instant.replace(tzinfo=UTC))


def days_between(first: date, last: date) -> list[date]:
    """Both inclusive; none where the last lies before the first."""
    return [first + timedelta(days=n) for n in range((last - first).days + 1)]


def month_of(day: date) -> str:
    return f"{day.year:04d}-{day.month:02d}"


def month_days(month: str) -> tuple[date, date]:
    """First and last day of 'YYYY-MM'."""
    first = parse_day(f"{month}-01", "month")
    following = date(first.year + first.month // 12, first.month % 12 + 1, 1)
    return first, following - timedelta(days=1)
