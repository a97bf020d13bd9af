"""The contract's caller, killed with -9 while it records: what was answered True is there, once."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from mai_core import checks
from mai_core.store import Store, rows

pytestmark = pytest.mark.prove

KILLS = int(os.environ.get("MAI_KILLS", "15"))

CALLER = """
import sys
from datetime import date
from mai_core.organization_usage import *
client = ClientOrganizationDB.create_client(ClientOrganizationForm(name="Acme"), "sk-1")
client = client or ClientOrganizationDB.get_all_active_clients()[0]
for number in range(10**9):
    identity = f"g-{sys.argv[1]}-{number}"
    done = ClientUsageDB.record_usage(
        client.id, f"user-{number % 7}", f"ext-{number % 7}", "m/a", date(2026, 10, 1 + number % 9), 3, 4,
        0.1, 0.13, "P", {"generation_id": identity},
    )
    print(identity if done else "REFUSED", flush=True)
"""


def test_what_was_recorded_survives_a_kill_and_counts_once(tmp_path: Path) -> None:
    dice = random.Random(11)
    acknowledged: set[str] = set()
    for kill in range(KILLS):
        process = subprocess.Popen(
            [sys.executable, "-W", "ignore", "-c", CALLER, str(kill)],
            env={**os.environ, "MAI_DATA_DIR": str(tmp_path), "MAI_SECRET_KEY": "k"},
            stdout=subprocess.PIPE,
            text=True,
        )
        assert process.stdout is not None
        acknowledged |= {process.stdout.readline().strip() for _ in range(2)}  # however long a start may take
        time.sleep(dice.uniform(0, 0.7))
        process.send_signal(signal.SIGKILL)
        told, _ = process.communicate()
        acknowledged |= {line for line in told.split("\n")[:-1] if line}
    assert "REFUSED" not in acknowledged
    with Store(tmp_path / "usage_summary.db") as store:
        assert checks.run(store) == []
        with store.read() as db:
            stored = [str(identity) for (identity,) in rows(db, "SELECT generation_id FROM usage_events")]
    assert len(acknowledged) > KILLS
    assert acknowledged <= set(stored)
    assert len(stored) == len(set(stored))
    assert len(stored) - len(acknowledged) <= KILLS
