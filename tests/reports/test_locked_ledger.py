"""Another process holds the ledger: every surface says so in a sentence with a remedy, or goes on reading."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import apsw
import pytest
from fastapi.testclient import TestClient

from api import create_app
from mai_core.cli import main
from mai_core.installation import Installation
from mai_core.reports import Reporting
from mai_core.settings import Settings
from mai_core.store import connection
from tests.builders import CLIENT
from tests.reports.conftest import MANAGER, OCTOBER
from tests.reports.test_doors import PERIOD, bearer
from tests.reports.test_ledger_file import as_pages

REMEDY = "another program holds it. End that one (a database browser, a copy tool, a second server), or try again"

# The file is this program's alone, as it is a database browser's that works in exclusive mode.
_ALONE = """
import sys, apsw
db = apsw.Connection(sys.argv[1])
db.execute("PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE; UPDATE change_counters SET value = value").fetchall()
print("locked", flush=True)
sys.stdin.read()
"""
_WRITING = _ALONE.replace("PRAGMA locking_mode = EXCLUSIVE; ", "")

# Every lock by which SQLite's processes agree on the write-ahead log, taken while others have the file open.
_LOG = """
import fcntl, sys
shared = open(sys.argv[1] + "-shm", "r+b")
fcntl.lockf(shared, fcntl.LOCK_EX, 8, 120)
print("locked", flush=True)
sys.stdin.read()
"""


@contextmanager
def another_process(program: str, ledger: Path) -> Iterator[None]:
    words = [sys.executable, "-c", program, str(ledger)]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as other:
        try:
            assert other.stdout is not None
            assert other.stdout.readline() == "locked\n"
            yield
        finally:
            assert other.stdin is not None
            other.stdin.close()


@pytest.fixture
def left(house: Installation, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """The company's ledger, opened by nobody; the command line's patience is short here."""
    house.close()
    monkeypatch.setattr(connection, "BUSY_TIMEOUT_MS", 50)
    monkeypatch.setenv("MAI_DATA_DIR", str(house.settings.mai_data_dir))
    return house.settings


@pytest.mark.parametrize(
    "words",
    [
        ["export", "--from", "2026-10-01", "--to", "2026-10-31", "--out", "{out}"],
        ["sql", "SELECT count(*) FROM usage", "--client", CLIENT],
        ["lake", "verify"],
        ["lake", "rebuild"],
    ],
    ids=lambda words: " ".join(words[:2]),
)
def test_a_command_says_what_holds_the_ledger_up(
    left: Settings, words: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "usage.csv"
    with another_process(_ALONE, left.usage_summary_db):
        assert main([word.format(out=out) for word in words]) == 1
    said = capsys.readouterr().err
    assert said.startswith(f"error: the ledger {left.usage_summary_db} cannot be opened: ")
    assert said.strip().endswith(REMEDY)
    assert "Traceback" not in said
    assert not out.exists()


def test_what_pages_read_with_says_it_too_and_comes_back(left: Settings) -> None:
    with another_process(_ALONE, left.usage_summary_db):
        refused = as_pages(left.mai_data_dir, patience_ms=50)
    assert [str(answer).endswith(REMEDY) for answer in refused] == [True, True], refused
    assert [type(answer) for answer in as_pages(left.mai_data_dir)] == [list, list]


class _Hurried(apsw.VFS):
    """What SQLite waits for a lock is counted, and not waited: ten seconds that nobody can make shorter."""

    def __init__(self) -> None:
        super().__init__("hurried", "", makedefault=True)
        self.slept_us = 0

    def xSleep(self, microseconds: int) -> int:
        self.slept_us += microseconds
        return microseconds


@pytest.fixture
def hurried() -> Iterator[_Hurried]:
    vfs = _Hurried()
    yield vfs
    vfs.unregister()


def test_an_api_that_finds_the_ledger_held_says_so(hurried: _Hurried, house: Installation, settings: Settings) -> None:
    headers = bearer(house, "manager")
    with TestClient(create_app(settings), raise_server_exceptions=False) as web:
        before = web.get("/api/v1/reports/totals", params=PERIOD, headers=headers)
        assert before.status_code == 200
        with another_process(_LOG, settings.usage_summary_db):
            answer = web.get("/api/v1/reports/totals", params=PERIOD, headers=headers)
        assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")
        assert hurried.slept_us > 5_000_000
        assert answer.json()["error"] == f"the ledger cannot be read now: locking protocol: {REMEDY}"
        assert web.get("/api/v1/reports/totals", params=PERIOD, headers=headers).json() == before.json()


def test_a_writer_in_another_process_keeps_nobody_from_reading(
    house: Installation, reporting: Reporting, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    headers = bearer(house, "manager")
    expected = reporting.rows("totals", MANAGER, *OCTOBER)[0]["requests"]
    monkeypatch.setenv("MAI_DATA_DIR", str(settings.mai_data_dir))
    with TestClient(create_app(settings)) as web, another_process(_WRITING, settings.usage_summary_db):
        answer = web.get("/api/v1/reports/totals", params=PERIOD, headers=headers).json()
        assert answer["rows"][0]["requests"] == expected
        assert web.get("/api/v1/export", params=PERIOD, headers=headers).status_code == 200
        assert as_pages(settings.mai_data_dir)[1][0][0]["requests"] == expected  # type: ignore[index]
        out = tmp_path / "usage.csv"
        assert main(["export", "--from", "2026-10-01", "--to", "2026-10-31", "--out", str(out)]) == 0
