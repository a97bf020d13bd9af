"""A backup counts once it was restored and held; rotation keeps 7 days, 5 weeks and 12 months."""

from __future__ import annotations

import errno
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from mai_core import backup
from mai_core.backup import BackupBroken, backup_now, kept_files, restore, rotate, verify
from mai_core.errors import Conflict, NotFound
from mai_core.installation import Installation
from mai_core.store import Store, backups, rows
from tests.batch.conftest import deliver, opened_at
from tests.builders import make_arrival, make_client


def metered(installation: Installation, many: int = 3) -> None:
    make_client(installation.store)
    deliver(installation, [make_arrival(f"gen-{n}") for n in range(many)])


def test_a_backup_is_verified_and_listed(installation: Installation) -> None:
    metered(installation)
    made = backup_now(installation)
    with installation.store.read() as db:
        row = backups.latest_verified(db)
    assert row is not None
    assert (row["file"], row["events"]) == (made["file"], 3)
    assert verify(installation, made["file"]) == []
    assert installation.settings.backup_dir.stat().st_mode & 0o077 == 0, "password hashes are in it"


def test_the_restore_drill(tmp_path: Path) -> None:
    """deploy/CLOCK.md, "Restore drill": back up, lose the ledger, restore, count again."""
    installation = opened_at(tmp_path)
    metered(installation)
    made = backup_now(installation)
    ledger = installation.settings.usage_summary_db
    deliver(installation, [make_arrival("gen-after-the-backup")])
    installation.close()
    ledger.write_bytes(b"overwritten by accident")
    ledger.chmod(0o644)
    aside = restore(ledger, ledger.parent / "backups" / made["file"], force=True, now_ms=0)
    assert aside is not None
    assert aside.read_bytes() == b"overwritten by accident"
    assert ledger.stat().st_mode & 0o077 == 0
    again = opened_at(tmp_path)
    with again.store.read() as db:
        assert rows(db, "SELECT count(*) FROM usage_events") == [(3,)]
        assert rows(db, "SELECT sum(requests) FROM usage_daily") == [(3,)]
    again.close()


def test_restore_refuses_to_overwrite(installation: Installation) -> None:
    metered(installation)
    made = backup_now(installation)
    ledger = installation.settings.usage_summary_db
    with pytest.raises(Conflict, match="--force"):
        restore(ledger, installation.settings.backup_dir / made["file"], force=False, now_ms=0)


def test_a_restore_for_which_there_is_no_room_leaves_the_ledger_in_its_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    installation = opened_at(tmp_path)
    metered(installation)
    made = backup_now(installation)
    installation.close()
    ledger = installation.settings.usage_summary_db
    before = ledger.read_bytes()

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(backup.shutil, "copyfile", full)
    with pytest.raises(OSError, match="No space left"):
        restore(ledger, installation.settings.backup_dir / made["file"], force=True, now_ms=0)
    assert ledger.read_bytes() == before


def test_restore_of_nothing_says_so(installation: Installation) -> None:
    with pytest.raises(NotFound, match="no backup"):
        restore(installation.settings.usage_summary_db, Path("nowhere.db.zst"), force=True, now_ms=0)


def test_the_write_ahead_log_goes_aside_with_its_ledger(tmp_path: Path) -> None:
    installation = opened_at(tmp_path)
    metered(installation)
    made = backup_now(installation)
    installation.close()
    ledger = installation.settings.usage_summary_db
    Path(f"{ledger}-wal").write_bytes(b"not of the restored file")
    aside = restore(ledger, installation.settings.backup_dir / made["file"], force=True, now_ms=0)
    assert not Path(f"{ledger}-wal").exists()
    assert Path(f"{aside}-wal").read_bytes() == b"not of the restored file"


