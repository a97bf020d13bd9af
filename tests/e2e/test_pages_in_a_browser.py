"""What only a real browser can tell. Every visit also checks that no other host was asked and the console is clean."""

from __future__ import annotations

import csv
import io
import json
import re
import urllib.error
import urllib.request
from datetime import UTC, datetime
from pathlib import Path

import openpyxl
import pytest

from pages.parts.registry import PAGES
from tests.e2e.conftest import PICTURES, Site, Visit, Visitor

pytestmark = pytest.mark.e2e

ENGLISH = re.compile(
    r"\b(the|and|of|is|are|this|that|your|with|from|not|day|days|month|months|week|year|people|person|users?|total"
    r"|amount|request|requests|change|rate|cost|name|role|save|search|show|previous|expected|share|department)\b",
    re.IGNORECASE,
)


def picture(visit: Visit, name: str) -> None:
    PICTURES.mkdir(exist_ok=True)
    height = visit.page.evaluate("() => document.querySelector('.stMain')?.scrollHeight ?? 900")
    size = visit.page.viewport_size or {"width": 1440, "height": 900}
    visit.page.set_viewport_size({"width": size["width"], "height": min(max(height, size["height"]), 6000)})
    visit.page.wait_for_timeout(150)
    visit.page.screenshot(path=str(PICTURES / f"{name}.png"))
    visit.page.set_viewport_size(size)


class _Stay(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: object) -> None:
        return None


def test_a_fresh_server_asked_for_every_page_shows_nothing(site: Site) -> None:
    """Runs first: nobody has opened a page yet, which is when Streamlit would run pages/*.py by themselves."""
    opener = urllib.request.build_opener(_Stay)
    for entry in PAGES:
        with pytest.raises(urllib.error.HTTPError) as refused:
            opener.open(f"{site.address}/{entry.path}", timeout=10)
        assert refused.value.code == 303
        assert refused.value.read() == b""


def test_the_first_deep_link_of_a_fresh_server_is_whole(visit: Visitor) -> None:
    assert "Użytkownicy" in visit("manager", path="/users").text()


def test_login_by_form_reload_and_logout_in_another_tab(visit: Visitor, site: Site) -> None:
    one = visit(None, path="/login")
    assert "Zaloguj się" in one.text()
    one.page.fill("#email", "nobody@demo.invalid")
    one.page.fill("#password", "wrong")
    one.page.click("button[type=submit]")
    one.page.wait_for_selector("[role=alert]")
    assert "Nieprawidłowy e-mail lub hasło" in one.text()
    one.complaints = [said for said in one.complaints if "401" not in said]
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
    one.page.wait_for_url("**/login*", timeout=15_000)
    assert "zł" not in one.text()


@pytest.mark.parametrize("role", ["operator", "accountant", "manager", "analyst"])
def test_every_page_in_polish(role: str, visit: Visitor) -> None:
    seen = visit(role)
    client = _one_client(seen) if role in ("operator", "accountant") else ""
    for entry in PAGES:
        if role not in entry.roles:
            continue
        seen.go(f"/{entry.path}?{_query(entry.path)}&client={client}")
        assert "m-notice bad" not in seen.page.content(), entry.path
        assert english_words(seen) == [], f"/{entry.path}"
        if role in ("operator", "analyst"):
            picture(seen, f"{role}-pl-{entry.path or 'overview'}")


@pytest.mark.parametrize("role", ["operator", "manager"])
def test_every_page_in_english_dark_and_on_a_phone(role: str, visit: Visitor) -> None:
    phone = role == "manager"
    seen = visit(role, "en", phone=phone, dark=not phone)
    for entry in PAGES:
        if role not in entry.roles:
            continue
        seen.go(f"/{entry.path}?{_query(entry.path)}")
        assert not re.search(r"[ąćęłńśźż]", seen.page.inner_text(".m-head h1").lower()), entry.path
        if phone:
            too_wide = seen.page.evaluate("() => document.documentElement.scrollWidth - window.innerWidth")
            assert too_wide <= 0, f"/{entry.path} is wider than the phone"
        picture(seen, f"{role}-en-{entry.path or 'overview'}-{'phone' if phone else 'dark'}")


