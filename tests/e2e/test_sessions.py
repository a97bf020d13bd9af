"""Coming in and going out, in tabs that know nothing of each other."""

from __future__ import annotations

import pytest

from tests.e2e.conftest import Visitor
from tests.e2e.site import Site

pytestmark = pytest.mark.e2e


def test_login_by_form_reload_and_logout_in_another_tab(visit: Visitor, site: Site) -> None:
    one = visit(None, path="/login")
    assert "Zaloguj się" in one.text()
    one.page.fill("#email", "nobody@demo.invalid")
    one.page.fill("#password", "wrong")
    one.page.click("button[type=submit]")
    one.page.wait_for_selector("[role=alert]")
    assert "Nieprawidłowy e-mail lub hasło" in one.text()
    one.excuse("401")
    one.page.click("nav >> text=Kierownik")
    one.settled()
    one.page.reload()
    one.settled()
    cookie = next(cookie for cookie in one.page.context.cookies() if cookie["name"] == "mai_session")
    assert cookie["httpOnly"]
    assert cookie["sameSite"] == "Lax"
    other = one.page.context.new_page()
    other.goto(f"{site.address}/models")
    other.wait_for_selector(".m-head h1")
    other.click(".st-key-logout button")
    other.wait_for_url("**/login*")
    one.page.wait_for_url("**/login*")
    assert "zł" not in one.text()
