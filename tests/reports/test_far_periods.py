"""Periods that nobody means: refused in words, and never paid for month by month."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import pytest
from fastapi.testclient import TestClient

from api import create_app
from mai_core.installation import Installation
from mai_core.reports import Reporting, Viewer
from mai_core.reports.exports import ExportRequest
from mai_core.reports.exports.rows import chunks_of
from mai_core.sandbox.runner import Busy
from mai_core.settings import Settings
from routers.sql import Desk
from tests.builders import CLIENT
from tests.reports.test_doors import bearer


@pytest.fixture
def web(house: Installation, settings: Settings) -> Iterator[TestClient]:
    with TestClient(create_app(settings), raise_server_exceptions=False) as client:
        yield client


@pytest.mark.parametrize(
    ("first", "last"), [("0001-01-01", "0001-01-01"), ("0001-01-02", "9999-12-31"), ("9999-12-30", "9999-12-31")]
)
def test_a_mistyped_year_is_refused_in_words(house: Installation, web: TestClient, first: str, last: str) -> None:
    words, headers = {"from": first, "to": last}, bearer(house, "analyst")
    for path in ("reports/by_day", "reports/heat_map", "explain", "export"):
        answer = web.get(f"/api/v1/{path}", params=words, headers=headers)
        assert answer.status_code == 422, path
        assert "must lie between 2000-01-01 and 2100-12-31" in answer.json()["error"]
    assert web.post("/api/v1/sql", json={"sql": "SELECT 1", **words}, headers=headers).status_code == 422


def test_an_export_of_a_century_asks_for_the_months_with_usage_only(reporting: Reporting) -> None:
    wanted = ExportRequest(date(2000, 1, 1), date(2100, 12, 31), CLIENT, ("day",))
    with reporting.open(Viewer("operator"), wanted.start, wanted.end, CLIENT) as page:
        chunks = chunks_of(page, wanted)
        assert {chunk.first.strftime("%Y-%m") for chunk in chunks} <= {"2026-09", "2026-10", "2026-11"}
        assert chunks


def test_only_so_many_tenants_are_written_out_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("routers.sql.PATIENCE_S", 0.01)
    desk = Desk()
    with desk.writing(), desk.writing(), pytest.raises(Busy), desk.writing():
        pass
    with desk.writing():
        pass


def test_a_download_of_the_open_days_takes_one_of_the_same_places(
    house: Installation, web: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("routers.sql.PATIENCE_S", 0.01)
    path, headers = "/api/v1/lake/open/usage.parquet", bearer(house, "analyst")
    assert web.get(path, headers=headers).status_code == 200
    desk: Desk = web.app.state.sql_desk  # type: ignore[attr-defined]
    with desk.writing(), desk.writing():
        full = web.get(path, headers=headers)
    assert (full.status_code, full.headers["retry-after"]) == (503, "3")
    assert web.get(path, headers=headers).content.startswith(b"PAR1")
