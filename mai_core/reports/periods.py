"""The period that a period is compared with, and the local hours of a period."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pyarrow as pa

from mai_core.days import month_days, month_of, zone

QUARTER_S = 900


def previous_period(start: date, end: date) -> tuple[date, date]:
    """Whole months against the whole months before; month to date against the same days of last month;
    anything else against as many days just before."""
    day_before = start - timedelta(days=1)
    if start.day == 1:
        if month_of(start) == month_of(end) and end != month_days(month_of(end))[1]:
            first, last = month_days(month_of(day_before))
            return first, min(first + (end - start), last)
        if end == month_days(month_of(end))[1]:
            months = (end.year - start.year) * 12 + end.month - start.month + 1
            month_index = start.year * 12 + start.month - 1 - months
            return date(month_index // 12, month_index % 12 + 1, 1), day_before
    return days_before(start, end)


def days_before(start: date, end: date) -> tuple[date, date]:
    """As many days just before: for a length that was chosen as such, whatever day of a month it starts on."""
    return start - (end - start) - timedelta(days=1), start - timedelta(days=1)


def local_offsets(clients: pa.Table, first: date, last: date) -> pa.Table:
    """client_org_id, since, until, shift: in quarters of an hour since 1970, the client's clock against UTC."""
    rows = []
    pieces: dict[str, list[tuple[int, int, int]]] = {}
    for row in clients.select(["client_org_id", "timezone"]).to_pylist():
        name = row["timezone"]
        if name not in pieces:
            pieces[name] = _offsets(name, first, last)
        rows += [
            {"client_org_id": row["client_org_id"], "since": a, "until": b, "shift": shift}
            for a, b, shift in pieces[name]
        ]
    kinds = [("client_org_id", pa.string()), ("since", pa.int64()), ("until", pa.int64()), ("shift", pa.int64())]
    return pa.Table.from_pylist(rows, schema=pa.schema(kinds))


def _offsets(zone_name: str, first: date, last: date) -> list[tuple[int, int, int]]:
    def shift(quarter: int) -> int:
        offset = datetime.fromtimestamp(quarter * QUARTER_S, zone(zone_name)).utcoffset() or timedelta()
        return int(offset.total_seconds()) // QUARTER_S

    epoch = date(1970, 1, 1)
    start, end = ((day - epoch).days * 96 for day in (first - timedelta(days=1), last + timedelta(days=2)))
    pieces, since = [], start
    for quarter in range(start, end, 96):
        if shift(quarter) != shift(quarter + 96):
            change = next(q for q in range(quarter + 1, quarter + 97) if shift(q) != shift(quarter))
            pieces.append((since, change, shift(since)))
            since = change
    return [*pieces, (since, end, shift(since))]
