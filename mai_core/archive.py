"""Raw events of a closed day in Parquet, and back again.

One immutable file per client and day, `<lake>/internal/events/<client>/<day>.v<version>.parquet`, rows in the order
of (time, id): the same events give the same bytes, however they arrived. `read` gives back exactly the columns of
`usage_events`. What another column says already is left out of the file: amounts that follow from the reported cost
and the markup cost nothing, which brings an event to some 35 bytes.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from datetime import date
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from mai_core.errors import MaiError
from mai_core.installation import Installation
from mai_core.money import divide_half_up, shortest_text
from mai_core.reports.lake import Lake, client_folder
from mai_core.store import Db, archives, ledger
from mai_core.store.ledger import EVENT_COLUMNS

TEXT_COLUMNS = frozenset(
    (
        *("client_org_id", "generation_id", "usage_date", "external_user", "model", "provider", "cost_basis", "markup"),
        *("markup_from", "finish_reason", "session_id", "api_key_name", "flags", "source", "field_ranks"),
    )
)
_TIMES = ("at_ms", "started_at_ms", "received_at_ms", "updated_at_ms")
_AMOUNTS = ("reported_pusd", "upstream_pusd", "estimated_pusd", "priced_pusd", "raw_pusd", "charged_pusd")
_WRITING: dict[str, Any] = {
    "compression": "zstd",
    "compression_level": 3,
    "use_dictionary": [name for name in EVENT_COLUMNS if name not in (*_TIMES, *_AMOUNTS, "generation_id")],
    "column_encoding": {
        "generation_id": "DELTA_BYTE_ARRAY",
        **dict.fromkeys(_TIMES, "DELTA_BINARY_PACKED"),
        **dict.fromkeys(_AMOUNTS, "BYTE_STREAM_SPLIT"),
    },
    "write_statistics": False,
    "store_schema": False,
    "row_group_size": 250_000,
}
_SCHEMA = pa.schema([(name, pa.string() if name in TEXT_COLUMNS else pa.int64()) for name in EVENT_COLUMNS])


class ArchiveBroken(MaiError):
    """An archive file is missing or is not what was written."""


def archive_day(installation: Installation, client_org_id: str, day: date) -> dict[str, Any]:
    """Write the events of a validated day; leaves a file alone that holds them already."""
    text = day.isoformat()
    with installation.store.read() as db:
        standing = archives.get(db, client_org_id, text)
        if archives.is_archived(db, client_org_id, text):
            return {"skipped": "archived and unchanged since"}
        rows = archives.events_of_day(db, client_org_id, text)
    if not rows:
        return {"skipped": "no events in the ledger"}
    table = table_of(rows)
    version = _next_version(installation, standing, table)
    file = f"{client_folder(client_org_id)}/{text}.v{version}.parquet"
    path = events_path(installation, file)
    digest = write_file(path, table)
    row = {
        "client_org_id": client_org_id,
        "usage_date": text,
        "file": file,
        "rows": len(rows),
        "sum_raw": str(_total(rows, "raw_pusd")),
        "sum_charged": str(_total(rows, "charged_pusd")),
        "sha256": digest,
        "version": version,
        "written_at_ms": installation.clock.now_ms(),
    }
    with installation.store.write() as db:
        if not archives.still_closing(db, client_org_id, text):
            raise MaiError(f"{text} changed while it was being archived; the next run does it again")
        if not (standing and standing["sha256"] == digest):
            archives.put(db, row)
        archives.mark_archived(db, client_org_id, text)
    return {"rows": len(rows), "bytes": path.stat().st_size, "version": version}


def _next_version(installation: Installation, standing: dict[str, Any] | None, table: pa.Table) -> int:
    """The same number for the same events, so that a run which was killed and done again ends in the same files."""
    if standing is None:
        return 1
    path = events_path(installation, standing["file"])
    if path.is_file() and file_digest(path) == standing["sha256"] and pq.read_table(path).equals(_stored(table)):
        return int(standing["version"])
    return int(standing["version"]) + 1


def events_path(installation: Installation, file: str) -> Path:
    return Path(Lake.of(installation.settings).internal.locate("events", file))


def table_of(rows: Sequence[Sequence[Any]]) -> pa.Table:
    columns = zip(*rows, strict=True) if rows else [()] * len(EVENT_COLUMNS)
    arrays = [pa.array(column, field.type) for column, field in zip(columns, _SCHEMA, strict=True)]
    return pa.Table.from_arrays(arrays, schema=_SCHEMA)


def write_file(path: Path, table: pa.Table) -> str:
    """Whole or not at all, and on the disk before anybody relies on it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_suffix(".part")
    pq.write_table(_stored(table), unfinished, **_WRITING)
    with unfinished.open("rb") as handle:
        os.fsync(handle.fileno())
        digest = hashlib.file_digest(handle, "sha256").hexdigest()
    unfinished.replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
    return digest


def file_digest(path: Path) -> str:
    with path.open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()


def read(path: Path) -> pa.Table:
    """The events of an archive file, in the columns of `usage_events`."""
    try:
        stored = pq.read_table(path)
    except (OSError, pa.ArrowException) as error:
        raise ArchiveBroken(f"the archive {path.name} cannot be read: {error}") from None
    return _restored(stored)


def _stored(table: pa.Table) -> pa.Table:
    """Amounts as their distance from what the other columns let one expect: mostly zeros."""
    return _with_amounts(table, *_distances(table, -1))