READ = """hidden => {
    const copy = document.querySelector('.stApp').cloneNode(true);
    copy.querySelectorAll(hidden.join(',')).forEach(node => node.remove());
    const texts = document.createTreeWalker(copy, NodeFilter.SHOW_TEXT), found = [];
    while (texts.nextNode()) found.push(texts.currentNode.data);
    return found.join(' ');
}"""
MAY_BE_ENGLISH = (
    ".stCode", "[lang=en]", ".st-key-card_schema", "textarea", "code", "script", "style", "svg", "small",
    ".m-name", ".m-model", "[data-testid=stIconMaterial]", "[data-testid=stPlotlyChart]", "[data-testid=stSelectbox]",
)  # fmt: skip
"""Names of models and people, identifiers, SQL, settings' descriptions."""


def english_words(seen: Visit) -> list[str]:
    text = seen.page.evaluate(READ, list(MAY_BE_ENGLISH))
    return sorted({found[0].lower() for found in ENGLISH.finditer(text)})


def _one_client(seen: Visit) -> str:
    seen.go("/operations") if "operations" in seen.page.content() else None
    href = seen.page.evaluate("() => [...document.querySelectorAll('a[href*=\"client=\"]')].map(a => a.href)[0] || ''")
    found = re.search(r"client=([\w-]+)", href)
    return found[1] if found else ""


def _query(path: str) -> str:
    today = datetime.now(UTC).date()
    return f"from={today.replace(day=1)}&to={today}" if path == "explain" else ""


def test_the_first_screen_of_a_phone_holds_what_matters(visit: Visitor) -> None:
    seen = visit("manager", phone=True)
    for label in ("Wydano", "Wykorzystanie limitu", "Na koniec miesiąca", "Zmiana"):
        box = seen.page.locator(".m-card", has_text=label).first.bounding_box()
        assert box is not None
        assert box["y"] + box["height"] <= 844, f"{label} is below the first screen"
    fresh = seen.page.locator(".m-fresh").first.bounding_box()
    assert fresh is not None
    assert fresh["y"] < 844


def test_period_and_drill_down_and_back(visit: Visitor) -> None:
    seen = visit("manager")
    before = seen.page.inner_text(".m-card .m-value >> nth=0")
    seen.page.click(".stMain [data-testid=stSelectbox] >> nth=0")
    seen.page.click("[role=option]:has-text('Poprzedni miesiąc')")
    seen.page.wait_for_url("**period=last_month*")
    seen.page.wait_for_function("old => document.querySelector('.m-card .m-value').innerText !== old", arg=before)
    amount = seen.page.inner_text(".m-card .m-value >> nth=0")
    seen.page.click("a.m-card >> nth=0")
    seen.page.wait_for_selector(".m-sentence")
    assert seen.page.inner_text(".m-sentence").startswith(amount)
    assert "Suma części równa się całości" in seen.text()
    seen.page.click(".m-table .m-amount >> nth=2")
    seen.page.wait_for_selector("text=Osoby i modele tego dnia")
    seen.page.click(".m-table .m-amount >> nth=0")
    seen.page.wait_for_selector("h2:has-text('Zapytania')")
    assert "gen-" in seen.text()
    seen.page.go_back()
    seen.page.wait_for_selector("text=Osoby i modele tego dnia")


def test_an_export_is_what_is_shown(visit: Visitor) -> None:
    seen = visit("manager", path="/users?period=last_month")
    foot = seen.page.inner_text("tfoot td[data-label='Kwota PLN']")
    shown = int(re.sub(r"\D", "", foot))
    with seen.page.expect_download() as waiting:
        seen.page.click(".st-key-download_users_csv button")
    rows = list(csv.DictReader(io.StringIO(Path(waiting.value.path()).read_text("utf-8-sig")), delimiter=";"))
    assert round(sum(float(row["Kwota PLN"].replace(",", ".")) for row in rows) * 100) == shown
    with seen.page.expect_download() as waiting:
        seen.page.click(".st-key-download_users_xlsx button")
    target = Path(waiting.value.path())
    sheet = openpyxl.load_workbook(io.BytesIO(target.read_bytes())).active
    assert sheet is not None
    assert sheet.max_row == len(rows) + 1


