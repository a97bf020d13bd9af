"""The pages' way to the ledger: DuckDB attaches the file, in a process that has never loaded apsw."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import date
from pathlib import Path

import pytest

from mai_core.errors import MaiError
from mai_core.installation import Installation
from mai_core.reports import Reporting
from mai_core.reports.sealing import seal
from mai_core.reports.source import PATIENCE_MS
from mai_core.settings import Settings
from tests.builders import CLIENT
from tests.reports.conftest import MANAGER, OCTOBER, OPERATOR

_AS_PAGES = """
import json, sys
from datetime import date
from mai_core.errors import MaiError
from mai_core.reports import Reporting, Viewer
from mai_core.settings import load_settings

settings = load_settings({"MAI_DATA_DIR": sys.argv[1]}, None)
reporting = Reporting.of_ledger_file(settings, int(sys.argv[4]))
period = date(2026, 10, 1), date(2026, 10, 31)
answers = []
for viewer in (Viewer("operator"), Viewer("manager", sys.argv[2])):
    try:
        with reporting.open(viewer, *period) as page:
            answers.append([page.rows(name) for name in sys.argv[3].split(",")])
    except MaiError as error:
        answers.append(str(error))
assert "apsw" not in sys.modules
print(json.dumps(answers, default=str))
"""

QUESTIONS = ("totals", "by_day", "by_person", "by_model", "generations", "heat_map")


def as_pages(folder: Path, patience_ms: int = PATIENCE_MS) -> list[object]:
    words = [sys.executable, "-c", _AS_PAGES, str(folder), CLIENT, ",".join(QUESTIONS), str(patience_ms)]
    done = subprocess.run(words, capture_output=True, text=True, check=False, cwd=Path(__file__).parents[2])
    assert done.returncode == 0, done.stderr
    answers: list[object] = json.loads(done.stdout)
    return answers


def test_pages_read_the_same_figures_as_the_api(house: Installation, reporting: Reporting) -> None:
    seal(house, CLIENT, [date(2026, 10, 14)])
    expected = [[reporting.rows(name, viewer, *OCTOBER) for name in QUESTIONS] for viewer in (OPERATOR, MANAGER)]
    assert as_pages(house.settings.mai_data_dir) == json.loads(json.dumps(expected, default=str))


def test_no_ledger_yet_is_a_sentence(tmp_path: Path) -> None:
    answers = as_pages(tmp_path / "nowhere")
    assert [str(answer)[:18] for answer in answers] == ["there is no ledger"] * 2


def test_a_ledger_that_is_something_else_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "usage_summary.db").write_bytes(b"this is not a database" * 100)
    answers = as_pages(tmp_path)
    assert all("cannot be" in str(answer) for answer in answers)


def test_a_process_that_loaded_apsw_may_not_attach(settings: Settings) -> None:
    with pytest.raises(MaiError, match="has loaded apsw"):
        Reporting.of_ledger_file(settings)
