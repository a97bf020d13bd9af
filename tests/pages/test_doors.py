"""In front of the pages: no session, no page; the form, its token, the cookie, and the way out."""

from __future__ import annotations

import asyncio
import re
from typing import Any

import pytest
from fastapi.testclient import TestClient
from starlette.responses import PlainTextResponse
from starlette.testclient import WebSocketDenialResponse
from starlette.types import Message, Receive, Scope, Send
from starlette.websockets import WebSocket, WebSocketDisconnect

from mai_core.identity import accounts, links
from mai_core.identity.passwords import hash_password
from pages.parts import api, doors, index_page, sessions
from pages.parts.installation import settings
from pages.parts.registry import PAGES
from tests.pages.conftest import Desk

PASSWORD = "correct horse battery"


async def streamlit_stand_in(scope: Scope, receive: Receive, send: Send) -> None:
    """What is behind the doors: says that it was reached."""
    if scope["type"] == "websocket":
        socket = WebSocket(scope, receive, send)
        await socket.accept()
        await socket.send_text("inside")
        return
    await PlainTextResponse("inside")(scope, receive, send)


@pytest.fixture
def browser(desk: Desk) -> TestClient:
    return TestClient(doors.Doors(streamlit_stand_in), follow_redirects=False)


def make_account(desk: Desk, email: str = "eva@acme.example") -> None:
    with desk.installation.store.write() as db:
        account = accounts.create(
            db, desk.installation.now_ms(), "test", email=email, name="Ewa", role="operator", client_org_id=None
        )
        db.execute("UPDATE accounts SET password_hash = ? WHERE id = ?", (hash_password(PASSWORD), account["id"]))


def csrf_of(page: str) -> str:
    found = re.search(r'name="csrf" value="([^"]+)"', page)
    assert found
    return found[1]


def log_in(browser: TestClient, password: str = PASSWORD, wanted: str = "/users?period=30d") -> Any:
    token = csrf_of(browser.get("/login").text)
    form = {"csrf": token, "email": "eva@acme.example", "password": password, "next": wanted}
    return browser.post("/login", data=form)


def test_every_page_asks_for_a_login_first(browser: TestClient) -> None:
    for entry in PAGES:
        answer = browser.get(f"/{entry.path}?client=x")
        assert answer.status_code == 303
        assert answer.headers["location"].startswith("/login?next=%2F")
        assert "inside" not in answer.text


def test_nothing_of_streamlit_is_open(browser: TestClient) -> None:
    for path in ("/_stcore/stream", "/_stcore/host-config", "/media/abc.csv", "/component/x"):
        assert browser.get(path).status_code == 403
        assert browser.put(path).status_code == 403


def test_without_a_session_there_is_no_websocket(browser: TestClient) -> None:
    with pytest.raises((WebSocketDisconnect, WebSocketDenialResponse)), browser.websocket_connect("/_stcore/stream"):
        pass


def test_health_and_fonts_are_open(browser: TestClient) -> None:
    assert browser.get("/_stcore/health").text == "inside"
    assert browser.get("/app/static/icon.svg").text == "inside"


def test_login_sets_a_cookie_out_of_reach_of_scripts_and_leads_where_one_wanted(
    desk: Desk, browser: TestClient
) -> None:
    make_account(desk)
    answer = log_in(browser)
    assert answer.status_code == 303
    assert answer.headers["location"] == "/users?period=30d"
    cookie = answer.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie
    assert browser.get("/media/abc.csv").text == "inside"
    with browser.websocket_connect("/_stcore/stream") as socket:
        assert socket.receive_text() == "inside"


def test_nobody_leaves_files_in_memory(desk: Desk, browser: TestClient) -> None:
    """No page takes one, and Streamlit keeps whatever somebody with a session sends, twenty megabytes a time."""
    make_account(desk)
    log_in(browser)
    for path in ("/_stcore/upload_file/session/file", "/users/_stcore/upload_file/session/file"):
        assert browser.put(path, content=b"x").status_code == 403


def test_the_start_page_is_ours(desk: Desk, browser: TestClient) -> None:
    make_account(desk)
    log_in(browser)
    page = browser.get("/users", headers={"accept-language": "pl"}).text
    assert '<html lang="pl">' in page
    assert "<title>mAI Usage</title>" in page
    assert "BACKEND_BASE_URL" in page
    assert "kwoty na stronie mog" in page
    assert "Nie ma takiej strony" in page
    assert "SourceSans" not in page
    assert index_page.is_page("/first_run")
    assert not index_page.is_page("/static/js/index.js")


def test_behind_https_the_cookie_is_secure(desk: Desk, browser: TestClient) -> None:
    make_account(desk)
    browser.headers["x-forwarded-proto"] = "https"
    browser.base_url = "https://testserver"
    assert "Secure" in log_in(browser).headers["set-cookie"]


def test_a_wrong_password_says_so_and_no_more(desk: Desk, browser: TestClient) -> None:
    make_account(desk)
    answer = log_in(browser, "wrong")
    assert answer.status_code == 401
    assert "Nieprawidłowy e-mail lub hasło" in answer.text
    assert 'value="eva@acme.example"' in answer.text
    assert "set-cookie" not in answer.headers or sessions.COOKIE not in answer.headers["set-cookie"]


