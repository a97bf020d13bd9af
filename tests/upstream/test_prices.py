"""The price book against OpenRouter: kept with its history, and untouched by whatever goes wrong."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from werkzeug import Request, Response

from mai_core.days import from_ms
from mai_core.errors import MaiError
from mai_core.price_refresh import preview_prices, refresh_prices
from mai_core.pricing import PriceBook
from mai_core.store import price_books, prices
from mai_core.upstream import http
from mai_core.upstream.openrouter_models import fetch_models
from tests.pricing.listed import model
from tests.upstream import servers
from tests.upstream.conftest import Opened
from tests.upstream.servers import FakeOpenRouter

DAY_1, DAY_2 = "2026-10-14T00:00:00Z", "2026-10-15T00:00:00Z"


def book(installation: object) -> PriceBook:
    with installation.store.read() as db:  # type: ignore[attr-defined]
        return price_books.load(db)


def prompt_price(installation: object, name: str = "acme/large") -> str:
    return str(book(installation).history(name)[-1].per_million("prompt"))


def test_a_refresh_fills_the_book_and_a_second_one_changes_nothing(opened: Opened, openrouter: FakeOpenRouter) -> None:
    installation = opened(DAY_1)
    first = refresh_prices(installation)
    assert (first.ok, first.models, first.changed, first.source) == (True, 2, 2, "openrouter_api")
    assert refresh_prices(installation).changed == 0
    assert len(book(installation)) == 2
    assert "output_modalities=all" in openrouter.asked[0]


def test_the_list_comes_page_by_page(opened: Opened, openrouter: FakeOpenRouter) -> None:
    openrouter.rows = [model(f"acme/{number}") for number in range(7)]
    openrouter.page = 3
    assert refresh_prices(opened(DAY_1)).models == 7
    assert len(openrouter.asked) == 3


def test_a_changed_price_counts_from_when_it_was_seen(opened: Opened, openrouter: FakeOpenRouter) -> None:
    refresh_prices(opened(DAY_1))
    openrouter.rows = [model("acme/large", prompt="0.000002")]
    installation = opened(DAY_2)
    plan = preview_prices(installation)
    assert [difference.listed.model for difference in plan.differences] == ["acme/large"]
    assert prompt_price(installation) == "3"
    refresh_prices(installation)
    history = book(installation).history("acme/large")
    assert [str(price.pricing.base["prompt"]) for price in history] == ["0.000003", "0.000002"]
    assert [from_ms(price.valid_from_ms).day for price in history] == [14, 15]
    assert len(book(installation)) == 2


def test_the_book_is_out_of_date_after_24_hours(opened: Opened, openrouter: FakeOpenRouter) -> None:
    installation = opened(DAY_1)
    refresh_prices(installation)
    fetched_ms, hour_ms = installation.now_ms(), 3_600_000
    with installation.store.read() as db:
        assert not prices.is_due(db, fetched_ms + 23 * hour_ms)
        assert prices.source(db, fetched_ms + 23 * hour_ms) == "openrouter_api"
        assert prices.is_due(db, fetched_ms + 24 * hour_ms)
        assert prices.source(db, fetched_ms + 24 * hour_ms) == "cache"


def empty(_: Request) -> Response:
    return servers.as_json({"data": [], "total_count": 0, "links": {"next": None}})


def negative(_: Request) -> Response:
    return servers.as_json({"data": [model("acme/large", prompt="-0.5"), model("acme/small", prompt="-2")]})


def all_free(_: Request) -> Response:
    return servers.as_json({"data": [model(f"acme/{number}", prompt="0", completion="0") for number in range(5)]})


def elsewhere(_: Request) -> Response:
    return servers.as_json({"data": [model()], "links": {"next": "https://elsewhere.example/api/v1/models?offset=1"}})


def in_circles(request: Request) -> Response:
    return servers.as_json({"data": [model()], "links": {"next": request.path + "?offset=1"}})


def endless(request: Request) -> Response:
    offset = int(request.args.get("offset", 0)) + 1
    return servers.as_json({"data": [model()], "links": {"next": f"{request.path}?offset={offset}"}})


LIES = [
    (servers.html, "not JSON: '<html>"),
    (servers.truncated, "not JSON"),
    (servers.not_a_number, "not JSON"),
    (servers.redirects_in_circles, "redirects in circles"),
    (servers.broken, "answered 502"),
    (empty, "list of models is empty"),
    (negative, "2 of 2 rows are unusable"),
    (all_free, "5 of 5 paid models became free"),
    (elsewhere, "on another host"),
    (in_circles, "has no end"),
    (endless, "more than 50 pages"),
    (lambda _: servers.as_json(["a"]), "not a list of models"),
    (lambda _: servers.raw_json("[" * 100_000), "not JSON"),
]


@pytest.mark.parametrize(("lie", "reason"), LIES, ids=[reason for _, reason in LIES])
def test_a_list_that_lies_changes_nothing_and_the_reason_is_kept(
    opened: Opened, openrouter: FakeOpenRouter, lie: Callable[[Request], Response], reason: str
) -> None:
    openrouter.rows = [model("acme/large"), *(model(f"acme/{number}") for number in range(5))]
    refresh_prices(opened(DAY_1))
    openrouter.answer = lie
    installation = opened(DAY_2)
    before = book(installation).latest()
    result = refresh_prices(installation)
    assert (result.ok, result.source) == (False, "cache")
    assert reason in str(result.error)
    assert book(installation).latest() == before
    with installation.store.read() as db:
        last, good = prices.last_fetch(db), prices.last_fetch(db, good=True)
    assert last is not None
    assert good is not None
    assert (last.ok, last.error) == (False, result.error)
    assert good.models == 6


def test_never_reached_the_bundled_list_counts_and_is_shown_as_such(opened: Opened, openrouter: FakeOpenRouter) -> None:
    openrouter.answer = servers.broken
    installation = opened(DAY_1)
    assert refresh_prices(installation).source == "fallback"
    price, flags = book(installation).at("openai/gpt-4o", installation.now_ms())
    assert price is not None
    assert (price.source, flags) == ("fallback", ("fallback_price",))
    assert price.id is not None
    openrouter.answer = None
    openrouter.rows = [model("openai/gpt-4o", prompt="0.000009")]
    assert refresh_prices(installation).source == "openrouter_api"
    assert prompt_price(installation, "openai/gpt-4o") == "9"
    assert book(installation).at("openai/gpt-4o-mini", installation.now_ms())[1] == ("fallback_price",)


def test_one_bad_row_drops_itself_and_is_named(opened: Opened, openrouter: FakeOpenRouter) -> None:
    openrouter.rows = [*(model(f"acme/{number}") for number in range(9)), model("acme/bad", prompt="-7")]
    installation = opened(DAY_1)
    result = refresh_prices(installation)
    assert (result.ok, result.models) == (True, 9)
    assert result.doubtful == (("acme/bad", "prompt: is negative (-7)"),)
    with installation.store.read() as db:
        last = prices.last_fetch(db)
    assert last is not None
    assert last.doubtful == result.doubtful


def test_a_base_price_seen_later_completes_the_standing_row(opened: Opened, openrouter: FakeOpenRouter) -> None:
    nights = [{"utc_start": 2000, "utc_end": 600, "prompt": "0.000001"}]
    openrouter.rows = [model("acme/large", prompt="0.000001", overrides=nights)]
    night = opened("2026-10-14T22:00:00Z")
    refresh_prices(night)
    seen_ms = night.now_ms()
    assert book(night).latest()[0].units_at(seen_ms + 12 * 3_600_000, 1)["prompt"] is None
    openrouter.rows = [model("acme/large", overrides=nights)]
    noon = opened("2026-10-15T12:00:00Z")
    refresh_prices(noon)
    (price,) = book(noon).history("acme/large")
    assert price.valid_from_ms <= seen_ms
    assert price.units_at(noon.now_ms(), 1)["prompt"] == 3 * 10**24


def test_an_answer_without_end_is_cut(openrouter: FakeOpenRouter, monkeypatch: pytest.MonkeyPatch) -> None:
    openrouter.answer = lambda _: Response("x" * 5000, 200)
    with pytest.raises(MaiError, match="more than 1 kB"):
        http.get(f"{openrouter.url}/models", largest=1024)
    with pytest.raises(MaiError, match="did not finish its answer"):
        http.get(f"{openrouter.url}/models", deadline_s=0)


def test_a_server_that_says_nothing_is_given_up(openrouter: FakeOpenRouter) -> None:
    import socket

    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        with pytest.raises(MaiError, match="did not answer within"):
            http.get(f"http://127.0.0.1:{port}/", timeout_s=0.05)


def test_nobody_there_and_no_address() -> None:
    with pytest.raises(MaiError, match="cannot be reached"):
        fetch_models("http://127.0.0.1:1/api/v1")
    with pytest.raises(MaiError, match="cannot be reached"):
        http.get("http://[/")
