"""Documents that cannot lie: the analysts' notebook runs, and the guide names what exists."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from mai_core.installation import Installation
from mai_core.reports import Reporting, Viewer, sealing
from mai_core.reports.engine import Connection
from mai_core.sandbox.relations import RELATIONS
from mai_core.sandbox.reporting_sql import local_sql
from mai_core.sandbox.runner import Limits
from tests.builders import CLIENT, make_client
from tests.reports.conftest import add_table, add_usage, fix_rate

DOCS = Path(__file__).parent.parent / "docs"


def test_the_notebook_runs_and_shows_what_pandas_does_to_decimals(
    installation: Installation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    store = installation.store
    make_client(store)
    add_table(store, "2026-10-13", "3.6", "200/A/NBP/2026")
    for day in (12, 13):
        add_usage(store, f"2026-10-{day}", "0.123456789012")
        fix_rate(store, f"2026-10-{day}", "3.6", "200/A/NBP/2026")
    sealing.seal(installation, CLIENT, [date(2026, 10, 12), date(2026, 10, 13)])
    reporting = Reporting.of_store(store, installation.settings)
    with reporting.open(Viewer("analyst", CLIENT), date(2026, 1, 1), date(2026, 10, 14)) as page:
        (tmp_path / "reporting.sql").write_text(local_sql(page, datetime(2026, 10, 14, tzinfo=UTC)))
    monkeypatch.setenv("REPORTING_SQL", str(tmp_path / "reporting.sql"))
    cells = json.loads((DOCS / "analysts.ipynb").read_text())["cells"]
    names: dict[str, object] = {}
    for cell in cells:
        if cell["cell_type"] == "code":
            exec("".join(cell["source"]), names)
    assert names["exact"] == Decimal("0.246913578024")
    assert capsys.readouterr().out == "pandas: float64\nArrow:  decimal128(38, 12)\n"
    own = names["own"]
    assert isinstance(own, Connection)
    own.close()


def test_the_guide_names_every_relation_and_the_limits() -> None:
    guide = (DOCS / "analysts.md").read_text()
    assert [relation.name for relation in RELATIONS if f"`{relation.name}`" not in guide] == []
    limits = Limits()
    assert f"{limits.seconds:g} seconds and use {limits.memory_mb} MB" in guide
    assert f"at most {limits.rows} rows" in guide
