"""The real server dies by SIGKILL under load: what it acknowledged is there, once."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.prove
def test_nothing_that_was_acknowledged_is_lost_or_doubled() -> None:
    command = [sys.executable, "-m", "benchmarks.kill_server", "--kills", "20"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=1200, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert "0 lost, 0 doubled, every sum exact" in done.stdout
