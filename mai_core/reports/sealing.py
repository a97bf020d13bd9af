"""Sealing: closed days of a client go into immutable Parquet files, and the ledger's list says which file to read.

A file holds one client's month; a closed year is compacted into one. Sealing a day writes the period's file anew: the
days that stand in the old file, and the new ones from the ledger. The list changes in one transaction, in which the
ledger is compared once more: a day that changed meanwhile stays open.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc

from mai_core.days import days_between, month_days, month_of, usage_day
from mai_core.reports.bucket import Bucket
from mai_core.reports.engine import Connection, open_reader
from mai_core.reports.generations import generations_of_days
from mai_core.reports.lake import Lake, client_folder
from mai_core.reports.rates import DayRates, fixed_rates, rates_of_days
from mai_core.reports.relation import by_quarter, sealed_parts
from mai_core.reports.snapshot import SealedFile, Span, read_clients, read_open_rows
from mai_core.reports.source import query_of
from mai_core.reports.writing import write_period
from mai_core.store import clients, sealing

if TYPE_CHECKING:
    from mai_core.installation import Installation
    from mai_core.store import Db


@dataclass(slots=True)
class Sealed:
    """What one call did."""

    days: list[date] = field(default_factory=list)
    waiting: dict[date, str] = field(default_factory=dict)
    """Days left open, with the reason."""
    files: list[str] = field(default_factory=list)


def seal(installation: Installation, client_org_id: str, days: Sequence[date]) -> Sealed:
    """Seal closed days that are validated. Safe to kill and to repeat; a sealed and unchanged day is left alone."""
    done = Sealed()
    with installation.store.read() as db:
        today = usage_day(installation.now_ms(), clients.zones(db, client_org_id))
        standing = {row["usage_date"] for row in sealing.days(db, client_org_id)}
        years = {row["period"] for row in sealing.files(db, client_org_id)}
    periods: dict[str, list[date]] = {}
    for day in sorted(set(days)):
        if day >= today:
            done.waiting[day] = "the day is not over"
        elif day.isoformat() not in standing:
            year = str(day.year)
            periods.setdefault(year if year in years else month_of(day), []).append(day)
    if not periods:
        return done
    with open_reader() as reader:
        for period, new_days in periods.items():
            _write(installation, reader, client_org_id, period, _with_empty_days(period, new_days), done)
    return done


def compact(installation: Installation, client_org_id: str, year: int) -> Sealed:
    """The months of a closed year in one file."""
    with installation.store.read() as db:
        periods = [row["period"] for row in sealing.files(db, client_org_id) if row["period"].startswith(str(year))]
    done = Sealed()
    if any(len(period) > 4 for period in periods):
        with open_reader() as reader:
            _write(installation, reader, client_org_id, str(year), [], done, merge=periods)
    return done


def rebuild_file(installation: Installation, client_org_id: str, period: str) -> Sealed:
    """Write a period's file from the ledger alone; readers use the old one, or the ledger, until it stands."""
    with installation.store.read() as db:
        old = {row["file"] for row in sealing.files(db, client_org_id) if row["period"] == period}
        days = [date.fromisoformat(row["usage_date"]) for row in sealing.days(db, client_org_id) if row["file"] in old]
    done = Sealed()
    with open_reader() as reader:
        _write(installation, reader, client_org_id, period, days, done, keep=False)
    return done


def unsealed_days(db: Db, client_org_id: str, through: date) -> list[date]:
    """Days with usage that are read from the ledger, up to and including `through`."""
    standing = {row["usage_date"] for row in sealing.days(db, client_org_id)}
    return [
        date.fromisoformat(day)
        for day in sealing.days_with_usage(db, client_org_id)
        if day not in standing and day <= through.isoformat()
    ]


def _with_empty_days(period: str, days: list[date]) -> list[date]:
    """Days without usage before the last of them are sealed along, so that few spans stay open."""
    first = date(int(period), 1, 1) if len(period) == 4 else month_days(period)[0]
    return days_between(first, days[-1])


@dataclass(frozen=True, slots=True)
class _Read:
    """One snapshot of what a period's new file is made of."""

    kept: tuple[SealedFile, ...]
    replaced: tuple[str, ...]
    new_days: tuple[date, ...]
    rows: pa.Table
    rates: DayRates
    generations: pa.Table
    version: int


def _write(
    installation: Installation,
    reader: Connection,
    client: str,
    period: str,
    days: Sequence[date],
    done: Sealed,
    *,
    merge: Sequence[str] = (),
    keep: bool = True,
) -> None:
    with installation.store.read() as db:
        read = _read(installation, db, client, period, days, done, merge, keep)
    if not read.new_days and not merge:
        return
    written = _write_files(installation, reader, client, period, read)
    now_ms = installation.now_ms()
    with installation.store.write() as db:
        unchanged = [day for day in read.new_days if _is_unchanged(db, client, day, read.rows)]
        _put_on_the_list(db, client, period, read, written, unchanged, now_ms)
    done.waiting |= dict.fromkeys(set(read.new_days) - set(unchanged), "it changed while it was being sealed")
    done.days += unchanged
    done.files.append(written.file)


@dataclass(frozen=True, slots=True)
class _Written:
    """A period's new file, in both lakes and the bucket, and not on the list yet."""

    file: str
    digests: dict[str, str]
    rows: int
    by_day: dict[date, tuple[int, int, int]]
    """Rows, raw and charged of each new day with usage."""


