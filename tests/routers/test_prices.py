"""Prices and rates at the API: who sees what, and what may be decided."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from fastapi.testclient import TestClient

from mai_core.conversion import Answered, RateTable
from mai_core.installation import Installation
from mai_core.pricing import parse_models, plan_refresh
from mai_core.store import prices, rates
from tests.builders import CLIENT, make_client
from tests.pricing.listed import model
from tests.routers.callers import FOREIGN, token_of

LIST = "/api/v1/usage-tracking/model-pricing"
RATE = "/api/v1/usage-tracking/exchange-rate/USD/PLN"
OWN = "/api/v1/sale-prices"


@pytest.fixture
def acme(installation: Installation) -> Installation:
    make_client(installation.store, markup_rate="2")
    make_client(installation.store, FOREIGN, name="Foreign")
    rows = [
        model("acme/large"),
        model("openrouter/auto", prompt="-1", completion="-1"),
        model("acme/small:free", prompt="0", completion="0"),
        model("acme/tiny", prompt="0.0000001", completion="0.0000001"),
        model("acme/grand", prompt="0.00003", completion="0.00006"),
    ]
    with installation.store.write() as db:
        now_ms = installation.now_ms()
        prices.apply(db, plan_refresh({}, parse_models(rows), now_ms), len(rows), now_ms)
    return installation


def listed(api: TestClient, headers: dict[str, str], query: str = "") -> dict[str, Any]:
    answer = api.get(LIST + query, headers=headers)
    assert answer.status_code == 200, answer.text
    return {**answer.json(), "models": {row["id"]: row for row in answer.json()["models"]}}


def test_the_list_as_the_existing_system_shows_it(api: TestClient, acme: Installation) -> None:
    answer = listed(api, token_of(acme, "operator"))
    assert (answer["success"], answer["source"], answer["prices_are"]) == (True, "openrouter_api", "listed")
    assert answer["models"]["acme/large"] == {
        "id": "acme/large",
        "name": "acme/large by name",
        "provider": "acme",
        "price_per_million_input": 3.0,
        "price_per_million_output": 15.0,
        "price_per_million_cached": 3.0,
        "price_per_request": 0.0,
        "context_length": 8192,
        "category": "standard",
    }
    assert {row["id"]: row["category"] for row in answer["models"].values()} == {
        "acme/grand": "premium",
        "acme/large": "standard",
        "acme/small:free": "free",
        "acme/tiny": "budget",
        "openrouter/auto": "routed",
    }
    assert answer["models"]["openrouter/auto"]["price_per_million_input"] is None


def test_a_clients_people_see_what_they_pay_and_never_our_list(api: TestClient, acme: Installation) -> None:
    operator = token_of(acme, "operator")
    body = {"model": "acme/tiny", "client_org_id": CLIENT, "input_per_million": "7", "output_per_million": 9}
    assert api.post(OWN, json=body, headers=operator).status_code == 201
    for role in ("manager", "analyst"):
        answer = listed(api, token_of(acme, role))
        assert answer["prices_are"] == "sold"
        assert answer["models"]["acme/large"]["price_per_million_input"] == 6.0
        assert answer["models"]["acme/tiny"]["price_per_million_output"] == 9.0
        assert answer["models"]["openrouter/auto"]["price_per_million_input"] is None
    assert listed(api, operator, f"?client={CLIENT}")["models"]["acme/large"]["price_per_million_input"] == 6.0
    assert api.get(f"{LIST}?client={FOREIGN}", headers=token_of(acme, "manager")).status_code == 404
    assert api.get(LIST).status_code == 401


def test_prices_as_they_were_with_cached_tokens_and_requests(api: TestClient, acme: Installation) -> None:
    operator, manager = token_of(acme, "operator"), token_of(acme, "manager")
    body = {
        "model": "acme/large", "client_org_id": CLIENT, "input_per_million": "7", "output_per_million": "9",
        "cached_per_million": "0.7", "per_request": "0.002", "since": "2026-11-10",
    }  # fmt: skip
    assert api.post(OWN, json=body, headers=operator).status_code == 201
    names = ("price_per_million_input", "price_per_million_cached", "price_per_request")

    def large(query: str) -> list[float]:
        row = listed(api, manager, query)["models"]["acme/large"]
        return [row[name] for name in names]

    assert large("") == large("?at=2026-11-10") == [7.0, 0.7, 0.002]
    assert large("?at=2026-11-09")[0] == 6.0
    assert large("?at=2026-11-09")[2] == 0.0
    assert api.get(f"{LIST}?at=soon", headers=manager).status_code == 422


def test_the_source_and_the_last_refusal_are_shown(api: TestClient, acme: Installation) -> None:
    with acme.store.write() as db:
        prices.failed(db, acme.now_ms() + 1, "OpenRouter's list of models is empty")
    answer = listed(api, token_of(acme, "operator"))
    assert (answer["source"], answer["error"]) == ("cache", "OpenRouter's list of models is empty")
    assert listed(api, token_of(acme, "manager"))["error"] is None


def test_an_own_price_is_agreed_listed_and_ended(api: TestClient, acme: Installation) -> None:
    operator = token_of(acme, "operator")
    body = {"model": "acme/large", "input_per_million": "5.50", "output_per_million": "20", "since": "2026-01-01"}
    number = api.post(OWN, json=body, headers=operator).json()["id"]
    (row,) = api.get(OWN, headers=token_of(acme, "accountant")).json()
    assert row == {
        "id": number,
        "client_org_id": None,
        "model": "acme/large",
        "since": "2025-12-31T23:00:00Z",
        "input_per_million": "5.5",
        "output_per_million": "20",
        "cached_per_million": None,
        "per_request": "0",
        "ended": False,
        "set_by": "token 1 operator of mai_client_63a4eb6d",
    }
    end = {"model": "acme/large", "since": "2026-06-01T00:00:00Z"}
    assert api.post(f"{OWN}/end", json=end, headers=operator).status_code == 200
    assert api.post(f"{OWN}/end", json=end, headers=operator).status_code == 404
    assert [row["ended"] for row in api.get(f"{OWN}?client={CLIENT}", headers=operator).json()] == [False, True]


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"model": "acme/large", "input_per_million": "-1", "output_per_million": "1"}, 422),
        ({"model": "acme/large", "input_per_million": "NaN", "output_per_million": "1"}, 422),
        ({"model": "", "input_per_million": "1", "output_per_million": "1"}, 422),
        ({"model": "a/b", "input_per_million": "1", "output_per_million": "1", "since": "soon"}, 422),
        ({"model": "a/b", "input_per_million": "1", "output_per_million": "1", "client_org_id": "nobody"}, 404),
    ],
)
def test_an_own_price_that_cannot_be_is_refused(
    api: TestClient, acme: Installation, body: dict[str, Any], status: int
) -> None:
    assert api.post(OWN, json=body, headers=token_of(acme, "operator")).status_code == status


def test_only_operators_agree_on_prices_and_only_billing_sees_them(api: TestClient, acme: Installation) -> None:
    body = {"model": "acme/large", "input_per_million": "1", "output_per_million": "1"}
    for role, reads in (("accountant", 200), ("manager", 403), ("analyst", 403)):
        assert api.get(OWN, headers=token_of(acme, role)).status_code == reads
        assert api.post(OWN, json=body, headers=token_of(acme, role)).status_code == 403


def told(installation: Installation, *tables: tuple[str, str], through: str = "2026-11-20") -> None:
    rows = tuple(
        RateTable(date.fromisoformat(day), Decimal(rate), f"{number}/A/NBP/2026")
        for number, (day, rate) in enumerate(tables, 1)
    )
    with installation.store.write() as db:
        now_ms = installation.now_ms()
        rates.record(db, now_ms, Answered(rows, date(2026, 11, 1), date.fromisoformat(through)))


def test_the_rate_of_a_day(api: TestClient, acme: Installation) -> None:
    manager = token_of(acme, "manager")
    missing = api.get(RATE, headers=manager)
    assert (missing.status_code, "no NBP exchange rate is known" in missing.text) == (404, True)
    told(acme, ("2026-11-13", "3.6500"), ("2026-11-16", "3.6600"))
    answer = api.get(f"{RATE}?date=2026-11-15", headers=manager).json()
    assert answer.pop("age_s") in range(60)
    assert answer.pop("fetched_at")
    assert answer == {
        "success": True,
        "base": "USD",
        "quote": "PLN",
        "rate": 3.65,
        "rate_text": "3.6500",
        "effective_date": "2026-11-13",
        "table_no": "1/A/NBP/2026",
        "rate_source": "NBP table A",
        "provisional": False,
        "last_error": None,
    }
    assert api.get(f"{RATE}?date=2026-11-16", headers=manager).json()["effective_date"] == "2026-11-16"
    assert api.get(f"{RATE}?date=2026-13-01", headers=manager).status_code == 422


def test_a_held_rate_is_decided_by_who_does_the_billing(api: TestClient, acme: Installation) -> None:
    told(acme, ("2026-11-13", "3.6500"), ("2026-11-16", "4.4000"), ("2026-11-17", "9.0000"))
    accountant = token_of(acme, "accountant")
    shown = api.get("/api/v1/exchange-rates/usd?since=2026-11-16", headers=accountant).json()
    assert [(row["effective_date"], row["state"]) for row in shown] == [("2026-11-16", "held"), ("2026-11-17", "held")]
    path = "/api/v1/exchange-rates/USD/2026-11-1"
    assert api.post(f"{path}6", json={"decision": "accept"}, headers=token_of(acme, "manager")).status_code == 403
    answer = api.post(f"{path}6", json={"decision": "accept"}, headers=accountant).json()
    assert answer == {"success": True, "decision": "accept", "days": ["2026-11-16"]}
    assert api.post(f"{path}7", json={"decision": "refuse"}, headers=accountant).json()["days"] == ["2026-11-17"]
    assert api.post(f"{path}7", json={"decision": "refuse"}, headers=accountant).status_code == 409
    assert api.get(f"{RATE}?date=2026-11-18", headers=accountant).json()["rate"] == 4.4
