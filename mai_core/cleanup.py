"""What is kept how long, in one place, and the step that removes the rest.

Events leave the ledger only when three things hold at once: the day is older than the limit, its archive was read
back and holds exactly the events in the ledger, and a verified backup has them too.
"""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from mai_core import archive, backup
from mai_core.archive_file import table_of
from mai_core.days import DAY_MS, usage_day
from mai_core.errors import MaiError
from mai_core.installation import Installation
from mai_core.store import Db, archives, backups, outbox, processed, retention
from mai_core.whole_file import digest_of

EVENT_DAYS = processed.DAYS_OF_MEMORY


@dataclass(frozen=True, slots=True)
class Kept:
    """How long rows of a table are kept; `days` None means for ever."""

    table: str
    days: int | None
    age: str
    """The column in milliseconds that tells the age, and any further condition."""
    why: str


RETENTION: tuple[Kept, ...] = (
    Kept("usage_events", EVENT_DAYS, "usage_date", "then in the archive, once archive and backup were verified"),
    Kept("processed_generations", EVENT_DAYS, "generation_date", "the dedupe memory; live ways refuse what is older"),
    Kept("quarantine", 14, "received_at_ms AND body IS NULL", "bodies that could not be read may hold texts"),
    Kept("quarantine", 400, "resolved_at_ms AND state <> 'waiting'", "settled"),
    Kept("turn_witnesses", EVENT_DAYS, "received_at_ms", "compared long ago"),
    Kept("conflicts", 400, "updated_at_ms AND state <> 'open'", "settled"),
    Kept("sessions", 30, "expires_at_ms", "over"),
    Kept("account_links", 30, "expires_at_ms", "over"),
    Kept("login_failures", 30, "at_ms", "only the last minutes count; the next attempt forgets the rest too"),
    Kept("batch_runs", 400, "started_at_ms", "a year of history, and a month to look at it"),
    Kept("alerts", 400, "closed_at_ms", "closed"),
    Kept("price_fetches", 400, "fetched_at_ms", "the prices themselves stay"),
    Kept("residuals", 400, "resolved_at_ms", "settled"),
    Kept("usage_daily", None, "", "the books"),
    Kept("imported_days", None, "", "the books of the older system"),
    Kept("archives", None, "", "where removed events are"),
    Kept("model_prices", None, "", "re-rating needs every price"),
    Kept("exchange_rates", None, "", "re-rating needs every rate"),
    Kept("day_corrections", None, "", "why a number moved"),
    Kept("corrections", None, "", "stand on invoices"),
    Kept("audit_log", None, "", "who did what"),
)


def clean_up(installation: Installation) -> dict[str, Any]:
    """The cleanup step: events first, then the memory of them, then what has simply grown old."""
    now_ms = installation.now_ms()
    today = usage_day(now_ms, installation.settings.daily_batch_timezone)
    removed, refused = remove_archived_events(installation, today - timedelta(days=EVENT_DAYS))
    started = time.monotonic()
    with installation.store.write() as db:
        forgotten = processed.forget(db, today, EVENT_DAYS)
        processed.log_cleanup(db, now_ms, today, EVENT_DAYS, forgotten, time.monotonic() - started)
        outbox.forget_deleted(db)
        aged = _remove_aged(db, now_ms)
    if refused:
        raise MaiError(f"{len(refused)} days keep their events: {refused[0]}")
    return {"events": removed, "memories": forgotten.deleted, **aged}


def _remove_aged(db: Db, now_ms: int) -> Counter[str]:
    """What has simply grown old, by table; a table may give rows up for several reasons."""
    removed: Counter[str] = Counter()
    for kept in RETENTION:
        if kept.days is not None and kept.age.partition(" ")[0].endswith("_ms"):
            removed[kept.table] += retention.remove_older(db, kept.table, kept.age, now_ms - kept.days * DAY_MS)
    return +removed


def remove_archived_events(installation: Installation, before: date) -> tuple[int, list[str]]:
    """(events removed, why other days kept theirs). One transaction per client and day."""
    with installation.store.read() as db:
        candidates = archives.removable(db, before.isoformat())
        newest = backups.latest_verified(db)
    if not candidates:
        return 0, []
    if newest is None:
        return 0, ["no backup was verified"]
    path = installation.settings.backup_dir / newest["file"]
    problem = "" if path.is_file() and digest_of(path) == newest["sha256"] else "is missing or was changed"
    if problem:
        with installation.store.write() as db:
            backups.mark_verified(db, newest["file"], None)
        return 0, [f"the backup {newest['file']} {problem}"]
    removed, refused = 0, []
    with backup.restored(path) as copy:
        for row in candidates:
            try:
                removed += _remove_day(installation, row, copy, newest["file"])
            except MaiError as error:
                refused.append(f"{row['client_org_id']} {row['usage_date']}: {error}")
    return removed, refused


def _remove_day(installation: Installation, row: dict[str, Any], copy: Path, file: str) -> int:
    client, day = row["client_org_id"], row["usage_date"]
    if row["verified_at_ms"] is None:
        raise MaiError("its archive was not verified")
    table = archive.checked_file(installation, row)
    missing = backups.missing_from_copy(installation.store, copy, client, day)
    if missing:
        raise MaiError(f"{missing} of its events are not in the backup {file}")
    with installation.store.write() as db:
        if not table.equals(table_of(archives.events_of_day(db, client, day))):
            raise MaiError("its archive does not hold what the ledger has")
        return archives.remove_events(db, client, day, installation.now_ms())
