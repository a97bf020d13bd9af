"""Large, deep, packed, broken and slow bodies all at once against the real server."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.prove
def test_every_answer_is_as_specified_and_the_good_client_is_served() -> None:
    command = [sys.executable, "-m", "benchmarks.hostile_clients", "--seconds", "8"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=1200, check=False)
    assert done.stdout.endswith("every answer as specified\n"), done.stdout
    assert done.returncode == 0
