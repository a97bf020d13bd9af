"""The API and the command line: same words, same figures, and who may read what."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from api import create_app
from mai_core.cli import main
from mai_core.identity import tokens
from mai_core.installation import Installation
from mai_core.settings import Settings
from tests.builders import CLIENT
from tests.reports.conftest import OTHER

PERIOD = {"from": "2026-10-01", "to": "2026-10-31"}


@pytest.fixture
def web(house: Installation, settings: Settings) -> Iterator[TestClient]:
    with TestClient(create_app(settings)) as client:
        yield client


def bearer(house: Installation, role: str) -> dict[str, str]:
    client = CLIENT if role in ("manager", "analyst") else None
    with house.store.write() as db:
        _, token = tokens.create(db, house.now_ms(), "test", name=role, role=role, client_org_id=client)
    return {"Authorization": f"Bearer {token}"}


def test_a_question_over_http_is_exact_decimal_text(house: Installation, web: TestClient) -> None:
    answer = web.get("/api/v1/reports/totals", params=PERIOD, headers=bearer(house, "manager")).json()
    assert answer["rows"][0]["charged_usd"] == "4.000000000001"
    assert (answer["rows"][0]["provisional"], answer["provisional_tables"]) == (True, ["199/A/NBP/2026"])
    assert answer["rows"][0]["provisional"] is True
    assert "raw_usd" not in answer["rows"][0]


@pytest.mark.parametrize("role", ["accountant", "manager", "analyst"])
def test_no_cost_for_anyone_but_operators(house: Installation, web: TestClient, role: str) -> None:
    headers = bearer(house, role)
    names = [question["name"] for question in web.get("/api/v1/reports", headers=headers).json()["questions"]]
    assert "margin" not in names
    assert web.get("/api/v1/reports/margin", params=PERIOD, headers=headers).status_code == 404
    for path in (*(f"/api/v1/reports/{name}" for name in names), "/api/v1/export"):
        answer = web.get(path, params=PERIOD, headers=headers)
        assert answer.status_code == 200, path
        assert not [word for word in ("raw_usd", "margin", "3.08", "1.08") if word in answer.text], path


@pytest.mark.parametrize("path", ["/api/v1/reports/totals", "/api/v1/export"])
def test_a_foreign_client_is_one_that_does_not_exist(house: Installation, web: TestClient, path: str) -> None:
    headers = bearer(house, "manager")
    foreign = web.get(path, params={**PERIOD, "client": OTHER}, headers=headers)
    unknown = web.get(path, params={**PERIOD, "client": "nobody"}, headers=headers)
    assert foreign.status_code == unknown.status_code == 404
    assert foreign.json() == unknown.json()
    assert web.get(path, params=PERIOD).status_code == 401


@pytest.mark.parametrize("format", ["csv", "parquet", "focus", "xlsx"])
def test_the_api_and_the_command_line_write_the_same_file(
    house: Installation, web: TestClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, format: str
) -> None:
    words = {**PERIOD, "client": CLIENT, "by": "day,user,model", "format": format}
    answer = web.get("/api/v1/export", params=words, headers=bearer(house, "operator"))
    assert answer.status_code == 200
    file = tmp_path / "out.file"
    monkeypatch.setenv("MAI_DATA_DIR", str(house.settings.mai_data_dir))
    monkeypatch.setenv("MAI_SECRET_KEY", "a key for tests")
    monkeypatch.chdir(tmp_path)
    arguments = [part for name, value in words.items() for part in (f"--{name}", value)]
    assert main(["export", *arguments, "--out", str(file)]) == 0
    if format == "xlsx":  # its archive carries the time of writing
        assert abs(len(file.read_bytes()) - len(answer.content)) < 100
    else:
        assert file.read_bytes() == answer.content
    assert list((house.settings.mai_data_dir / "tmp").glob("export-*")) == []


def test_lake_commands_say_what_they_find(
    house: Installation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from datetime import date

    from mai_core.reports.sealing import seal

    seal(house, CLIENT, [date(2026, 10, 14)])
    monkeypatch.setenv("MAI_DATA_DIR", str(house.settings.mai_data_dir))
    monkeypatch.chdir(tmp_path)
    assert main(["lake", "verify"]) == 0
    for path in house.settings.lake_dir.glob("shared/days/*/*.parquet"):
        path.unlink()
    assert main(["lake", "verify"]) == 1
    assert "shared/days is missing" in capsys.readouterr().out
    assert main(["lake", "rebuild", "--damaged"]) == 0
    assert main(["lake", "verify"]) == 0


def test_what_cannot_be_asked_is_said_in_one_sentence(house: Installation, web: TestClient) -> None:
    headers = bearer(house, "manager")
    for wrong in ({"by": "weather"}, {"format": "pdf"}, {"from": "2026-11-01", "to": "2026-10-01"}):
        answer = web.get("/api/v1/export", params={**PERIOD, **wrong}, headers=headers)
        assert answer.status_code == 422
        assert answer.json()["error"]


def test_an_explanation_over_http_opens_with_its_sentence(house: Installation, web: TestClient) -> None:
    answer = web.get("/api/v1/explain", params=PERIOD, headers=bearer(house, "manager")).json()
    assert (answer["level"], answer["equal"], answer["charged_usd"]) == ("days", True, "4.000000000001")
    assert answer["sentence"].startswith("14,62")
    assert "raw" not in str(answer)