def test_a_new_event_is_seen_within_two_seconds(visit: Visitor, site: Site) -> None:
    seen = visit("operator")
    before = seen.page.locator(".m-card", has_text="Zapytania").locator(".m-value").inner_text()
    _send_event(site)
    seen.page.wait_for_function(
        "old => [...document.querySelectorAll('.m-card')].some(card => card.innerText.includes('Zapytania')"
        " && !card.innerText.includes(old))",
        arg=before,
        timeout=6_000,
    )


def _send_event(site: Site) -> None:
    token = json.load(urllib.request.urlopen(f"{site.api}/auth/demo-login?role=operator"))["token"]
    head = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    found = urllib.request.urlopen(urllib.request.Request(f"{site.api}/api/v1/clients", headers=head))
    client = json.load(found)[0]["id"]
    event = {
        "specversion": "1.0", "type": "usage", "source": "e2e", "id": f"gen-{int(datetime.now(UTC).timestamp())}-e2e",
        "subject": f"{client}_user_e2e00000", "time": datetime.now(UTC).isoformat(),
        "data": {
            "model": "openai/gpt-4o", "provider": "OpenAI", "prompt_tokens": 10, "completion_tokens": 5, "cost": 0.5,
        },
    }  # fmt: skip
    secret = _made(site, head, "/api/v1/admin/webhook-credentials", {"label": "e2e", "client_org_id": client})["secret"]
    _made(site, {**head, "Authorization": f"Bearer {secret}"}, "/api/v1/events", event)


def _made(site: Site, head: dict[str, str], path: str, body: object) -> dict[str, str]:
    request = urllib.request.Request(site.api + path, json.dumps(body).encode(), head, method="POST")
    body_of_answer = urllib.request.urlopen(request).read()
    answer: dict[str, str] = json.loads(body_of_answer or b"{}")
    return answer


SLOW_SQL = "SELECT sum(a.range * b.range % 7) FROM range(100000000) a, range(100000) b"


def _run_sql(seen: Visit, sql: str) -> None:
    seen.page.fill(".st-key-sql textarea", sql)
    seen.page.press(".st-key-sql textarea", "Tab")
    seen.page.wait_for_timeout(400)
    seen.settled()
    seen.page.click(".st-key-sql_run button:not([disabled])")


def test_sql_runs_and_is_cancelled(visit: Visitor) -> None:
    seen = visit("analyst", path="/sql")
    seen.page.click(".st-key-sql_run button")
    seen.page.wait_for_selector(".st-key-card_sql [data-testid=stDataFrame]", timeout=20_000)
    assert re.search(r"\d+ wiersz", seen.text())
    _run_sql(seen, SLOW_SQL)
    seen.page.click(".st-key-sql_cancel button", timeout=10_000)
    seen.page.wait_for_selector(".st-key-card_sql .m-notice:has-text('Przerwano')", timeout=30_000)
    _run_sql(seen, "SELEC 1")
    seen.page.wait_for_selector(".st-key-card_sql .m-notice:has-text('Wiersz 1')", timeout=15_000)


def test_a_quarantined_event_is_booked(visit: Visitor) -> None:
    seen = visit("operator", path="/operations")
    table = seen.page.locator(".st-key-card_ops_unrouted tbody tr")
    before = table.count()
    assert before > 0
    seen.page.wait_for_selector(".st-key-card_ops_backups")  # the last card: nothing moves any more
    seen.settled()
    seen.page.click(".st-key-unrouted_client input")
    seen.page.keyboard.type("Bursztyn")
    seen.page.keyboard.press("Enter")
    seen.page.click(".st-key-assign button:not([disabled])")
    seen.page.wait_for_selector("[data-testid=stToast]")
    seen.page.reload()
    seen.settled()
    assert table.count() < before
