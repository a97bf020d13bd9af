"""A client's relations: exact, named, without a trace of cost or of another client; the same in every tool."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import duckdb
import httpx
import pytest
import uvicorn

from api import create_app
from mai_core.cli import main
from mai_core.installation import Installation
from mai_core.intake.booking import book
from mai_core.reports import Reporting, Viewer, sealing
from mai_core.reports.engine import load_extension
from mai_core.sandbox.reporting_sql import local_sql
from mai_core.sandbox.runner import Answer, Query, Sandbox
from mai_core.sandbox.tenant import write_relations
from mai_core.settings import Settings, load_settings
from mai_core.store import people, rates, rating_books
from routers.sql import Desk
from tests.builders import CLIENT, NOON, make_arrival, make_client
from tests.reports.conftest import add_table

OTHER = "mai_client_0000beef"
TOKEN = "operator-token-0123456789"
AUTHORIZED = {"Authorization": f"Bearer {TOKEN}"}
DAY_MS = 24 * 3600 * 1000
WEEK = (date(2026, 10, 10), date(2026, 10, 14))


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return load_settings(
        {
            "MAI_DATA_DIR": str(tmp_path / "data"),
            "MAI_SECRET_KEY": "a key for tests",
            "MAI_CLOCK": "2026-10-14T12:00:00Z",
            "MAI_OPERATOR_TOKEN": TOKEN,
        },
        tmp_path / ".env",
    )


@pytest.fixture
def company(installation: Installation) -> Installation:
    """Ann used 10 cents on Tuesday (sealed) and on Wednesday (open); another client used a canary's worth."""
    store = installation.store
    make_client(store)
    make_client(store, OTHER, name="Canary sp. z o.o.")
    add_table(store, "2026-10-13", "3.6000", "200/A/NBP/2026")
    add_table(store, "2026-10-14", "3.7000", "201/A/NBP/2026")
    told = {"external_user": "ann", "cost": "0.10"}
    with store.write() as db:
        people.ensure_mapping(db, NOON, CLIENT, "ann", "u-ann")
        people.put_person(db, NOON, CLIENT, "u-ann", name="=Ann", department="IT", source="test")
        book(
            db,
            rating_books.load(db, installation.settings),
            [
                make_arrival("gen-tue", started_at_ms=NOON - DAY_MS, **told),
                make_arrival("gen-wed", **told),
                make_arrival("gen-canary", client=OTHER, cost="77.77", external_user="canary"),
            ],
            NOON,
        )
        rates.fix_day_rates(db, NOON)
    sealing.seal(installation, CLIENT, [date(2026, 10, 13)])
    return installation


@pytest.fixture
def reporting(company: Installation) -> Reporting:
    return Reporting.of_store(company.store, company.settings)


def run(reporting: Reporting, folder: Path, sql: str) -> list[list[object]]:
    relations = write_relations(reporting, CLIENT, *WEEK, folder)
    told = Sandbox().run(relations, sql)
    assert isinstance(told, Answer), told
    return told.rows


def test_usage_is_exact_and_names_people(reporting: Reporting, tmp_path: Path) -> None:
    rows = run(
        reporting,
        tmp_path,
        "SELECT day, user_id, user_name, department, model, requests, charged_usd, charged_pln, rate_table FROM usage",
    )
    told = ["u-ann", "=Ann", "IT", "openai/gpt-4o", 1, "0.130000000000"]
    assert rows == [
        ["2026-10-13", *told, "0.468000000000", "200/A/NBP/2026"],
        ["2026-10-14", *told, "0.481000000000", "201/A/NBP/2026"],
    ]


def test_the_other_relations(reporting: Reporting, tmp_path: Path) -> None:
    assert run(reporting, tmp_path, "FROM people") == [["u-ann", "=Ann", "IT"]]
    assert run(reporting, tmp_path, "FROM models") == [
        ["openai/gpt-4o", "openai", "['OpenAI']", "2026-10-13", "2026-10-14"]
    ]
    assert run(reporting, tmp_path, "SELECT day, rate, provisional FROM rates ORDER BY day") == [
        ["2026-10-13", "3.60000000", False],
        ["2026-10-14", "3.70000000", False],
    ]
    assert run(reporting, tmp_path, "SELECT generation_id, happened_at, charged_usd FROM generations") == [
        ["gen-wed", "2026-10-14 12:00:00+02:00", "0.130000000000"],
        ["gen-tue", "2026-10-13 12:00:00+02:00", "0.130000000000"],
    ]
    assert run(reporting, tmp_path, "FROM data_through") == [["2026-10-10", "2026-10-14", "2026-10-13"]]


