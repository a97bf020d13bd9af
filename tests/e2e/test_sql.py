"""An analyst's query in the browser: it runs, is cancelled, and says where it is wrong."""

from __future__ import annotations

import re

import pytest

from tests.e2e.conftest import Visitor
from tests.e2e.visiting import Visit

pytestmark = pytest.mark.e2e

SLOW_SQL = "SELECT sum(a.range * b.range % 7) FROM range(100000000) a, range(100000000) b"


def _run_sql(seen: Visit, sql: str) -> None:
    seen.page.fill(".st-key-sql_editor .cm-content", sql)
    seen.page.click(".st-key-sql_run button:not([disabled])")


def test_sql_runs_and_is_cancelled(visit: Visitor) -> None:
    seen = visit("analyst", path="/sql")
    seen.page.click(".st-key-sql_run button")
    seen.page.wait_for_selector(".st-key-card_sql [data-testid=stDataFrame]")
    assert re.search(r"\d+ wiersz", seen.text())
    _run_sql(seen, SLOW_SQL)
    seen.page.click(".st-key-sql_cancel button")
    seen.page.wait_for_selector(".st-key-card_sql .m-notice:has-text('Przerwano')")
    _run_sql(seen, "SELEC 1")
    seen.page.wait_for_selector(".st-key-card_sql .m-notice:has-text('Wiersz 1')")