def _write_files(installation: Installation, reader: Connection, client: str, period: str, read: _Read) -> _Written:
    lake = Lake.of(installation.settings)
    with reader.cursor() as cursor:
        _create_new(cursor, lake, read)
        by_day = _counts_by_day(cursor, read.new_days)
        total = int(cursor.execute("SELECT count(*) FROM new_days").fetchall()[0][0])
        file, digests = write_period(cursor, lake, client_folder(client), f"{period}.v{read.version}")
    if bucket := Bucket.of(installation.settings):
        for name in digests:
            bucket.upload(lake.folder / name / file, f"{name}/{file}")
    return _Written(file, digests, total, by_day)


def _put_on_the_list(
    db: Db, client: str, period: str, read: _Read, written: _Written, days: Sequence[date], now_ms: int
) -> None:
    """From here on the days, and those that stood in the replaced files, are read from the new one."""
    sealing.put_file(
        db,
        {
            "client_org_id": client,
            "file": written.file,
            "period": period,
            "version": read.version,
            "days": sum(len(old.days) for old in read.kept) + len(read.new_days),
            "rows": written.rows,
            "sha256": json.dumps(written.digests, sort_keys=True),
            "written_at_ms": now_ms,
        },
    )
    sealing.move_days(db, client, [old.file for old in read.kept], written.file, read.version)
    for day in days:
        rows, raw, charged = written.by_day.get(day, (0, 0, 0))
        row = {
            "client_org_id": client,
            "usage_date": day.isoformat(),
            "file": written.file,
            "version": read.version,
            "rows": rows,
            "sum_raw": str(raw),
            "sum_charged": str(charged),
            "sealed_at_ms": now_ms,
        }
        sealing.put_day(db, row)
    for old in read.replaced:
        if old != written.file:
            sealing.mark_replaced(db, client, old, now_ms)


def _read(
    installation: Installation,
    db: Db,
    client: str,
    period: str,
    days: Sequence[date],
    done: Sealed,
    merge: Sequence[str],
    keep: bool,
) -> _Read:
    query = query_of(db)
    old = {row["file"]: row["days"] for row in sealing.files(db, client) if row["period"] in (period, *merge)}
    by_file: dict[str, list[date]] = {}
    for row in sealing.days(db, client):
        by_file.setdefault(row["file"], []).append(date.fromisoformat(row["usage_date"]))
    kept = tuple(SealedFile(client, file, tuple(by_file[file]), old[file]) for file in old if keep and file in by_file)
    kept_days = {day for file in kept for day in file.days}
    wanted = [day for day in days if day not in kept_days]
    rows = read_open_rows(query, _spans(client, wanted), with_cost=True)
    with_usage = set(rows["day"].to_pylist())
    fixed = fixed_rates(query, min(wanted), max(wanted), [client]) if wanted else {}
    for day in sorted(with_usage):
        if (client, day) not in fixed:
            done.waiting[day] = "its exchange rate is not fixed yet"
    new_days = tuple(day for day in wanted if day not in done.waiting)
    rows = rows.filter(pc.is_in(rows["day"], value_set=pa.array(new_days, pa.date32())))
    pairs = [(client, day) for day in new_days if day in with_usage]
    return _Read(
        kept,
        tuple(old),
        new_days,
        rows,
        rates_of_days(query, read_clients(query, client), pairs),
        generations_of_days(installation, db, client, [day for _, day in pairs]),
        sealing.newest_version(db, client, period) + 1,
    )


def _create_new(cursor: Connection, lake: Lake, read: _Read) -> None:
    """The relations new_days, new_hours and new_generations: what was kept, and what is new."""
    cursor.register("fresh_rows", read.rows)
    cursor.register("fresh_rates", read.rates.table)
    cursor.register("fresh_generations", read.generations)
    fresh = {
        "days": """SELECT f.* EXCLUDE (raw_pusd), r.rate_table, false AS provisional, r.rate, f.raw_pusd,
                   TRY_CAST(in_pln(f.charged_pusd, r.rate_units) AS BIGINT) AS charged_ppln
                   FROM fresh_rows AS f JOIN fresh_rates AS r USING (client_org_id, day)""",
        "hours": by_quarter("fresh_generations"),
        "generations": "SELECT * FROM fresh_generations",
    }
    first, last = date(1, 1, 1), date(9999, 12, 31)
    for kind, select in fresh.items():
        half = lake.internal if kind == "days" else lake.shared
        parts = sealed_parts(read.kept, first, last, lambda file, half=half, kind=kind: half.locate(kind, file))  # type: ignore[misc]
        union = " UNION ALL BY NAME ".join([f"({select})", *(f"SELECT * FROM {part}" for part in parts)])
        cursor.execute(f"CREATE TEMP TABLE new_{kind} AS {union}")


def _counts_by_day(cursor: Connection, days: Sequence[date]) -> dict[date, tuple[int, int, int]]:
    rows = cursor.execute(
        "SELECT day, count(*), sum(raw_pusd), sum(charged_pusd) FROM new_days GROUP BY day"
    ).fetchall()
    return {day: (int(count), int(raw), int(charged)) for day, count, raw, charged in rows if day in set(days)}


def _is_unchanged(db: Db, client: str, day: date, rows: pa.Table) -> bool:
    now = read_open_rows(query_of(db), [(client, day, day)], True)
    then = rows.filter(pc.equal(rows["day"], pa.scalar(day, pa.date32())))
    order = [(name, "ascending") for name in ("facet", "person", "user_id", "model", "provider")]
    return bool(now.sort_by(order).equals(then.sort_by(order)))


def _spans(client: str, days: Sequence[date]) -> list[Span]:
    spans: list[Span] = []
    for day in days:
        if spans and spans[-1][2] + timedelta(days=1) == day:
            spans[-1] = (client, spans[-1][1], day)
        else:
            spans.append((client, day, day))
    return spans
