"""Prices, rates, own prices and re-rating from the command line."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest
from pytest_httpserver import HTTPServer

from mai_core.cli import main
from mai_core.installation import open_installation
from mai_core.intake.booking import book
from mai_core.settings import load_settings
from mai_core.store import rating_books
from tests.builders import CLIENT, make_arrival, make_client
from tests.pricing.listed import model
from tests.upstream.servers import FakeNbp, FakeOpenRouter, broken

Command = Callable[..., tuple[int, str]]


@pytest.fixture
def run(
    tmp_path: Path, httpserver: HTTPServer, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Command:
    """A command as in a shell on the evening of a Friday; answers its exit code and all that it printed."""
    monkeypatch.chdir(tmp_path)
    for name, value in {
        "MAI_DATA_DIR": str(tmp_path / "data"),
        "MAI_SECRET_KEY": "a key for tests",
        "MAI_CLOCK": "2026-11-20T18:00:00Z",
        "OPENROUTER_API_URL": httpserver.url_for("/api/v1"),
        "NBP_API_URL": httpserver.url_for("/api/exchangerates/rates/a/usd/"),
    }.items():
        monkeypatch.setenv(name, value)
    for name in ("CLIENT_ORG_ID", "ORGANIZATION_NAME", "OPENROUTER_EXTERNAL_USER", "NBP_SERVICE_URL"):
        monkeypatch.delenv(name, raising=False)

    def command(*words: str) -> tuple[int, str]:
        code = main(words)
        printed = capsys.readouterr()
        return code, printed.out + printed.err

    return command


@pytest.fixture
def openrouter(httpserver: HTTPServer) -> FakeOpenRouter:
    return FakeOpenRouter(
        httpserver, [model("acme/large", slug="acme/large-1"), model("openrouter/auto", prompt="-1", completion="-1")]
    )


@pytest.fixture
def nbp(httpserver: HTTPServer) -> FakeNbp:
    return FakeNbp(httpserver)


def test_the_book_before_and_after_the_first_refresh(run: Command, openrouter: FakeOpenRouter) -> None:
    assert "Source: fallback; last good answer: never" in run("prices", "list")[1]
    assert "2 changes, 0 not taken; nothing was written" in run("prices", "diff")[1]
    assert run("prices", "refresh") == (0, "2 models, 2 new or changed prices\n")
    shown = run("prices", "list", "ACME")[1]
    assert "acme/large" in shown
    assert "1 of 2 models" in shown
    assert "Source: openrouter_api; last good answer: 2026-11-20 18:00 UTC" in shown
    assert "no price" in run("prices", "list", "auto")[1]


def test_what_a_refresh_would_change_and_what_it_doubts(run: Command, openrouter: FakeOpenRouter) -> None:
    run("prices", "refresh")
    openrouter.rows[0] = model("acme/large", prompt="0.000002")
    openrouter.rows += [model(f"acme/{number}") for number in range(9)] + [model("acme/bad", prompt="x")]
    shown = run("prices", "diff")[1]
    assert '- {"completion":"0.000015","prompt":"0.000003"}' in shown
    assert '+ {"completion":"0.000015","prompt":"0.000002"}' in shown
    assert "acme/bad: not taken, prompt: is not a number" in shown
    assert "acme/bad: not taken" in run("prices", "refresh")[1]


def test_one_model_by_any_name(run: Command, openrouter: FakeOpenRouter) -> None:
    run("prices", "refresh")
    assert "acme/large-1 is another name of acme/large" in run("prices", "show", "acme/large-1")[1]
    assert "is routed to and priced as acme/large" in run("prices", "show", "acme/large:nitro")[1]
    code, said = run("prices", "show", "acme/large:free")
    assert (code, "has no price" in said) == (1, True)


def test_a_refresh_that_fails_says_why_and_what_stays(run: Command, openrouter: FakeOpenRouter) -> None:
    openrouter.answer = broken
    code, said = run("prices", "refresh")
    assert code == 1
    assert "answered 502" in said
    assert "the last good prices stay in force (source: fallback)" in said
    assert "The last refresh failed" in run("prices", "list")[1]


def test_rates_are_brought_and_listed(run: Command, nbp: FakeNbp) -> None:
    assert "NBP has not answered yet" in run("rates", "list")[1]
    assert run("rates", "fetch") == (0, "67 new tables, 0 usage days settled\n")
    shown = run("rates", "list", "--from", "2026-11-19", "--to", "2026-11-19")[1]
    assert shown.splitlines() == [
        "2026-11-19  3.6543     323/A/NBP/2026",
        "1 tables. NBP answered for 2026-08-20 to 2026-11-20, last at 2026-11-20 18:00 UTC",
    ]
    assert run("rates", "list", "--from", "yesterday")[0] == 1


def test_a_held_rate_is_accepted_or_refused(run: Command, nbp: FakeNbp) -> None:
    nbp.rates = {date(2026, 11, 19): "5.0000", date(2026, 11, 20): "9.0000"}
    assert "2026-11-19 is held: 15 % off the table before" in run("rates", "fetch")[1]
    assert run("rates", "accept", "2026-11-19") == (0, "in use: 2026-11-19; 0 usage days settled\n")
    assert "2026-11-20 is refused" in run("rates", "refuse", "2026-11-20")[1]
    assert "9.0000     324/A/NBP/2026  REFUSED" in run("rates", "list")[1]
    assert run("rates", "accept", "2026-11-19") == (1, "error: the USD rate of 2026-11-19 is not held: it is used\n")
    nbp.rates[date(2026, 11, 19)] = "5.1000"
    assert "2026-11-19: NBP now tells another rate than the one in use, which stays" in run("rates", "fetch")[1]


def test_nbp_down_is_said_and_kept(run: Command, nbp: FakeNbp) -> None:
    nbp.answer = broken
    code, said = run("rates", "fetch")
    assert (code, "answered 502" in said, "stay in use" in said) == (1, True, True)
    assert "The last question failed" in run("rates", "list")[1]


def test_an_own_price_and_what_it_changes(run: Command, tmp_path: Path) -> None:
    installation = open_installation(load_settings())
    make_client(installation.store)
    with installation.store.write() as db:
        arrival = make_arrival(cost="0.10", input_tokens=1_000_000, output_tokens=0)
        book(db, rating_books.load(db, installation.settings), [arrival], arrival.received_at_ms)
    installation.close()
    agree = ("sale-price", "set", "openai/gpt-4o", "--input", "5", "--output", "20", "--client", CLIENT)
    assert run(*agree, "--since", "2026-10-01")[0] == 0
    days = ("--from", "2026-10-01", "--to", "2026-10-31", "--client", CLIENT)
    shown = run("rerate", *days)[1].splitlines()
    assert shown == [
        f"{CLIENT}  2026-10-14  openai/gpt-4o: 1 generations, cost 0.1 -> 0.1, charged 0.13 -> 5 USD",
        "1 of 1 generations change, charged +4.87 USD: nothing was written; --apply writes it",
    ]
    assert "charged +4.87 USD: applied" in run("rerate", *days, "--apply")[1]
    assert "0 of 1 generations change, charged 0 USD" in run("rerate", *days)[1]
    listed = run("sale-price", "list")[1]
    assert "from 2026-09-30 22:00 UTC  in 5 out 20 cached 5 request 0" in listed
    assert run("sale-price", "end", "openai/gpt-4o", "--client", CLIENT) == (
        0,
        "the markup applies to openai/gpt-4o again\n",
    )
    assert "ended" in run("sale-price", "list", "--client", CLIENT)[1]
    assert run("sale-price", "end", "openai/gpt-4o")[0] == 1
