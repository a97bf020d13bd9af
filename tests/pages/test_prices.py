"""Sale prices on their page: what is in force, agreeing on one, letting the markup count again."""

from __future__ import annotations

from datetime import date

import pytest
from streamlit.testing.v1 import AppTest

from mai_core.store import sale_prices
from pages.parts import shell
from pages.prices import states_of
from tests.pages.conftest import ACME, OTHER, SECRET_MODEL, Desk, Opener
from tests.pages.conftest import markup_of as drawn
from tests.pages.conftest import text_of as text

MODEL = "openai/gpt-4o"
NOW_MS = 1_800_000_000_000


def _price(since: str, *, model: str = MODEL, client: str | None = ACME, ended: bool = False) -> dict[str, object]:
    return {"model": model, "client_org_id": client, "since": since, "ended": ended}


def test_the_latest_that_has_begun_counts() -> None:
    """Now is January 2027."""
    agreed = [
        _price("2026-01-01T00:00:00Z"), _price("2026-02-01T00:00:00Z"), _price("2028-01-01T00:00:00Z"),
        _price("2026-01-01T00:00:00Z", client=None), _price("2026-01-01T00:00:00Z", model="a/b"),
        _price("2026-03-01T00:00:00Z", model="a/b", ended=True),
    ]  # fmt: skip
    assert states_of(agreed, NOW_MS) == ["replaced", "now", "later", "now", "replaced", "ended"]


def _fill(page: AppTest, since: date | None = None, **typed: str) -> AppTest:
    page.selectbox(key="price_model").select(MODEL).run()
    page.date_input(key=f"price_since_{MODEL}").set_value(since)
    for name, value in typed.items():
        page.text_input(key=f"price_{name}_{MODEL}").set_value(value)
    return next(button for button in page.button if button.label == "Zapisz").click().run()


@pytest.fixture(autouse=True)
def _one_clock(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was agreed on just now has begun: a moved clock starts anew in every process, in here too."""
    monkeypatch.setattr(shell, "clock", lambda: desk.installation.clock)


def test_a_price_is_agreed_on_and_ended_again(desk: Desk, open_page: Opener) -> None:
    page = open_page(desk.login("operator"), "prices", client=ACME)
    assert "Żadna cena nie jest uzgodniona" in text(page)
    page = _fill(page, input_per_million="2,75", output_per_million="11", per_request="0,00005")
    assert "m-notice bad" not in drawn(page), text(page)
    shown = text(page)
    assert "2,75 USD 2,75 USD 11,00 USD 0,00005 USD" in shown
    assert "obowiązuje" in shown
    with desk.installation.store.read() as db:
        (found,) = sale_prices.list_all(db)
    assert (found["client_org_id"], found["model"], found["input_per_million"]) == (ACME, MODEL, "2.75")
    page.button(key="price_end").click().run()
    assert "Żadna cena nie jest uzgodniona" in text(page)
    page.toggle(key="prices_past").set_value(True).run()
    assert "zakończona: narzut" in text(page)


def test_a_price_for_everybody_and_from_a_day(desk: Desk, open_page: Opener) -> None:
    page = _fill(open_page(desk.login("operator"), "prices"), input_per_million="1", output_per_million="2",
                 since=date(2026, 11, 1))  # fmt: skip
    assert "będzie obowiązywać" in text(page)
    with desk.installation.store.read() as db:
        assert [row["client_org_id"] for row in sale_prices.list_all(db)] == [None]


def test_what_is_refused_is_said_in_the_readers_language(desk: Desk, open_page: Opener) -> None:
    page = _fill(open_page(desk.login("operator"), "prices", client=ACME), input_per_million="tanio")
    assert "m-notice bad" in drawn(page)
    assert "Wejście" in text(page)
    assert "pole jest wymagane" in text(page)


def test_an_accountant_reads_and_agrees_on_nothing(desk: Desk, open_page: Opener) -> None:
    with desk.installation.store.write() as db:
        sale_prices.put(
            db, desk.installation.now_ms(), model=SECRET_MODEL, client_org_id=OTHER, input_per_million="3",
            output_per_million="9", actor="test",
        )  # fmt: skip
    page = open_page(desk.login("accountant"), "prices")
    assert "3,00 USD" in text(page)
    assert not [widget for widget in page.selectbox if widget.key == "price_model"]