def _restored(table: pa.Table) -> pa.Table:
    return _with_amounts(table, *_distances(table, +1))


def _distances(table: pa.Table, sign: int) -> tuple[list[int | None], list[int], list[int], list[int]]:
    """`priced`, `raw` and `charged` less (-1) or plus (+1) what is expected; `updated` less or plus `received`."""
    priced: list[int | None] = []
    raw: list[int] = []
    charged: list[int] = []
    columns = ("reported_pusd", "priced_pusd", "raw_pusd", "charged_pusd", "markup")
    factors: dict[str, tuple[int, int]] = {}
    for reported, priced_units, raw_units, charged_units, markup in zip(
        *(table.column(name).to_pylist() for name in columns), strict=True
    ):
        base = reported or 0
        priced.append(None if priced_units is None else priced_units + sign * base)
        raw.append(raw_units + sign * base)
        true_raw = raw_units if sign < 0 else raw[-1]
        if markup not in factors:
            factors[markup] = _fraction(markup)
        numerator, denominator = factors[markup]
        charged.append(charged_units + sign * divide_half_up(true_raw * numerator, denominator))
    times = zip(table.column("updated_at_ms").to_pylist(), table.column("received_at_ms").to_pylist(), strict=True)
    return priced, raw, charged, [updated + sign * received for updated, received in times]


def _fraction(markup: str) -> tuple[int, int]:
    """The markup as a fraction; a text that is none (a sale price stands there) expects nothing."""
    try:
        return Decimal(markup).as_integer_ratio()
    except (InvalidOperation, ValueError):
        return 0, 1


def _with_amounts(
    table: pa.Table, priced: list[int | None], raw: list[int], charged: list[int], updated: list[int]
) -> pa.Table:
    for name, values in (
        ("priced_pusd", priced),
        ("raw_pusd", raw),
        ("charged_pusd", charged),
        ("updated_at_ms", updated),
    ):
        table = table.set_column(EVENT_COLUMNS.index(name), name, pa.array(values, pa.int64()))
    return table


def verify_day(installation: Installation, client_org_id: str, day: date) -> dict[str, Any]:
    """Read an archive back and compare: bytes, rows and sums, and (while they are there) every event of the ledger."""
    text = day.isoformat()
    with installation.store.read() as db:
        row = archives.get(db, client_org_id, text)
        unchanged = archives.is_archived(db, client_org_id, text)
    if row is None:
        return {"skipped": "nothing archived"}
    if row["verified_at_ms"] is not None and unchanged and is_intact(installation, row):
        return {"skipped": "verified and unchanged since"}
    try:
        table = checked_file(installation, row)
        if row["events_removed_at_ms"] is None and not table.equals(_of_ledger(installation, client_org_id, text)):
            raise ArchiveBroken(f"the archive {row['file']} does not hold what the ledger has for {text}")
    except ArchiveBroken:
        with installation.store.write() as db:
            archives.mark_verified(db, client_org_id, text, None)
        raise
    with installation.store.write() as db:
        archives.mark_verified(db, client_org_id, text, row["verified_at_ms"] or installation.clock.now_ms())
    return {"rows": table.num_rows}


def is_intact(installation: Installation, row: dict[str, Any]) -> bool:
    path = events_path(installation, row["file"])
    return path.is_file() and file_digest(path) == row["sha256"]


def _of_ledger(installation: Installation, client_org_id: str, day: str) -> pa.Table:
    with installation.store.read() as db:
        return table_of(archives.events_of_day(db, client_org_id, day))


def checked_file(installation: Installation, row: dict[str, Any]) -> pa.Table:
    """The events of an archive whose bytes, number of rows and sums are what was written down."""
    path = events_path(installation, row["file"])
    if not path.is_file():
        raise ArchiveBroken(f"the archive {row['file']} is missing")
    if file_digest(path) != row["sha256"]:
        raise ArchiveBroken(f"the archive {row['file']} was changed after it was written")
    table = read(path)
    sums = {name: str(sum(table.column(name).to_pylist())) for name in ("raw_pusd", "charged_pusd")}
    if (table.num_rows, sums["raw_pusd"], sums["charged_pusd"]) != (row["rows"], row["sum_raw"], row["sum_charged"]):
        raise ArchiveBroken(f"the archive {row['file']} does not add up to what was written down")
    return table


def bring_back(installation: Installation, db: Db, client_org_id: str, day: str) -> int:
    """Events of a day that cleanup removed, in the ledger again, so that a late one is deduped, rated and archived
    like any other. In the caller's write transaction; 0 when they never left."""
    row = archives.get(db, client_org_id, day)
    if row is None or row["events_removed_at_ms"] is None:
        return 0
    table = checked_file(installation, row)
    events = list(zip(*(table.column(name).to_pylist() for name in EVENT_COLUMNS), strict=True))
    back = archives.put_back_events(db, client_org_id, day, events)
    for values in events:
        event = dict(zip(EVENT_COLUMNS, values, strict=True))
        tokens, cost = event["input_tokens"] + event["output_tokens"], shortest_text(event["raw_pusd"])
        ledger.remember(db, event["generation_id"], client_org_id, day, event["received_at_ms"], cost, tokens)
    return back


def _total(rows: Sequence[Sequence[Any]], column: str) -> int:
    place = EVENT_COLUMNS.index(column)
    return sum(int(row[place]) for row in rows)
