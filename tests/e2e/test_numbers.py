"""A manager and an operator at work: periods, the way down to single requests, files, what is new, what waits."""

from __future__ import annotations

import csv
import io
import re
from datetime import UTC, datetime
from decimal import Decimal

import openpyxl
import pytest

from mai_core.money import UNITS_PER_GROSZ
from tests.e2e.conftest import Visitor
from tests.e2e.site import Site
from tests.e2e.visiting import Visit

pytestmark = pytest.mark.e2e


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
    seen.settled()
    assert seen.page.inner_text(".m-sentence").startswith(amount)
    assert "Suma części równa się całości" in seen.text()
    seen.page.click(".m-table .m-amount >> nth=2")
    seen.page.wait_for_selector("text=Osoby i modele tego dnia")
    seen.page.click(".m-table .m-amount >> nth=0")
    seen.page.wait_for_selector("h2:has-text('Zapytania')")
    seen.settled()
    assert "gen-" in seen.text()
    seen.page.go_back()
    seen.page.wait_for_selector("text=Osoby i modele tego dnia")


def test_a_chart_tells_both_amounts_of_a_day(visit: Visitor) -> None:
    seen = visit("manager", path="/?period=last_month")
    told = seen.tooltip(0.5).replace("\u00a0", " ")
    assert re.search(r"\d{2}\.\d{2}\.\d{4}", told)
    assert re.search(r": \d+,\d{2} zł · \d+,\d{2} USD", told)


def test_a_period_stays_from_page_to_page(visit: Visitor) -> None:
    seen = visit("manager", path="/users?period=last_month")
    span = seen.page.inner_text(".m-head p")
    for title in ("Modele", "Przegląd", "Użytkownicy"):
        seen.page.click(f"[data-testid=stSidebar] a:has-text('{title}')")
        seen.page.wait_for_selector(f".m-head h1:has-text('{title}')")
        seen.settled()
        assert seen.page.inner_text(".m-head p") == span
        assert "period=last_month" in seen.page.url


def _csv(raw: bytes, delimiter: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(raw.decode("utf-8-sig")), delimiter=delimiter))


def _xlsx(raw: bytes) -> list[dict[str, object]]:
    sheet = openpyxl.load_workbook(io.BytesIO(raw)).active
    assert sheet is not None
    head, *lines = sheet.iter_rows(values_only=True)
    return [dict(zip(map(str, head), line, strict=True)) for line in lines]


def _grosze_shown(seen: Visit, place: str) -> int:
    return int(re.sub(r"\D", "", seen.page.inner_text(place)))


def _grosze(amount: Decimal) -> int:
    return int((amount * 100).quantize(Decimal(1), "ROUND_HALF_UP"))


@pytest.mark.parametrize(
    ("language", "delimiter", "column", "people"),
    [("pl", ";", "Kwota PLN", "Osoba"), ("en", ",", "Amount PLN", "Person")],
)
def test_an_export_is_what_is_shown(visit: Visitor, language: str, delimiter: str, column: str, people: str) -> None:
    seen = visit("manager", language, path="/users?period=last_month")
    shown = _grosze_shown(seen, f"tfoot td[data-label='{column}']")
    rows = _csv(seen.downloaded("users_csv"), delimiter)
    assert _grosze(sum(Decimal(row[column].replace(",", ".")) for row in rows)) == shown
    assert len(rows) == seen.page.locator(".st-key-card_users tbody tr").count()
    sheet = _xlsx(seen.downloaded("users_xlsx"))
    assert [row[people] for row in sheet] == [row[people] for row in rows]
    assert _grosze(sum(Decimal(repr(row[column])) for row in sheet)) == shown


def test_a_statement_as_a_file_adds_up_to_what_is_printed(visit: Visitor) -> None:
    last_month = (datetime.now(UTC).date().replace(day=1)).toordinal() - 1
    month = datetime.fromordinal(last_month).strftime("%Y-%m")
    seen = visit("manager", path=f"/billing?month={month}&by=person")
    shown = _grosze_shown(seen, ".st-key-card_statement tfoot td:last-child")
    name = f"statement-{month}-person"
    rows = _csv(seen.downloaded(f"{name}_csv"), ";")
    amounts = [Decimal(row["Kwota PLN"].replace(",", ".")) for row in rows]
    assert all(amount * 10**12 % UNITS_PER_GROSZ == 0 for amount in amounts)
    assert sum(amounts) * 100 == shown
    sheet = _xlsx(seen.downloaded(f"{name}_xlsx"))
    assert sum(_grosze(Decimal(repr(row["Kwota PLN"]))) for row in sheet) == shown


