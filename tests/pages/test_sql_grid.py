"""The grid of an analyst's result: its own menu can write a file, so it shows nothing that a spreadsheet would run."""

from __future__ import annotations

from datetime import date

from pages.parts.running import Running
from tests.pages.conftest import ACME, Desk, Opener


def test_a_formula_in_a_result_is_shown_as_text(desk: Desk, open_page: Opener) -> None:
    token = desk.login("analyst")
    page = open_page(token, "sql")
    running = Running("SELECT 1", token, ACME, date(2026, 10, 1), date(2026, 10, 21), done=True)
    running.answer = {
        "columns": [{"name": "=cmd()", "type": "VARCHAR"}, {"name": "amount", "type": "DECIMAL"}],
        "rows": [["@SUM(1)", "-1.25"]], "truncated": None, "elapsed_ms": 1,
        "limits": {"rows": 1000, "seconds": 4.0, "memory_mb": 384},
    }  # fmt: skip
    page.session_state["sql_running"] = running
    page.run()
    assert page.dataframe[0].value.to_dict("records") == [{"'=cmd()": "'@SUM(1)", "amount": "-1.25"}]