def harmed(installation: Installation, file: str) -> Path:
    path = installation.settings.backup_dir / file
    body = bytearray(path.read_bytes())
    body[len(body) // 2] ^= 0xFF
    path.write_bytes(bytes(body))
    return path


def test_a_harmed_backup_is_found(installation: Installation) -> None:
    metered(installation)
    made = backup_now(installation)
    harmed(installation, made["file"])
    assert verify(installation, made["file"]) == [f"{made['file']} was changed after it was made"]
    with installation.store.read() as db:
        assert backups.latest_verified(db) is None


def test_a_harmed_backup_is_not_restored(tmp_path: Path) -> None:
    installation = opened_at(tmp_path)
    metered(installation)
    made = backup_now(installation)
    path = harmed(installation, made["file"])
    installation.close()
    ledger = installation.settings.usage_summary_db
    before = ledger.read_bytes()
    with pytest.raises(BackupBroken):
        restore(ledger, path, force=True, now_ms=0)
    assert ledger.read_bytes() == before


def test_a_missing_backup_is_found(installation: Installation) -> None:
    metered(installation)
    made = backup_now(installation)
    (installation.settings.backup_dir / made["file"]).unlink()
    assert verify(installation, made["file"]) == [f"{made['file']} is missing"]


def test_a_ledger_that_breaks_its_invariants_makes_no_verified_backup(installation: Installation) -> None:
    metered(installation)
    with installation.store.write() as db:
        db.execute("UPDATE usage_daily SET charged_pusd = charged_pusd + 1")
    with pytest.raises(BackupBroken, match="does not hold"):
        backup_now(installation)
    with installation.store.read() as db:
        assert backups.latest_verified(db) is None


def test_writes_during_a_backup_do_not_tear_it(installation: Installation, monkeypatch: pytest.MonkeyPatch) -> None:
    metered(installation, 50)
    monkeypatch.setattr(backups, "PAGES_PER_STEP", 1)
    copied = backups.copy_ledger

    def copy_while_writing(store: Store, target: Path) -> None:
        deliver(installation, [make_arrival("gen-before")])
        copied(store, target)
        deliver(installation, [make_arrival("gen-after")])

    monkeypatch.setattr(backups, "copy_ledger", copy_while_writing)
    made = backup_now(installation)
    assert made["events"] == 51


def test_rotation_keeps_days_weeks_and_months() -> None:
    newest = datetime(2026, 11, 20, 13, tzinfo=UTC)
    made = [(f"{n}", newest - timedelta(days=n)) for n in range(500)]
    kept = sorted(int(file) for file in kept_files(made))
    assert kept[:7] == [0, 1, 2, 3, 4, 5, 6]
    weeks = {(newest - timedelta(days=n)).isocalendar()[:2] for n in kept}
    months = {(newest - timedelta(days=n)).strftime("%Y-%m") for n in kept}
    assert len(months) == 12
    assert {(newest - timedelta(weeks=n)).isocalendar()[:2] for n in range(5)} <= weeks
    assert len(kept) <= 7 + 5 + 12


def test_of_several_on_one_day_the_newest_is_kept() -> None:
    day = datetime(2026, 11, 20, tzinfo=UTC)
    assert kept_files([("morning", day), ("noon", day + timedelta(hours=12))]) == {"noon"}


def test_an_unverified_backup_never_pushes_a_verified_one_out(installation: Installation) -> None:
    folder = installation.settings.backup_dir
    folder.mkdir(parents=True)
    day_ms = 86_400_000
    with installation.store.write() as db:
        for n in range(10):
            (folder / f"b{n}").write_bytes(b"x")
            backups.add(db, f"b{n}", (n + 1) * day_ms, 1, "x", 0, 0)
            if n < 9:
                backups.mark_verified(db, f"b{n}", 1)
    removed = rotate(installation)
    assert "b9" not in removed
    assert "b8" not in removed
    assert not any((folder / file).exists() for file in removed)


def test_a_backup_made_a_moment_ago_is_recent(installation: Installation) -> None:
    metered(installation)
    assert not backup.is_recent(installation)
    backup_now(installation)
    assert backup.is_recent(installation)
