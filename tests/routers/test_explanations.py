"""Why a generation costs what it costs: the whole way for operators, from the sale price on for a client's people."""

from __future__ import annotations

import pytest
from fastapi.testclient import TestClient

from mai_core.installation import Installation
from mai_core.intake.booking import book
from mai_core.pricing import parse_models, plan_refresh
from mai_core.store import clients, prices, rating_books, sale_prices
from tests.builders import CLIENT, NOON, make_arrival, make_client
from tests.pricing.listed import model
from tests.routers.callers import FOREIGN, token_of

PATH = "/api/v1/generations/gen-{}/explanation"


@pytest.fixture
def acme(installation: Installation) -> Installation:
    make_client(installation.store)
    make_client(installation.store, FOREIGN, name="Foreign")
    rows = [model("acme/large", input_cache_read="0.0000003"), model("acme/own")]
    with installation.store.write() as db:
        prices.apply(db, plan_refresh({}, parse_models(rows), NOON - 1), 2, NOON - 1)
        sale_prices.put(
            db, NOON, model="acme/own", input_per_million="5", output_per_million="20", per_request="0.001",
            effective_from_ms=0, actor="anna",
        )  # fmt: skip
        used = {"input_tokens": 1000, "output_tokens": 100, "cached_tokens": 800}
        arrivals = [
            make_arrival("gen-listed", model="acme/large", cost=None, **used),
            make_arrival("gen-own", model="acme/own", cost="0.10", **used),
            make_arrival("gen-unknown", model="acme/unheard-of", cost=None, **used),
        ]
        book(db, rating_books.load(db, installation.settings), arrivals, NOON)
    return installation


def test_an_operator_sees_which_tokens_at_which_price(api: TestClient, acme: Installation) -> None:
    answer = api.get(PATH.format("listed"), params={"client": CLIENT}, headers=token_of(acme, "operator")).json()
    assert (answer["charged_usd"], answer["charge_lines"], answer["is_current"]) == ("0.003042", [], True)
    cost = answer["cost"]
    assert cost["lines"] == [
        {"what": "prompt", "quantity": 200, "unit_usd": "0.000003", "amount_usd": "0.0006"},
        {"what": "input_cache_read", "quantity": 800, "unit_usd": "0.0000003", "amount_usd": "0.00024"},
        {"what": "completion", "quantity": 100, "unit_usd": "0.000015", "amount_usd": "0.0015"},
    ]
    assert (cost["raw_usd"], cost["basis"], cost["markup"], cost["price_source"]) == (
        "0.00234",
        "price_book",
        "1.3",
        "openrouter_api",
    )


def test_a_clients_people_see_the_sale_price_and_no_cost(api: TestClient, acme: Installation) -> None:
    for role in ("manager", "analyst"):
        answer = api.get(PATH.format("own"), headers=token_of(acme, role)).json()
        assert answer["cost"] is None
        assert answer["charged_usd"] == "0.008"
        assert [line["what"] for line in answer["charge_lines"]] == ["input", "cached", "output", "request"]
        hidden = api.get(PATH.format("listed"), headers=token_of(acme, role)).json()
        assert (hidden["cost"], hidden["charge_lines"]) == (None, [])


def test_a_generation_without_a_price(api: TestClient, acme: Installation) -> None:
    answer = api.get(PATH.format("unknown"), params={"client": CLIENT}, headers=token_of(acme, "operator")).json()
    assert (answer["charged_usd"], answer["cost"]["basis"], answer["cost"]["lines"]) == ("0", "unpriced", [])
    assert (answer["cost"]["price_from"], answer["cost"]["flags"]) == (None, ["unpriced"])


def test_what_rating_would_say_differently_today_is_said(api: TestClient, acme: Installation) -> None:
    with acme.store.write() as db:
        clients.update(db, NOON, CLIENT, {"markup_rate": "2"}, markup_from_ms=NOON - 1)
    answer = api.get(PATH.format("listed"), headers=token_of(acme, "manager")).json()
    assert (answer["charged_usd"], answer["is_current"]) == ("0.003042", False)


def test_a_foreign_generation_is_one_that_does_not_exist(api: TestClient, acme: Installation) -> None:
    foreign = token_of(acme, "manager", FOREIGN)
    assert api.get(PATH.format("listed"), headers=foreign).status_code == 404
    assert api.get(PATH.format("listed"), params={"client": CLIENT}, headers=foreign).status_code == 404
    assert api.get(PATH.format("nowhere"), headers=token_of(acme, "manager")).status_code == 404
