"""Backups of the ledger: made online, compressed, verified by opening the restored copy, rotated.

A backup counts only once it was unpacked again and the invariants were run on what came out.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa

from mai_core import checks
from mai_core.clock import Clock
from mai_core.days import DAY_MS, from_ms
from mai_core.errors import Conflict, MaiError, NotFound
from mai_core.installation import Installation
from mai_core.store import Store, backups
from mai_core.whole_file import digest_of, flush, settle

DAILY, WEEKLY, MONTHLY = 7, 5, 12
_CHUNK = 1 << 20


class BackupBroken(MaiError):
    """A backup that cannot be restored, or does not hold together once restored."""


def backup_now(installation: Installation) -> dict[str, Any]:
    """Make a backup, verify it, and only then rotate the older ones away."""
    made_at_ms = installation.now_ms()
    folder = installation.settings.backup_dir
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)  # addresses and password hashes are in it
    path = folder / f"ledger-{from_ms(made_at_ms):%Y%m%dT%H%M%S}Z.db.zst"
    with _scratch(folder) as scratch:
        copy = scratch / "copy.db"
        backups.copy_ledger(installation.store, copy)
        events, through_ms = backups.extent(copy)
        digest = _compress(copy, path)
    with installation.store.write() as db:
        backups.add(db, path.name, made_at_ms, path.stat().st_size, digest, events, through_ms)
    problems = verify(installation, path.name)
    if problems:
        raise BackupBroken(f"the backup {path.name} does not hold: {problems[0]}")
    removed = rotate(installation, just_made=path.name)
    return {"file": path.name, "bytes": path.stat().st_size, "events": events, "rotated_away": removed}


def is_recent(installation: Installation) -> bool:
    with installation.store.read() as db:
        newest = backups.latest_verified(db)
    return newest is not None and installation.now_ms() - newest["made_at_ms"] < DAY_MS


def verify(installation: Installation, file: str) -> list[str]:
    """Restore a backup into a scratch folder and run the invariants on it; what is wrong, in words."""
    with installation.store.read() as db:
        row = next((row for row in backups.present(db) if row["file"] == file), None)
    path = installation.settings.backup_dir / Path(file).name
    if not path.is_file():
        problems = [f"{file} is missing"]
    elif row is not None and digest_of(path) != row["sha256"]:
        problems = [f"{file} was changed after it was made"]
    else:
        with restored(path) as copy:
            problems = problems_of(copy)
    if row is not None:
        with installation.store.write() as db:
            backups.mark_verified(db, file, None if problems else installation.now_ms())
    return problems


@contextmanager
def restored(path: Path) -> Iterator[Path]:
    """A backup unpacked into a scratch folder, for as long as the block lasts."""
    with _scratch(path.parent) as scratch:
        copy = scratch / "restored.db"
        _unpack(path, copy)
        yield copy


def problems_of(path: Path) -> list[str]:
    """What is wrong with a ledger file: first what SQLite says, then what our own invariants say."""
    problems = backups.integrity_problems(path)
    if problems:
        return problems
    with Store(path, Clock()) as store:
        return [str(finding) for finding in checks.run(store)]


def restore(installation_ledger: Path, backup: Path, *, force: bool, now_ms: int) -> Path | None:
    """Put a backup in the ledger's place. Returns where the old file was put aside, if there was one.

    The caller has stopped api and jobs: a process that has the old file open would go on writing to it.
    """
    if not backup.is_file():
        raise NotFound(f"no backup {backup}")
    if installation_ledger.exists() and not force:
        raise Conflict(
            f"{installation_ledger} exists; stop api and jobs, then say --force (the old file is kept aside)"
        )
    with restored(backup) as copy:
        problems = problems_of(copy)
        if problems:
            raise BackupBroken(f"{backup.name} is not restored, because it does not hold: {problems[0]}")
        installation_ledger.parent.mkdir(parents=True, exist_ok=True)
        fresh = installation_ledger.with_suffix(".restoring")
        fresh.unlink(missing_ok=True)
        fresh.touch(mode=0o600)
        shutil.copyfile(copy, fresh)
        flush(fresh)
        aside = _put_aside(installation_ledger, now_ms)
        settle(fresh, installation_ledger)
    return aside


def _put_aside(ledger: Path, now_ms: int) -> Path | None:
    """The write-ahead log goes with its file; left behind, it would be applied to the restored one."""
    if not ledger.exists():
        return None
    aside = ledger.with_name(f"{ledger.name}.before-restore-{from_ms(now_ms):%Y%m%dT%H%M%S}Z")
    for suffix in ("-wal", "-shm", ""):
        standing = Path(f"{ledger}{suffix}")
        if standing.exists():
            standing.replace(f"{aside}{suffix}")
    return aside


def rotate(installation: Installation, just_made: str | None = None) -> list[str]:
    """Keep the newest verified backup of 7 days, 5 weeks and 12 months; an unverified one is never what is kept."""
    with installation.store.read() as db:
        rows = backups.present(db)
    verified = [(row["file"], from_ms(row["made_at_ms"])) for row in rows if row["verified_at_ms"] is not None]
    kept = kept_files(verified) | {just_made}
    removed = [row["file"] for row in rows if row["verified_at_ms"] is not None and row["file"] not in kept]
    newest_verified_ms = max((row["made_at_ms"] for row in rows if row["verified_at_ms"] is not None), default=None)
    removed += [
        row["file"]
        for row in rows
        if row["verified_at_ms"] is None and newest_verified_ms is not None and row["made_at_ms"] < newest_verified_ms
    ]
    for file in removed:
        (installation.settings.backup_dir / file).unlink(missing_ok=True)
        with installation.store.write() as db:
            backups.mark_removed(db, file, installation.now_ms())
    return removed


def kept_files(made: Iterable[tuple[str, datetime]]) -> set[str]:
    """The newest file of each of the last 7 days, 5 ISO weeks and 12 months that have one. Pure."""
    newest_first = sorted(made, key=lambda pair: pair[1], reverse=True)
    kept: set[str] = set()
    for period_of, many in ((_day, DAILY), (_week, WEEKLY), (_month, MONTHLY)):
        kept |= set(_newest_per_period(newest_first, period_of)[:many])
    return kept


def _newest_per_period(newest_first: list[tuple[str, datetime]], period_of: Callable[[datetime], object]) -> list[str]:
    newest: dict[object, str] = {}
    for file, at in newest_first:
        newest.setdefault(period_of(at), file)
    return list(newest.values())


def _day(at: datetime) -> date:
    return at.date()


def _week(at: datetime) -> tuple[int, int]:
    return at.isocalendar()[:2]


def _month(at: datetime) -> tuple[int, int]:
    return at.year, at.month


@contextmanager
def _scratch(folder: Path) -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix=".scratch-", dir=folder) as name:
        yield Path(name)


def _compress(source: Path, target: Path) -> str:
    unfinished = target.with_suffix(".part")
    with source.open("rb") as raw, pa.CompressedOutputStream(str(unfinished), "zstd") as packed:
        while chunk := raw.read(_CHUNK):
            packed.write(chunk)
    settle(unfinished, target)
    return digest_of(target)


def _unpack(path: Path, target: Path) -> None:
    try:
        with pa.CompressedInputStream(str(path), "zstd") as packed, target.open("wb") as raw:
            while chunk := packed.read(_CHUNK):
                raw.write(chunk)
    except (OSError, pa.ArrowException) as error:
        raise BackupBroken(f"{path.name} cannot be unpacked: {error}") from None
