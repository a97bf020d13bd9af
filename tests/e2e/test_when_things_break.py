"""What is away, locked, gone or over: one sentence, no number that is not true, and the way back when it is over."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import closing, contextmanager

import apsw
import pytest

from tests.e2e.conftest import Visitor
from tests.e2e.site import Site
from tests.e2e.visiting import Visit

pytestmark = pytest.mark.e2e

TOTAL = "tfoot td[data-label='Kwota PLN']"


def says(seen: Visit, sentence: str) -> None:
    seen.page.wait_for_selector(f"text={sentence}")
    assert not re.search(r"\d zł", seen.text())
    assert "Traceback" not in seen.text()


@contextmanager
def locked(site: Site) -> Iterator[None]:
    """Another process writes, and does not end."""
    with closing(apsw.Connection(str(site.ledger))) as other:
        other.execute("BEGIN EXCLUSIVE")
        yield
        other.execute("ROLLBACK")


def test_the_api_goes_away_and_comes_back(visit_to: Visitor, own_site: Site) -> None:
    seen = visit_to(own_site, "manager", path="/?period=last_month")
    amount = seen.page.inner_text(".m-card .m-value >> nth=0")
    own_site.stop("api")
    says(seen, "Strona wróci sama")
    other = seen.page.context.new_page()
    other.goto(f"{own_site.address}/models")
    other.wait_for_selector("text=Strona wróci sama")
    own_site.start("api")
    seen.page.wait_for_selector(f".m-card .m-value:has-text('{amount}')")
    assert "period=last_month" in seen.page.url
    other.wait_for_selector(".m-head h1:has-text('Modele')")
    other.close()
    seen.excuse("503")


def test_a_locked_ledger_is_read_and_says_what_was_not_saved(visit_to: Visitor, own_site: Site) -> None:
    seen = visit_to(own_site, "operator", path="/users?period=last_month")
    amount = seen.page.inner_text(TOTAL)
    with locked(own_site):
        seen.go("/users?period=last_month")
        assert seen.page.inner_text(TOTAL) == amount
        seen.go_inside("/tokens")
        seen.page.fill(".st-key-token_name input", "Nocny eksport")
        seen.page.press(".st-key-token_name input", "Tab")
        seen.page.click(".st-key-token_make button")
        seen.page.wait_for_selector("text=Nic nie zapisano: księga jest teraz zajęta")
        assert "usage_summary" not in seen.text()
    seen.page.click(".st-key-token_make button")
    seen.page.wait_for_selector(".st-key-card_token_new .stCode")
    assert seen.page.locator(".st-key-card_tokens .m-notice.bad").count() == 0


def test_a_ledger_that_is_gone_shows_nothing_until_it_is_back(visit_to: Visitor, own_site: Site) -> None:
    seen = visit_to(own_site, "manager", path="/users?period=last_month")
    amount = seen.page.inner_text(TOTAL)
    hidden = own_site.ledger.with_suffix(".hidden")
    own_site.ledger.rename(hidden)
    try:
        seen.go_inside("/?period=last_month")  # which looks every two seconds
        says(seen, "Księgi zużycia nie da się teraz odczytać")
        assert str(own_site.folder) not in seen.text()
    finally:
        hidden.rename(own_site.ledger)
    seen.page.wait_for_selector(f"{TOTAL}:has-text('{amount}')")


def test_reports_that_are_gone_or_spoilt_change_no_number(visit_to: Visitor, own_site: Site) -> None:
    seen = visit_to(own_site, "manager", path="/users?period=year")
    amount = seen.page.inner_text(TOTAL)
    files = sorted((own_site.folder / "lake" / "shared").rglob("*.parquet"))
    assert len(files) > 10
    for place, file in enumerate(files):
        if place % 2:
            file.unlink()
        else:
            file.write_bytes(file.read_bytes()[:100] + b"spoilt")
    own_site.stop("app")
    own_site.start("app")
    seen.go("/users?period=year")
    assert seen.page.inner_text(TOTAL) == amount
    assert seen.page.locator(".m-notice.bad").count() == 0
    seen.excuse("WebSocket", "ERR_CONNECTION_REFUSED")


def test_the_pages_server_goes_away_and_comes_back(visit_to: Visitor, own_site: Site) -> None:
    seen = visit_to(own_site, "manager", path="/users?period=last_month")
    amount = seen.page.inner_text(TOTAL)
    own_site.stop("app")
    seen.page.wait_for_selector("[role=dialog]:has-text('kwoty na stronie mogą być nieaktualne')")
    assert "Streamlit" not in seen.text()
    own_site.start("app")
    seen.page.wait_for_selector("[role=dialog]", state="detached")
    seen.settled()
    assert seen.page.inner_text(TOTAL) == amount
    seen.page.click("[data-testid=stSidebar] a:has-text('Modele')")
    seen.page.wait_for_selector(".m-head h1:has-text('Modele')")
    seen.excuse("WebSocket", "ERR_CONNECTION_REFUSED", "/_stcore/", "server is not responding")


def test_a_session_that_ends_in_the_middle_of_a_click(visit_to: Visitor, own_site: Site) -> None:
    seen = visit_to(own_site, "analyst", path="/users?period=90d")
    cookie = next(cookie for cookie in seen.page.context.cookies() if cookie["name"] == "mai_session")
    own_site.ask("POST", "/auth/logout", cookie["value"])
    seen.page.click(".st-key-language button")
    seen.page.wait_for_url("**/login?ended=1*")
    says(seen, "Sesja wygasła. Zaloguj się ponownie.")
    seen.page.click("nav >> text=Analityk")
    seen.settled()
    assert seen.page.url == f"{own_site.address}/users?period=90d"
    assert seen.page.inner_text(TOTAL)
