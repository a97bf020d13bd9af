"""Keeping the lake: the manifest for hub and tools, deletion of replaced files, verification, rebuilding."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mai_core.days import utc_day
from mai_core.reports.bucket import Bucket
from mai_core.reports.engine import Connection, DuckDBError, literal, open_reader
from mai_core.reports.lake import Lake
from mai_core.reports.sealing import compact, rebuild_file
from mai_core.reports.writing import FILES_OF_A_PERIOD, make_half
from mai_core.store import clients, sealing
from mai_core.whole_file import digest_of, settle

if TYPE_CHECKING:
    from mai_core.installation import Installation

KEPT_MS = 15 * 60 * 1000
"""A reader may still hold the list that names a replaced file."""

Progress = Callable[[int, int], None]
"""(files done, files in all)"""


@dataclass(frozen=True, slots=True)
class Damage:
    client_org_id: str
    period: str
    file: str
    reason: str


def publish(installation: Installation) -> int:
    """Once per batch: manifests as of now; returns the number of replaced files that were deleted."""
    write_manifests(installation)
    return delete_replaced(installation)


def tidy(installation: Installation) -> dict[str, int]:
    """`publish`, after the months of years that closed a month ago became one file each."""
    now = utc_day(installation.now_ms())
    with installation.store.read() as db:
        months = {(row["client_org_id"], int(row["period"][:4])) for row in sealing.files(db) if len(row["period"]) > 4}
    closed = sorted((client, year) for client, year in months if date(year + 1, 2, 1) <= now)
    for client, year in closed:
        compact(installation, client, year)
    return {"compacted": len(closed), "deleted": publish(installation)}


def write_manifests(installation: Installation) -> None:
    lake = Lake.of(installation.settings)
    for half, sums in (("internal", ("sum_raw", "sum_charged")), ("shared", ("sum_charged",))):
        file = _replace(
            lake, half, json.dumps(manifest(installation, half, sums), separators=(",", ":"), ensure_ascii=False)
        )
        if bucket := Bucket.of(installation.settings):
            bucket.upload(file, f"{half}/manifest.json")


def manifest(installation: Installation, half: str, sums: tuple[str, ...]) -> dict[str, Any]:
    told: dict[str, Any] = {}
    with installation.store.read() as db:
        for client in clients.list_all(db):
            days: dict[str, list[list[Any]]] = {}
            for row in sealing.days(db, client.id):
                days.setdefault(row["file"], []).append([row["usage_date"], row["rows"], *(row[name] for name in sums)])
            files = [
                {
                    "file": row["file"],
                    "period": row["period"],
                    "version": row["version"],
                    "sha256": {
                        name.partition("/")[2]: value
                        for name, value in json.loads(row["sha256"]).items()
                        if name.startswith(f"{half}/")
                    },
                    "whole": len(days[row["file"]]) == row["days"],
                    "days": days[row["file"]],
                }
                for row in sealing.files(db, client.id)
                if row["file"] in days
            ]
            if files:
                told[client.id] = {"name": client.name, "files": files}
    return {"written_at_ms": installation.now_ms(), "day_columns": ["day", "rows", *sums], "clients": told}


def _replace(lake: Lake, half: str, text: str) -> Path:
    folder = make_half(lake, half)
    part, file = folder / f".manifest.{os.getpid()}.part", folder / "manifest.json"
    part.write_text(text, encoding="utf-8")
    settle(part, file)
    return file


def delete_replaced(installation: Installation) -> int:
    with installation.store.read() as db:
        old = sealing.replaced_before(db, installation.now_ms() - KEPT_MS)
    lake, bucket = Lake.of(installation.settings), Bucket.of(installation.settings)
    for row in old:
        for half, kind in FILES_OF_A_PERIOD:
            with suppress(FileNotFoundError):
                (lake.folder / half / kind / row["file"]).unlink()
            if bucket is not None:
                bucket.delete(f"{half}/{kind}/{row['file']}")
        with installation.store.write() as db:
            sealing.forget_file(db, row["client_org_id"], row["file"])
    return len(old)


def verify(
    installation: Installation, client_org_id: str | None = None, progress: Progress | None = None
) -> list[Damage]:
    """Every file's bytes, and its days' rows and sums, against what was written down and against the ledger."""
    with installation.store.read() as db:
        files = sealing.files(db, client_org_id)
    found = []
    with open_reader() as reader:
        for done, row in enumerate(files, start=1):
            if reason := next(_faults(installation, reader, row), None):
                found.append(Damage(row["client_org_id"], row["period"], row["file"], reason))
            if progress is not None:
                progress(done, len(files))
    return found


def rebuild(
    installation: Installation,
    client_org_id: str | None = None,
    *,
    damaged_only: bool = False,
    progress: Progress | None = None,
) -> list[str]:
    """Write files anew from the ledger; readers are never without figures meanwhile. Returns the new files."""
    if damaged_only:
        wanted = {(damage.client_org_id, damage.period) for damage in verify(installation, client_org_id)}
    else:
        with installation.store.read() as db:
            wanted = {(row["client_org_id"], row["period"]) for row in sealing.files(db, client_org_id)}
    written: list[str] = []
    for done, (client, period) in enumerate(sorted(wanted), start=1):
        written += rebuild_file(installation, client, period).files
        if progress is not None:
            progress(done, len(wanted))
    publish(installation)
    return written


def _faults(installation: Installation, reader: Connection, row: dict[str, Any]) -> Iterator[str]:
    lake, bucket = Lake.of(installation.settings), Bucket.of(installation.settings)
    for name, digest in json.loads(row["sha256"]).items():
        path = lake.folder / name / row["file"]
        if not path.is_file():
            yield f"{name} is missing"
        elif digest_of(path) != digest:
            yield f"{name} was changed after it was written"
        if bucket is not None and bucket.digest(f"{name}/{row['file']}") != digest:
            yield f"{name} in {bucket.url} is missing or was changed"
    with installation.store.read() as db:
        listed = [day for day in sealing.days(db, row["client_org_id"]) if day["file"] == row["file"]]
        in_ledger = sealing.sums_of_days(db, row["client_org_id"], [day["usage_date"] for day in listed])
    try:
        path_text = literal(lake.internal.locate("days", row["file"]))
        found = {
            str(day): (int(rows), str(raw), str(charged))
            for day, rows, raw, charged in reader.execute(
                f"SELECT day, count(*), sum(raw_pusd), sum(charged_pusd) FROM read_parquet({path_text}) GROUP BY day"
            ).fetchall()
        }
    except DuckDBError as error:
        yield f"internal/days cannot be read: {str(error).splitlines()[0]}"
        return
    for day in listed:
        name = day["usage_date"]
        told = (day["rows"], day["sum_raw"], day["sum_charged"])
        if found.get(name, (0, "0", "0")) != told:
            yield f"{name} does not add up to what was written down"
        elif in_ledger.get(name, (0, "0", "0")) != told:
            yield f"{name} is not what the ledger has"
