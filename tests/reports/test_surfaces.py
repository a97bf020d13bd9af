"""One client, one month, every surface: the same figures to the last unit."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from api import create_app
from mai_core.identity import tokens
from mai_core.installation import Installation
from mai_core.money import decimal_text, units_of
from mai_core.reports import Reporting
from mai_core.reports.explain import explain
from mai_core.reports.lines import with_grosze
from mai_core.reports.sealing import seal
from mai_core.sandbox.runner import Answer, Sandbox
from mai_core.sandbox.tenant import write_relations
from tests.builders import CLIENT
from tests.reports.conftest import MANAGER, OCTOBER, OPERATOR, add_person, add_table, add_usage, fix_rate

TO_THE_14TH = [date(2026, 10, day) for day in range(1, 15)]


@pytest.fixture(params=["open", "sealed", "sealed in part"])
def month(house: Installation, request: pytest.FixtureRequest) -> Installation:
    """October with imported history, thirds of a unit, a person without a name and a day without a final rate."""
    add_person(house.store, "zoe", None, None)
    add_usage(house.store, "2026-10-03", "0.000000000007", external_user="zoe", model="x/tiny")
    add_usage(house.store, "2026-10-03", "0.333333333333", external_user="ann", model="x/tiny")
    add_table(house.store, "2026-10-02", "3.6111", "192/A/NBP/2026")
    fix_rate(house.store, "2026-10-03", "3.6111", "192/A/NBP/2026")
    fix_rate(house.store, "2026-10-05", "3.6111", "192/A/NBP/2026")
    with house.store.write() as db:
        for facet, user, model in (("client", "", ""), ("user", "ann", ""), ("model", "", "openai/gpt-4o")):
            db.execute(
                "INSERT INTO imported_days VALUES (?, ?, '2026-10-05', ?, ?, '', ?, 1000, 3, ?, ?, '0.5', '0.65', "
                "'openai/gpt-4o', 1, 0, 0)",
                (facet, CLIENT, user, model, user and "u-ann", units_of("0.5"), units_of("0.65")),
            )
    if request.param != "open":
        seal(house, CLIENT, TO_THE_14TH)
    if request.param == "sealed in part":
        with house.store.write() as db:
            db.execute("DELETE FROM sealed_days WHERE usage_date IN ('2026-10-03', '2026-10-14')")
    return house


@pytest.fixture
def web(month: Installation) -> Iterator[tuple[TestClient, dict[str, str]]]:
    with month.store.write() as db:
        _, token = tokens.create(db, month.now_ms(), "test", name="m", role="manager", client_org_id=CLIENT)
    with TestClient(create_app(month.settings)) as client:
        yield client, {"Authorization": f"Bearer {token}"}


def test_all_surfaces_show_the_same_month(
    month: Installation, web: tuple[TestClient, dict[str, str]], tmp_path: Path
) -> None:
    reporting = Reporting.of_store(month.store, month.settings)
    expected_usd, expected_pln = expected(month)
    (whole,) = reporting.rows("totals", MANAGER, *OCTOBER)
    assert (whole["charged_pusd"], whole["charged_ppln"]) == (expected_usd, expected_pln)

    for question in (
        "by_day",
        "by_week",
        "by_month",
        "by_person",
        "by_external_user",
        "by_department",
        "by_model",
        "by_provider",
        "by_client",
    ):
        for viewer in (MANAGER, OPERATOR):
            rows = reporting.rows(question, viewer, *OCTOBER, client=CLIENT)
            assert sum(row["charged_pusd"] for row in rows) == expected_usd, question
            assert sum(row["charged_ppln"] for row in rows) == expected_pln, question
            lines = with_grosze(rows)
            assert sum(row["grosze"] for row in lines) == with_grosze([whole])[0]["grosze"], question

    with reporting.open(MANAGER, *OCTOBER) as page:
        told = explain(page)
    assert (told.charged_pusd, told.charged_ppln, told.equal) == (expected_usd, expected_pln, True)

    client, headers = web
    period = {"from": "2026-10-01", "to": "2026-10-31"}
    (over_http,) = client.get("/api/v1/reports/totals", params=period, headers=headers).json()["rows"]
    assert (over_http["charged_usd"], over_http["charged_pln"]) == (
        decimal_text(expected_usd),
        decimal_text(expected_pln),
    )
    for by in ("day", "user", "model", "day,user,model,provider", "month,department"):
        text = client.get("/api/v1/export", params={**period, "by": by}, headers=headers).content.decode("utf-8-sig")
        exported = list(csv.DictReader(io.StringIO(text)))
        assert sum(Decimal(row["charged_usd"]) for row in exported) == Decimal(decimal_text(expected_usd)), by
        assert sum(Decimal(row["charged_pln"]) for row in exported) == Decimal(decimal_text(expected_pln)), by
    focus = client.get("/api/v1/export", params={**period, "format": "focus"}, headers=headers).content.decode(
        "utf-8-sig"
    )
    billed = sum(Decimal(row["BilledCost"]) for row in csv.DictReader(io.StringIO(focus)))
    assert billed == Decimal(decimal_text(expected_pln))

    relations = write_relations(reporting, CLIENT, *OCTOBER, tmp_path)
    answer = Sandbox().run(relations, "SELECT sum(charged_usd), sum(charged_pln) FROM usage")
    assert isinstance(answer, Answer)
    assert [str(value) for value in answer.rows[0]] == [decimal_text(expected_usd), decimal_text(expected_pln)]

    for view in ("client_daily_usage", "client_user_daily_usage", "client_model_daily_usage"):
        with month.store.read() as db:
            costs = db.execute(
                f"SELECT markup_cost FROM {view} WHERE client_org_id = ? AND usage_date LIKE '2026-10-%'", (CLIENT,)
            ).fetchall()
        assert sum(units_of(str(cost)) for (cost,) in costs) == expected_usd, view


def expected(house: Installation) -> tuple[int, int]:
    """Straight from the ledger's rows, in Python."""
    rates = {"2026-10-03": 36111, "2026-10-05": 36111, "2026-10-14": 36543, "2026-10-15": 36543}
    with house.store.read() as db:
        rows = db.execute(
            "SELECT usage_date, charged_pusd FROM usage_daily WHERE client_org_id = ?1 AND usage_date LIKE '2026-10-%' "
            "UNION ALL SELECT usage_date, charged_pusd FROM imported_days WHERE facet = 'client' "
            "AND client_org_id = ?1",
            (CLIENT,),
        ).fetchall()
    usd = sum(int(units) for _, units in rows)
    pln = sum((int(units) * rates[str(day)] + 5000) // 10_000 for day, units in rows)
    return usd, pln
