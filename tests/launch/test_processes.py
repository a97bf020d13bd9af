"""One stops, all stop; a person who stops it hears no complaint."""

from __future__ import annotations

import io
import os
import signal
import subprocess
import sys
from pathlib import Path

from mai_core.launch.processes import run_together

RUN = """
import sys
from mai_core.launch.processes import run_together
print("first line", flush=True)
sys.exit(run_together({"one": "echo up; exec sleep 600", "two": "exec sleep 600"}, {"PATH": "/usr/bin:/bin"}))
"""


def test_when_one_ends_all_end_and_its_code_is_told() -> None:
    output = io.StringIO()
    code = run_together({"bad": "echo broken; exit 3", "good": "exec sleep 600"}, {"PATH": os.defpath}, output)
    assert code == 3
    assert "broken" in output.getvalue()
    assert "bad stopped (rc=3)" in output.getvalue()


def test_a_stop_that_was_asked_for_is_quiet_and_leaves_nobody_behind() -> None:
    run = subprocess.Popen(
        [sys.executable, "-c", RUN], stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[2]
    )
    assert run.stdout is not None
    while "up" not in run.stdout.readline():
        pass
    run.send_signal(signal.SIGINT)
    assert run.stdout.read() == ""
    assert run.wait(120) == 0
