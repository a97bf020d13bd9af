"""A start killed with -9 while it migrates: the next one is clean and whole."""

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

from mai_core import checks
from mai_core.store import Store, rows
from mai_core.store.migrations import MIGRATIONS

pytestmark = pytest.mark.prove

KILLS = int(os.environ.get("MAI_KILLS", "20"))

STARTER = """
import sys
from pathlib import Path
from mai_core.store import Store
print("imported", flush=True)
for number in range(10**6):
    Store(Path(sys.argv[1]) / f"{number}.db").close()
    print(number, flush=True)
"""


def test_a_migration_killed_anywhere_is_finished_by_the_next_start(tmp_path: Path) -> None:
    dice, cut_short = random.Random(7), 0
    for kill in range(KILLS + 100):
        if kill >= KILLS and cut_short:
            break
        folder = tmp_path / str(kill)
        folder.mkdir()
        process = subprocess.Popen([sys.executable, "-c", STARTER, str(folder)], stdout=subprocess.PIPE, text=True)
        assert process.stdout is not None
        process.stdout.readline()
        time.sleep(dice.uniform(0.0, 0.15))
        process.send_signal(signal.SIGKILL)
        process.communicate()
        for file in sorted(folder.glob("*.db")):
            cut_short += _applied(file) < len(MIGRATIONS)
            with Store(file) as store:
                assert checks.run(store) == []
                with store.read() as db:
                    names = [name for (name,) in rows(db, "SELECT name FROM schema_migrations ORDER BY name")]
                    assert rows(db, "PRAGMA integrity_check") == [("ok",)]
                assert names == [name for name, _ in MIGRATIONS]
    assert cut_short > 0


def _applied(file: Path) -> int:
    db = apsw.Connection(str(file))
    try:
        return len(rows(db, "SELECT 1 FROM schema_migrations"))
    except apsw.SQLError:
        return 0
    finally:
        db.close()
