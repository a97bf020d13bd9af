"""The two database engines. DuckDB is looked at in a process of its own: it must never share one with apsw."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from mai_core.doctor.lines import Line, error, ok
from mai_core.settings import Settings
from mai_core.store import sqlite_version

_ROOT = Path(__file__).parents[2]
_LOAD = """
import duckdb
from mai_core.reports.engine import open_ledger_reader
open_ledger_reader()
print(duckdb.__version__)
"""
_PATIENCE_S = 60


def sqlite_lines() -> list[Line]:
    return [ok("SQLite", f"{sqlite_version()} (apsw)")]


def duckdb_lines(settings: Settings) -> list[Line]:
    """An empty home folder: an extension that somebody once downloaded there does not count."""
    with tempfile.TemporaryDirectory() as home:
        told = subprocess.run(
            [sys.executable, "-c", _LOAD],
            env={**os.environ, "HOME": home, "PYTHONPATH": str(_ROOT)},
            cwd=home,
            capture_output=True,
            text=True,
            timeout=_PATIENCE_S,
            check=False,
        )
    if told.returncode:
        reason = (told.stderr.strip().splitlines() or ["no reason given"])[-1]
        return [error("DuckDB", f"its SQLite extension does not load: {reason}", "pip install -r requirements.txt")]
    return [ok("DuckDB", f"{told.stdout.strip()}, its SQLite extension loads offline")]
