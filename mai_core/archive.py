"""Raw events of a closed day in Parquet (`archive_file.py`), verified, and back again.

One immutable file per client and day, `<lake>/internal/events/<client>/<day>.v<version>.parquet`; table `archives`
says which one counts. While `events_removed_at_ms` is empty the ledger has the events too.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow as pa

from mai_core.archive_file import COLUMNS, ArchiveBroken, read_file, table_of, write_file
from mai_core.errors import MaiError
from mai_core.installation import Installation
from mai_core.money import shortest_text
from mai_core.reading_ahead import DayRead, scratch_folder
from mai_core.reports.lake import Lake, client_folder
from mai_core.store import Db, archives, ledger
from mai_core.whole_file import digest_of, settle


class Written(NamedTuple):
    """A whole archive file that is not in its place yet."""

    file: Path
    sha256: str
    rows: int
    sum_raw: str
    sum_charged: str


def archive_day(
    installation: Installation, client_org_id: str, day: date, ahead: DayRead | None = None
) -> dict[str, Any]:
    """Write the events of a validated day; leaves a file alone that holds them already."""
    text = day.isoformat()
    with installation.store.read() as db:
        standing = archives.get(db, client_org_id, text)
        if archives.is_archived(db, client_org_id, text):
            return {"skipped": "archived and unchanged since"}
        if not archives.still_closing(db, client_org_id, text):
            raise MaiError(f"{text} changed after it was validated; the next run does it again")
        rows = [] if ahead else archives.events_of_day(db, client_org_id, text)
    if not rows and ahead is None:
        return {"skipped": "no events in the ledger"}
    written = _read_ahead(ahead) if ahead else _write(installation, client_org_id, text, rows)
    version = _version(standing, written.sha256)
    file = f"{client_folder(client_org_id)}/{text}.v{version}.parquet"
    path = events_path(installation, file)
    settle(written.file, path)
    with installation.store.write() as db:
        if not archives.still_closing(db, client_org_id, text):
            raise MaiError(f"{text} changed while it was being archived; the next run does it again")
        if not (standing and standing["sha256"] == written.sha256):
            archives.put(
                db,
                {
                    "client_org_id": client_org_id,
                    "usage_date": text,
                    "file": file,
                    "rows": written.rows,
                    "sum_raw": written.sum_raw,
                    "sum_charged": written.sum_charged,
                    "sha256": written.sha256,
                    "version": version,
                    "written_at_ms": installation.now_ms(),
                },
            )
        archives.mark_archived(db, client_org_id, text)
    return {"rows": written.rows, "bytes": path.stat().st_size, "version": version}


def _write(installation: Installation, client_org_id: str, day: str, rows: Sequence[Sequence[Any]]) -> Written:
    table = table_of(rows)
    part = scratch_folder(installation) / f"{client_folder(client_org_id)}.{day}.parquet"
    digest = write_file(part, table)
    return Written(part, digest, table.num_rows, _total(table, "raw_pusd"), _total(table, "charged_pusd"))


def _read_ahead(ahead: DayRead) -> Written:
    return Written(ahead.file, ahead.sha256, ahead.rows, ahead.sum_raw, ahead.sum_charged)


def _version(standing: dict[str, Any] | None, sha256: str) -> int:
    """The same number for the same bytes, so that a run which was killed and done again ends in the same files."""
    if standing is None:
        return 1
    version = int(standing["version"])
    return version if standing["sha256"] == sha256 else version + 1


def events_path(installation: Installation, file: str) -> Path:
    return Path(Lake.of(installation.settings).internal.locate("events", file))


def verify_day(
    installation: Installation, client_org_id: str, day: date, compared: str | None = None
) -> dict[str, Any]:
    """Read an archive back and compare: bytes, rows and sums, and (while they are there) every event of the ledger.
    `compared` is the SHA-256 of a file that was just found to hold every event, which counts if nothing changed since.
    """
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
        is_compared = compared == row["sha256"] and _is_archived(installation, client_org_id, text)
        is_held = is_compared or row["events_removed_at_ms"] is not None
        if not is_held and not table.equals(_of_ledger(installation, client_org_id, text)):
            raise ArchiveBroken(f"the archive {row['file']} does not hold what the ledger has for {text}")
    except ArchiveBroken:
        with installation.store.write() as db:
            archives.mark_verified(db, client_org_id, text, None)
        raise
    with installation.store.write() as db:
        archives.mark_verified(db, client_org_id, text, row["verified_at_ms"] or installation.now_ms())
    return {"rows": table.num_rows}


def is_intact(installation: Installation, row: dict[str, Any]) -> bool:
    path = events_path(installation, row["file"])
    return path.is_file() and digest_of(path) == row["sha256"]


def unverified(installation: Installation, client_ids: Iterable[str], day: date) -> dict[str, Path]:
    """The archive files of a day whose events are still to be compared, by client."""
    with installation.store.read() as db:
        found = {client: archives.get(db, client, day.isoformat()) for client in client_ids}
    return {
        client: events_path(installation, row["file"])
        for client, row in found.items()
        if row is not None and row["verified_at_ms"] is None and row["events_removed_at_ms"] is None
    }


def _is_archived(installation: Installation, client_org_id: str, day: str) -> bool:
    with installation.store.read() as db:
        return archives.is_archived(db, client_org_id, day)


def _of_ledger(installation: Installation, client_org_id: str, day: str) -> pa.Table:
    with installation.store.read() as db:
        return table_of(archives.events_of_day(db, client_org_id, day))


def checked_file(installation: Installation, row: dict[str, Any]) -> pa.Table:
    """The events of an archive whose bytes, number of rows and sums are what was written down."""
    path = events_path(installation, row["file"])
    if not path.is_file():
        raise ArchiveBroken(f"the archive {row['file']} is missing")
    if digest_of(path) != row["sha256"]:
        raise ArchiveBroken(f"the archive {row['file']} was changed after it was written")
    table = read_file(path)
    found = (table.num_rows, _total(table, "raw_pusd"), _total(table, "charged_pusd"))
    if found != (row["rows"], row["sum_raw"], row["sum_charged"]):
        raise ArchiveBroken(f"the archive {row['file']} does not add up to what was written down")
    return table


def bring_back(installation: Installation, db: Db, client_org_id: str, day: str) -> int:
    """Events of a day that cleanup removed, in the ledger again, so that a late one is deduped, rated and archived
    like any other. In the caller's write transaction; 0 when they never left."""
    row = archives.get(db, client_org_id, day)
    if row is None or row["events_removed_at_ms"] is None:
        return 0
    table = checked_file(installation, row)
    events = list(zip(*(table.column(name).to_pylist() for name in COLUMNS), strict=True))
    back = archives.put_back_events(db, client_org_id, day, events)
    for values in events:
        event = dict(zip(COLUMNS, values, strict=True))
        tokens, cost = event["input_tokens"] + event["output_tokens"], shortest_text(event["raw_pusd"])
        ledger.remember(db, event["generation_id"], client_org_id, day, event["received_at_ms"], cost, tokens)
    return back


def _total(table: pa.Table, column: str) -> str:
    """Exact, and as text: the sum of a day may pass what 64 bits hold; sums of halves do not."""
    amounts = table.column(column).to_numpy()
    return str((int((amounts >> 32).sum()) << 32) + int((amounts & 0xFFFFFFFF).sum()))