def test_a_form_from_elsewhere_is_refused(desk: Desk, browser: TestClient) -> None:
    make_account(desk)
    form = {"csrf": "guessed", "email": "eva@acme.example", "password": PASSWORD}
    assert browser.post("/login", data=form).status_code == 403
    browser.get("/login")
    assert browser.post("/login", data=form).status_code == 403
    assert browser.post("/logout", data=form).status_code == 403


@pytest.mark.parametrize("path", ["/login", "/logout", "/password"])
def test_nobody_can_fill_memory_or_disk_through_a_form(
    browser: TestClient, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("starlette.formparsers.SpooledTemporaryFile", None)
    token = csrf_of(browser.get(path).text)
    assert browser.post(path, data={"csrf": token, "x": "y" * 20_000}).status_code == 403
    assert browser.post(path, data={"csrf": token}, files={"x": ("x.txt", b"x" * 5000)}).status_code == 403
    assert browser.post(path, data={"csrf": token, **{f"x{n}": "1" for n in range(30)}}).status_code == 403


@pytest.mark.parametrize("path", ["/login", "/logout", "/password"])
def test_nobody_is_waited_for_whose_form_never_ends(path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doors, "_SECONDS_FOR_A_FORM", 0)
    told: list[Message] = []

    async def drip() -> Message:
        await asyncio.Event().wait()
        raise AssertionError

    async def told_so(message: Message) -> None:
        told.append(message)

    scope = {"type": "http", "method": "POST", "path": path, "query_string": b"", "headers": [], "scheme": "http"}
    asyncio.run(doors.Doors(streamlit_stand_in)(scope, drip, told_so))
    assert told[0]["status"] == 403


def test_login_never_leads_to_another_host(desk: Desk, browser: TestClient) -> None:
    make_account(desk)
    for wanted in ("//evil.example", "https://evil.example", "/\\evil.example", "javascript:alert(1)"):
        assert log_in(browser, wanted=wanted).headers["location"] == "/"


def test_logout_ends_the_session_for_every_tab(desk: Desk, browser: TestClient) -> None:
    make_account(desk)
    log_in(browser)
    token = browser.cookies[sessions.COOKIE]
    assert sessions.find(token) is not None
    answer = browser.post("/logout", data={"csrf": csrf_of(browser.get("/logout").text)})
    assert answer.headers["location"] == "/login"
    assert sessions.find(token) is None
    browser.cookies.set(sessions.COOKIE, token)
    assert browser.get("/").status_code == 303


def test_a_link_to_the_login_page_logs_nobody_out(desk: Desk, browser: TestClient) -> None:
    make_account(desk)
    log_in(browser)
    token = browser.cookies[sessions.COOKIE]
    browser.get("/login?out=1")
    assert browser.cookies[sessions.COOKIE] == token
    sessions.end(token)
    browser.get("/login?out=1")
    assert sessions.COOKIE not in browser.cookies


def test_the_language_can_be_chosen_before_login(browser: TestClient) -> None:
    assert "Zaloguj się" in browser.get("/login").text
    assert "Log in" in browser.get("/login", headers={"accept-language": "en-GB"}).text
    assert "Log in" in browser.get("/login?language=en").text
    assert "Log in" in browser.get("/login").text


def test_without_the_api_one_sentence_and_the_command(browser: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    def silence(*_: object, **__: object) -> None:
        raise api.ApiAway("nobody there")

    monkeypatch.setattr(api, "send", silence)
    browser.cookies.set(sessions.COOKIE, "mais_x")
    for path in ("/", "/users"):
        answer = browser.get(path)
        assert answer.status_code == 503
        assert "make run" in answer.text
    assert browser.get("/auth/demo-login").status_code == 503


def test_a_one_time_link_sets_a_password(desk: Desk, browser: TestClient) -> None:
    make_account(desk)
    with desk.installation.store.write() as db:
        account = accounts.by_email(db, "eva@acme.example")
        secret = links.issue(db, desk.installation.now_ms(), "test", account, "reset")
    page = browser.get(f"/password?link={secret}")
    form = {"csrf": csrf_of(page.text), "link": secret, "password": "another good password"}
    assert browser.post("/password", data=form).status_code == 303
    assert browser.post("/password", data=form).status_code == 422


def test_a_used_or_made_up_link_is_refused(browser: TestClient) -> None:
    page = browser.get("/password?link=made-up")
    form = {"csrf": csrf_of(page.text), "link": "made-up", "password": "another good password"}
    answer = browser.post("/password", data=form)
    assert answer.status_code == 422
    assert "Link wygasł" in answer.text
    assert browser.post("/password", data={**form, "csrf": "x"}).status_code == 403


def test_the_demo_logs_in_by_itself(desk: Desk, browser: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    assert browser.get("/auth/demo-login").headers["location"] == "/login"
    monkeypatch.setenv("MAI_DEMO", "true")
    settings.cache_clear()
    assert browser.get("/users").headers["location"] == "/auth/demo-login?role=operator&next=%2Fusers"
    assert "demo-login?role=manager" in browser.get("/login").text
