"""When something is away, busy or over: one sentence, nothing that is not true, and the way back."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing

import apsw
import pytest
import streamlit as st
from fastapi.testclient import TestClient

from mai_core.errors import StoreUnavailable
from mai_core.language import Words
from mai_core.reports import Reporting
from mai_core.reports.reporting import QuestionFailed
from pages.parts import api, doors, reading, sessions, troubles
from tests.pages.conftest import Desk, Opener
from tests.pages.conftest import markup_of as drawn
from tests.pages.conftest import text_of as text
from tests.pages.test_doors import csrf_of, log_in, make_account, streamlit_stand_in

AMOUNT = "109,26 zł"


@pytest.fixture
def locked(desk: Desk) -> Iterator[apsw.Connection]:
    """Another process has the ledger for itself; ours does not wait for it."""
    store = desk.installation.store
    for connection in store._connections:
        connection.set_busy_timeout(0)
    with closing(apsw.Connection(str(store.path))) as other:
        yield other


@pytest.fixture
def browser(desk: Desk) -> TestClient:
    make_account(desk)
    return TestClient(doors.Doors(streamlit_stand_in), follow_redirects=False)


def silence(*_: object, **__: object) -> None:
    raise api.ApiAway("nobody there")


def test_a_busy_ledger_is_not_called_a_wrong_password(browser: TestClient, locked: apsw.Connection) -> None:
    locked.execute("BEGIN EXCLUSIVE")
    answer = log_in(browser)
    assert answer.status_code == 503
    assert "Serwis jest teraz zajęty" in answer.text
    assert "Nieprawidłowy" not in answer.text
    locked.execute("ROLLBACK")
    assert log_in(browser).status_code == 303


def test_nobody_is_told_to_be_logged_out_who_is_not(browser: TestClient, locked: apsw.Connection) -> None:
    log_in(browser)
    token = browser.cookies[sessions.COOKIE]
    locked.execute("BEGIN EXCLUSIVE")
    answer = browser.post("/logout", data={"csrf": csrf_of(browser.get("/logout").text)})
    assert answer.status_code == 503
    assert "sesja jest nadal otwarta" in answer.text
    locked.execute("ROLLBACK")
    assert sessions.find(token) is not None


def test_a_locked_ledger_is_read_and_a_change_says_that_nothing_was_saved(
    desk: Desk, open_page: Opener, locked: apsw.Connection
) -> None:
    token = desk.login("operator")
    page = open_page(token, "tokens")
    locked.execute("BEGIN EXCLUSIVE")
    page.text_input(key="token_name").set_value("Nightly export").run()
    page.button(key="token_make").click().run()
    assert "Nic nie zapisano: księga jest teraz zajęta" in text(page)
    assert "usage_summary.db" not in text(page)
    page.button(key="language").click().run()
    assert "Nic nie zapisano" in text(page)
    page.button(key="logout").click().run()
    assert "sesja jest nadal otwarta" in text(page)
    locked.execute("ROLLBACK")
    page.button(key="token_make").click().run()
    assert "Nightly export" in text(open_page(token, "tokens"))


def test_a_ledger_that_cannot_be_read_shows_no_amount_and_comes_back(
    desk: Desk, open_page: Opener, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = desk.login("manager")
    working = reading.opened_by

    def broken() -> Reporting:
        raise StoreUnavailable("the ledger /var/lib/mai/usage_summary.db cannot be read now: disk I/O error")

    monkeypatch.setattr(reading, "opened_by", broken)
    for path in ("", "users", "models", "months", "forecast", "billing"):
        page = open_page(token, path)
        assert not page.exception
        assert "Księgi zużycia nie da się teraz odczytać" in text(page), path
        assert "zł" not in text(page), path
        assert "/var/lib" not in text(page), path
    monkeypatch.setattr(reading, "opened_by", working)
    st.cache_resource.clear()
    page.button(key="try_again").click().run()
    assert not page.exception
    assert "Księgi zużycia" not in text(page)
    assert AMOUNT in text(page)


def test_a_read_that_failed_leaves_nothing_old_behind(
    desk: Desk, open_page: Opener, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The ledger has changed and cannot be read: what was read before is not shown at the second try either."""
    token = desk.login("manager")
    assert AMOUNT in text(open_page(token, "users"))
    with desk.installation.store.write() as db:
        db.execute("UPDATE people SET name = 'Ktoś Inny'")
    monkeypatch.setattr(reading, "ledger_version", lambda: ((1, 1),))

    def broken(*_: object) -> None:
        raise StoreUnavailable("disk I/O error")

    with monkeypatch.context() as gone:
        gone.setattr(reading.reporting(), "snapshot", broken)
        for _ in range(2):
            page = open_page(token, "users")
            assert "Księgi zużycia nie da się teraz odczytać" in text(page)
            assert AMOUNT not in text(page)
    assert "Ktoś Inny" in text(open_page(token, "users"))


def test_an_api_that_goes_away_takes_the_numbers_with_it_and_brings_them_back(
    desk: Desk, open_page: Opener, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = open_page(desk.login("manager"), "users")
    assert AMOUNT in text(page)
    sessions._remembered.clear()
    with monkeypatch.context() as away:
        away.setattr(api, "send", silence)
        page.run()
        assert not page.exception
        assert "Strona wróci sama" in text(page)
        assert "zł" not in text(page)
    page.run()
    assert AMOUNT in text(page)


def test_a_session_that_ends_leads_back_to_where_one_was(desk: Desk, open_page: Opener) -> None:
    token = desk.login("manager")
    page = open_page(token, "users", period="last_month")
    sessions.end(token)
    page.run()
    assert "Sesja wygasła" in text(page)
    assert "login?ended=1&next=' + encodeURIComponent(location.pathname" in drawn(page)


def test_login_leads_back_also_in_the_demo(browser: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    from pages.parts.installation import settings

    monkeypatch.setenv("MAI_DEMO", "true")
    settings.cache_clear()
    page = browser.get("/login?ended=1&next=%2Fusers%3Fperiod%3D30d").text
    assert "role=manager&amp;next=%2Fusers%3Fperiod%3D30d" in page
    assert "Sesja wygasła" in page


@pytest.mark.parametrize("language", ["pl", "en"])
def test_no_sentence_repeats_a_machine(language: str) -> None:
    words = Words("pl" if language == "pl" else "en")
    secret = "/var/lib/mai/usage_summary.db"
    for error in (api.ApiAway(secret), StoreUnavailable(secret), QuestionFailed(secret)):
        assert secret not in troubles.sentence(words, error)
        assert secret not in troubles.of_a_change(words, error)


def test_whether_a_change_was_saved_is_said_as_far_as_it_is_known() -> None:
    words = Words("en")
    assert "Nothing was saved" in troubles.of_a_change(words, api.ApiAway("refused"))
    assert "not known whether" in troubles.of_a_change(words, api.ApiAway("timed out", may_have_arrived=True))
    assert "Nothing was saved" in troubles.of_a_change(words, StoreUnavailable("busy"))
