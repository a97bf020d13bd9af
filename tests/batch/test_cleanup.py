"""Nothing leaves the ledger that is not verified in the archive and in a backup."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from mai_core import cleanup
from mai_core.archive import archive_day, events_path, verify_day
from mai_core.backup import backup_now
from mai_core.cleanup import RETENTION, clean_up
from mai_core.errors import MaiError
from mai_core.installation import Installation
from mai_core.rebuilding import rebuild_day
from mai_core.store import archives, backups, dicts, ledger, quarantine, rows
from tests.batch.conftest import deliver
from tests.builders import CLIENT, NOON, make_arrival, make_client

OLD = date(2026, 7, 6)
"""A hundred days before."""
OLD_NOON = NOON - 100 * 86_400_000


def old_day(
    installation: Installation, *, archived: bool = True, verified: bool = True, backed_up: bool = True
) -> None:
    make_client(installation.store)
    deliver(
        installation,
        [
            make_arrival("gen-old", started_at_ms=OLD_NOON, received_at_ms=OLD_NOON),
            make_arrival("gen-new"),
        ],
    )
    rebuild_day(installation, CLIENT, OLD)
    if archived:
        archive_day(installation, CLIENT, OLD)
        if verified:
            verify_day(installation, CLIENT, OLD)
    if backed_up:
        backup_now(installation)


def events(installation: Installation) -> list[str]:
    with installation.store.read() as db:
        return [one for (one,) in rows(db, "SELECT generation_id FROM usage_events ORDER BY 1")]


def old_file(installation: Installation) -> Path:
    with installation.store.read() as db:
        row = archives.get(db, CLIENT, OLD.isoformat())
    assert row is not None
    return events_path(installation, row["file"])


def harm(path: Path) -> None:
    body = bytearray(path.read_bytes())
    body[len(body) // 2] ^= 0xFF
    path.write_bytes(bytes(body))


def test_old_events_go_and_the_books_stay(installation: Installation) -> None:
    old_day(installation)
    assert clean_up(installation)["events"] == 1
    assert events(installation) == ["gen-new"]
    with installation.store.read() as db:
        assert rows(db, "SELECT sum(requests) FROM usage_daily") == [(2,)]
        assert rows(db, "SELECT id FROM processed_generations") == [("gen-new",)]
        log = dicts(db, "SELECT * FROM processed_generation_cleanup_log")[0]
    assert (log["records_before"], log["records_deleted"], log["days_retained"], log["success"]) == (2, 1, 60, 1)


def test_what_left_for_the_archive_waits_for_influx_no_longer(installation: Installation) -> None:
    old_day(installation)
    with installation.store.write() as db:
        for generation_id in ("gen-old", "gen-new"):
            ledger.queue_for_influx(db, CLIENT, generation_id, NOON)
    clean_up(installation)
    with installation.store.read() as db:
        assert rows(db, "SELECT generation_id FROM outbox") == [("gen-new",)]


def test_rows_that_a_table_gives_up_for_two_reasons_are_counted_together(installation: Installation) -> None:
    with installation.store.write() as db:
        for sha256 in ("unreadable", "settled"):
            quarantine.put(
                db, OLD_NOON, source="flat", client_org_id=None, reason_code="r", reason="r", sha256=sha256,
                body="{}" if sha256 == "settled" else None,
            )  # fmt: skip
        quarantine.resolve(db, NOON - 500 * 86_400_000, 2, "dropped", "somebody")
    assert clean_up(installation)["quarantine"] == 2


def test_cleanup_twice_is_cleanup_once(installation: Installation) -> None:
    old_day(installation)
    clean_up(installation)
    assert clean_up(installation)["events"] == 0
    assert events(installation) == ["gen-new"]


def test_after_cleanup_the_ledger_still_holds(installation: Installation) -> None:
    old_day(installation)
    clean_up(installation)
    assert backup_now(installation)["events"] == 1


def test_without_an_archive_nothing_goes(installation: Installation) -> None:
    old_day(installation, archived=False)
    clean_up(installation)
    assert events(installation) == ["gen-new", "gen-old"]
    with installation.store.read() as db:
        assert rows(db, "SELECT count(*) FROM processed_generations") == [(2,)]


def test_an_unverified_archive_keeps_its_events(installation: Installation) -> None:
    old_day(installation, verified=False)
    with pytest.raises(MaiError, match="its archive was not verified"):
        clean_up(installation)
    assert events(installation) == ["gen-new", "gen-old"]


def test_a_harmed_archive_keeps_its_events(installation: Installation) -> None:
    old_day(installation)
    harm(old_file(installation))
    with pytest.raises(MaiError, match="was changed after it was written"):
        clean_up(installation)
    assert events(installation) == ["gen-new", "gen-old"]


def test_a_missing_archive_keeps_its_events(installation: Installation) -> None:
    old_day(installation)
    old_file(installation).unlink()
    with pytest.raises(MaiError, match="is missing"):
        clean_up(installation)
    assert events(installation) == ["gen-new", "gen-old"]


def test_without_a_verified_backup_nothing_goes(installation: Installation) -> None:
    old_day(installation, backed_up=False)
    with pytest.raises(MaiError, match="no backup was verified"):
        clean_up(installation)
    assert events(installation) == ["gen-new", "gen-old"]


def test_a_harmed_backup_keeps_the_events(installation: Installation) -> None:
    old_day(installation)
    with installation.store.read() as db:
        row = backups.latest_verified(db)
    assert row is not None
    harm(installation.settings.backup_dir / row["file"])
    with pytest.raises(MaiError, match="is missing or was changed"):
        clean_up(installation)
    assert events(installation) == ["gen-new", "gen-old"]
    with installation.store.read() as db:
        assert backups.latest_verified(db) is None


def test_an_event_that_came_after_the_backup_stays(installation: Installation) -> None:
    old_day(installation)
    deliver(installation, [make_arrival("gen-old-too", started_at_ms=OLD_NOON, received_at_ms=OLD_NOON)])
    rebuild_day(installation, CLIENT, OLD)
    archive_day(installation, CLIENT, OLD)
    verify_day(installation, CLIENT, OLD)
    with pytest.raises(MaiError, match="not in the backup"):
        clean_up(installation)
    assert events(installation) == ["gen-new", "gen-old", "gen-old-too"]


def test_an_event_that_came_after_the_archive_stays(installation: Installation) -> None:
    old_day(installation)
    deliver(installation, [make_arrival("gen-old-too", started_at_ms=OLD_NOON, received_at_ms=OLD_NOON)])
    backup_now(installation)
    with pytest.raises(MaiError, match="does not hold what the ledger has"):
        clean_up(installation)
    assert len(events(installation)) == 3


def test_grown_old_and_settled_is_removed(installation: Installation) -> None:
    long_ago = installation.now_ms() - 500 * 86_400_000
    with installation.store.write() as db:
        for step, at_ms in (("rates", long_ago), ("prices", installation.now_ms())):
            db.execute(
                "INSERT INTO batch_runs (batch_date, step, state, started_at_ms, process)"
                " VALUES ('x', ?, 'ok', ?, 'p')",
                (step, at_ms),
            )
        db.execute("INSERT INTO login_failures VALUES ('anna', ?)", (long_ago,))
    detail = clean_up(installation)
    assert (detail["batch_runs"], detail["login_failures"]) == (1, 1)
    with installation.store.read() as db:
        assert rows(db, "SELECT step FROM batch_runs") == [("prices",)]


def test_every_table_of_the_retention_list_exists(installation: Installation) -> None:
    with installation.store.read() as db:
        tables = {name for (name,) in rows(db, "SELECT name FROM sqlite_master WHERE type = 'table'")}
    assert {kept.table for kept in RETENTION} <= tables


def test_every_way_in_refuses_before_the_memory_forgets() -> None:
    from mai_core.intake.desk import LIVE_MEMORY_MS

    assert cleanup.EVENT_DAYS * 86_400_000 > LIVE_MEMORY_MS