def _requests(seen: Visit) -> int:
    card = seen.page.locator(".m-card", has_text="Zapytania").locator(".m-value")
    return int(re.sub(r"\D", "", card.inner_text()))


def _becomes(seen: Visit, requests: int, within_ms: int) -> None:
    """The overview looks every two seconds."""
    seen.page.wait_for_function(
        "wanted => [...document.querySelectorAll('.m-card')].some(card => card.innerText.includes('Zapytania')"
        " && card.querySelector('.m-value').innerText.replace(/\\D/g, '') === wanted)",
        arg=str(requests), timeout=within_ms,
    )  # fmt: skip


def test_a_new_event_is_seen_within_two_seconds(visit: Visitor, site: Site) -> None:
    seen = visit("operator")
    before = _requests(seen)
    _send_event(site)
    _becomes(seen, before + 1, within_ms=6_000)


def _send_event(site: Site) -> None:
    token = site.login()
    client = site.ask("GET", "/api/v1/clients", token)[0]["id"]
    now = datetime.now(UTC)
    event = {
        "specversion": "1.0", "type": "usage", "source": "e2e", "id": f"gen-{int(now.timestamp())}-e2e",
        "subject": f"{client}_user_e2e00000", "time": now.isoformat(),
        "data": {
            "model": "openai/gpt-4o", "provider": "OpenAI", "prompt_tokens": 10, "completion_tokens": 5, "cost": 0.5,
        },
    }  # fmt: skip
    wanted = {"label": "e2e", "client_org_id": client}
    secret = site.ask("POST", "/api/v1/admin/webhook-credentials", token, wanted)["secret"]
    site.ask("POST", "/api/v1/events", secret, event)


def _choose(seen: Visit, key: str, text: str) -> None:
    seen.page.click(f".st-key-{key} input")
    seen.page.keyboard.type(text)
    seen.page.keyboard.press("Enter")
    seen.settled()


def test_a_quarantined_event_is_booked_by_its_button(visit: Visitor, site: Site) -> None:
    entries = site.ask("GET", "/api/v1/admin/quarantine", site.login())
    entry = next(entry["id"] for entry in entries if entry["reason_code"] == "unrouted" and entry["state"] == "waiting")
    client = next(row for row in site.ask("GET", "/api/v1/clients", site.login()) if row["name"].startswith("Pixel"))
    seen = visit("operator", path=f"/?client={client['id']}")
    before = _requests(seen)
    seen.go_inside(f"/operations?client={client['id']}")
    row = seen.page.locator(f".st-key-card_ops_quarantine tbody td:first-child >> text=/^{entry}$/")
    row.wait_for()
    _choose(seen, "quarantine", f"#{entry} ")
    _choose(seen, "quarantine_client", "Pixel")
    seen.page.click(".st-key-replay button")
    seen.page.wait_for_selector(".st-key-card_ops_quarantine .m-notice")
    assert "Zaksięgowano: nowe 1" in seen.page.inner_text(".st-key-card_ops_quarantine .m-notice")
    seen.go_inside(f"/?client={client['id']}")
    _becomes(seen, before + 1, within_ms=20_000)
    seen.go_inside(f"/operations?client={client['id']}")
    seen.page.wait_for_selector(".st-key-card_ops_quarantine")
    assert row.count() == 0


def test_an_unknown_sender_is_given_to_a_client(visit: Visitor) -> None:
    seen = visit("operator", path="/operations")
    table = seen.page.locator(".st-key-card_ops_unrouted tbody tr")
    seen.page.wait_for_selector(".st-key-card_ops_backups")  # the last card: nothing moves any more
    seen.settled()
    before = table.count()
    assert before > 0
    seen.page.click(".st-key-unrouted_client input")
    seen.page.keyboard.type("Bursztyn")
    seen.page.keyboard.press("Enter")
    seen.page.click(".st-key-assign button:not([disabled])")
    seen.page.wait_for_selector("[data-testid=stToast]")
    seen.page.reload()
    seen.page.wait_for_selector(".st-key-card_ops_backups")
    seen.settled()
    assert table.count() < before
