"""The real command, killed with -9 while it writes, then run again."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import apsw
import pytest

from mai_core.clock import Clock
from mai_core.store import Store, dicts
from tests.legacy_import.conftest import ACME, OldDatabase

pytestmark = pytest.mark.prove

KILLS = int(os.environ.get("MAI_KILLS", "12"))


def _large(old: OldDatabase) -> None:
    db = apsw.Connection(str(old.path))
    db.execute("BEGIN")
    db.executemany(
        "INSERT INTO processed_generations VALUES (?, ?, '2026-09-03', 0, 0.1, 10)",
        ((f"gen-{number}", ACME) for number in range(60_000)),
    )
    db.executemany(
        "INSERT INTO client_user_daily_usage"
        " VALUES (?, ?, ?, ?, date('2025-01-01', ? || ' days'), 7, 1, 0.1, 0.13, 0, 0)",
        ((f"{ACME}:u{user}:{day}", ACME, f"u{user}", f"ext-{user}", day) for user in range(40) for day in range(400)),
    )
    db.execute("COMMIT")
    db.close()


def _command(old: OldDatabase, data: Path) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-m", "mai_core", "import-legacy", str(old.path), "--apply"],
        env={**os.environ, "MAI_DATA_DIR": str(data), "MAI_SECRET_KEY": "k", "USAGE_SUMMARY_DB": str(data / "l.db")},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def _content(data: Path) -> dict[str, list[dict[str, object]]]:
    with Store(data / "l.db", Clock()) as store, store.read() as db:
        assert dicts(db, "PRAGMA integrity_check") == [{"integrity_check": "ok"}]
        return {
            "imported_days": dicts(db, "SELECT * FROM imported_days ORDER BY 1, 2, 3, 4, 5, 6, 7"),
            "processed_generations": dicts(db, "SELECT * FROM processed_generations ORDER BY client_org_id, id"),
            "client_organizations": dicts(db, "SELECT id, name, markup_rate FROM client_organizations ORDER BY id"),
        }


def test_an_import_that_was_killed_anywhere_is_simply_run_again(old: OldDatabase, tmp_path: Path) -> None:
    _large(old)
    started = time.monotonic()
    assert _command(old, tmp_path / "whole").wait() == 0
    lasts = time.monotonic() - started
    expected = _content(tmp_path / "whole")
    dice = random.Random(7)
    killed = 0
    for number in range(KILLS):
        data = tmp_path / f"killed-{number}"
        for _ in range(3):
            process, started = _command(old, data), time.monotonic()
            try:
                process.wait(dice.uniform(0.2, 1) * lasts)
                lasts = time.monotonic() - started  # the machine is less busy than it was
            except subprocess.TimeoutExpired:
                process.send_signal(signal.SIGKILL)
            killed += process.wait() == -signal.SIGKILL
        assert _command(old, data).wait() == 0
        assert _content(data) == expected
    assert killed > KILLS / 2