def test_nothing_of_cost_and_nothing_of_another_client_is_there(reporting: Reporting, tmp_path: Path) -> None:
    columns = run(
        reporting, tmp_path, "SELECT table_name || '.' || column_name FROM duckdb_columns() WHERE NOT internal"
    )
    everything = json.dumps(columns) + "".join(
        json.dumps(run(reporting, tmp_path, f"FROM {name}")) for name in ("usage", "people", "models", "generations")
    )
    for word in ("canary", "raw", "markup", "margin", "pusd", "77.77", "101.1"):
        assert word not in everything.lower()


class TestReportingSql:
    @pytest.fixture
    def script(self, reporting: Reporting) -> str:
        with reporting.open(Viewer("analyst", CLIENT), date(2020, 1, 1), WEEK[1]) as page:
            return local_sql(page, datetime(2026, 10, 14, tzinfo=UTC))

    def test_a_duckdb_of_ones_own_sees_the_closed_days(self, script: str) -> None:
        with duckdb.connect() as own:
            own.execute(script)
            assert own.execute("SELECT day, charged_pln FROM usage").fetchall() == [
                (date(2026, 10, 13), Decimal("0.468000000000"))
            ]
            assert own.execute("SELECT generation_id FROM generations").fetchall() == [("gen-tue",)]
            assert own.execute("FROM people").fetchall() == [("u-ann", "=Ann", "IT")]

    def test_its_catalogue_explains_itself(self, script: str) -> None:
        with duckdb.connect() as own:
            own.execute(script)
            ((comment,),) = own.execute(
                "SELECT comment FROM duckdb_columns() WHERE table_name = 'usage' AND column_name = 'day'"
            ).fetchall()
        assert comment == "usage day in the client's time zone"

    def test_it_says_nothing_of_cost_or_others(self, script: str) -> None:
        assert "raw_pusd" not in script
        assert OTHER not in script
        assert "canary" not in script.lower()

    def test_an_empty_ledger_makes_empty_relations(self, installation: Installation) -> None:
        make_client(installation.store)
        reporting = Reporting.of_store(installation.store, installation.settings)
        with reporting.open(Viewer("analyst", CLIENT), *WEEK) as page, duckdb.connect() as own:
            own.execute(local_sql(page, datetime(2026, 10, 14, tzinfo=UTC)))
            for relation in ("usage", "people", "models", "rates", "generations"):
                assert own.execute(f"FROM {relation}").fetchall() == []

    def test_the_command_writes_the_file(
        self, company: Installation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        monkeypatch.setenv("MAI_DATA_DIR", str(company.settings.mai_data_dir))
        out = tmp_path / "reporting.sql"
        assert main(["lake", "reporting-sql", "--client", CLIENT, "--out", str(out)]) == 0
        assert "CREATE OR REPLACE VIEW usage" in out.read_text()


@pytest.fixture
def server(company: Installation) -> Iterator[str]:
    """The API on a real socket: DuckDB brings its own HTTP client."""
    settings = company.settings
    company.close()
    config = uvicorn.Config(create_app(settings), port=0, log_level="error", lifespan="on")
    running = uvicorn.Server(config)
    thread = threading.Thread(target=running.run)
    thread.start()
    while not running.started:
        thread.join(0.01)
    port = running.servers[0].sockets[0].getsockname()[1]
    yield f"http://127.0.0.1:{port}"
    running.should_exit = True
    thread.join()


class TestOverTheApi:
    def test_a_laptop_reads_files_in_ranges_and_today_on_request(self, server: str) -> None:
        answer = httpx.get(
            f"{server}/api/v1/lake/reporting.sql",
            params={"client": CLIENT},
            headers={"Authorization": f"Bearer {TOKEN}"},
        )
        script = answer.text.replace("PUT-YOUR-TOKEN-HERE", TOKEN).replace("INSTALL httpfs; LOAD httpfs;", "")
        with duckdb.connect() as laptop:
            load_extension(laptop, "httpfs")
            laptop.execute(script)
            assert laptop.execute("SELECT sum(charged_usd) FROM usage").fetchall() == [(Decimal("0.13"),)]
            assert laptop.execute("SELECT day, charged_usd FROM usage_with_today ORDER BY day").fetchall() == [
                (date(2026, 10, 13), Decimal("0.13")),
                (date(2026, 10, 14), Decimal("0.13")),
            ]

    def test_without_a_token_nothing_is_served(self, server: str) -> None:
        assert httpx.get(f"{server}/api/v1/lake/reporting.sql").status_code == 401

    def test_only_files_of_the_lake_are_served(self, server: str) -> None:
        for path in (f"days/{CLIENT}/none.parquet", f"days/{CLIENT}/..%2f..%2fsecret.key", "days/x/x.parquet"):
            assert httpx.get(f"{server}/api/v1/lake/files/{path}", headers=AUTHORIZED).status_code == 404

    def test_a_query_over_http(self, server: str) -> None:
        question = {"sql": "SELECT user_name, sum(charged_usd) AS usd FROM usage GROUP BY 1", "client": CLIENT}
        told = httpx.post(f"{server}/api/v1/sql", json=question, headers=AUTHORIZED).json()
        assert told["rows"] == [["=Ann", "0.260000000000"]]
        assert told["limits"]["rows"] == 1000
        as_csv = httpx.post(f"{server}/api/v1/sql", json={**question, "format": "csv"}, headers=AUTHORIZED)
        assert as_csv.text == "user_name,usd\r\n'=Ann,0.260000000000\r\n"

    def test_a_mistake_has_its_place_and_a_relation_its_columns(self, server: str) -> None:
        wrong = httpx.post(
            f"{server}/api/v1/sql", json={"sql": "SELECT x FROM usage", "client": CLIENT}, headers=AUTHORIZED
        )
        assert (wrong.status_code, wrong.json()["line"], wrong.json()["column"]) == (422, 1, 8)
        schema = httpx.get(f"{server}/api/v1/sql/schema", headers=AUTHORIZED).json()
        assert [relation["name"] for relation in schema][:2] == ["usage", "people"]
        assert httpx.post(f"{server}/api/v1/sql/unknown/cancel", headers=AUTHORIZED).status_code == 204


def test_of_two_queries_of_one_name_the_later_one_can_be_cancelled() -> None:
    desk, first, second = Desk(), Query(), Query()
    with ExitStack() as second_runs:
        with desk.cancellable("ann", "q", first):
            second_runs.enter_context(desk.cancellable("ann", "q", second))
        desk.cancel("ann", "q")
    assert (first._cancelled, second._cancelled) == (False, True)


class TestCommandLine:
    @pytest.fixture(autouse=True)
    def here(self, company: Installation, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("MAI_DATA_DIR", str(company.settings.mai_data_dir))
        monkeypatch.setenv("MAI_CLOCK", "2026-10-14T12:00:00Z")

    @pytest.mark.parametrize(
        ("form", "shown"),
        [("csv", "requests\r\n2\r\n"), ("table", "requests"), ("json", '"rows": [[2]]')],
    )
    def test_a_query_in_every_form(self, capsys: pytest.CaptureFixture[str], form: str, shown: str) -> None:
        query = "SELECT sum(requests)::INT AS requests FROM usage"
        assert main(["sql", query, "--client", CLIENT, "--format", form]) == 0
        assert shown in capsys.readouterr().out

    def test_a_long_result_says_that_it_is_cut(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert main(["sql", "FROM range(1001)", "--client", CLIENT, "--from", "2026-10-13", "--to", "2026-10-13"]) == 0
        assert "cut after 1000 rows" in capsys.readouterr().err

    def test_mistakes_are_said_in_one_line(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert main(["sql", "SELECT x FROM usage", "--client", CLIENT]) == 1
        assert "(line 1, column 8)" in capsys.readouterr().err
        assert main(["sql", "SELECT 1"]) == 1
        assert "--client" in capsys.readouterr().err
