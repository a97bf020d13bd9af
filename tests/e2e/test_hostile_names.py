"""Names of people, departments, clients, models and tokens that try to be more than text: on pages and in files."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from datetime import UTC, datetime

import openpyxl
import pytest

from mai_core.store import Store, people, rows
from pages.parts.registry import PAGES
from tests.e2e.conftest import Visitor, copy_of, running
from tests.e2e.site import Site

pytestmark = pytest.mark.e2e

NAMES = (
    '<b class="canary">Ala</b><img class="canary" src=x onerror="hacked=1"><script>hacked=1</script>',
    "**gruby** _kot_ [link](https://evil.example/canary) ![x](https://evil.example/x.png) `kod` # Tytuł",
    ":material/home: :red[alarm] :blue-badge[x] :smile: $x^2$ $$\\frac{1}{2}$$",
    "%{customdata} %{y} {n} {{7*7}} <br><sup>x</sup>",
    "\u202e19,99 zł\u2066 שלום عليكم \u202d",
    "=cmd|' /C calc'!A0",
    "Ala\u200b\ufeff\u0300\u0301 👩‍👩‍👧‍👦🐈‍⬛",
    "Ż" * 300,
)
MODEL = 'evil/<b class="canary">%{y}</b> **x** :material/home: ' + "długi" * 30
TOKEN = NAMES[0] + NAMES[2]

_TAKEN_FOR_MORE = """() => [
    ...document.querySelectorAll('.canary, [href*="//evil.example"], [src*="evil.example"], .katex, .stMain [onerror]'),
    ...[...document.querySelectorAll('.stHtml :is(b, strong, em, code):not([dir]), .stHtml [class*=Badge]')]
        .filter(node => /Ala|gruby|kot|kod|alarm/.test(node.textContent)),
    ...[...document.querySelectorAll('.stMain [data-testid=stIconMaterial]')].filter(icon => icon.innerText === 'home'),
].map(node => node.outerHTML.slice(0, 200))"""


@pytest.fixture(scope="module")
def hostile(demo: Site, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    site = copy_of(demo, tmp_path_factory)
    store = Store(site.ledger)
    now_ms = int(datetime.now(UTC).timestamp() * 1000)
    with store.write() as db:
        (client,) = next(iter(rows(db, "SELECT client_org_id FROM usage_daily ORDER BY usage_date DESC LIMIT 1")))
        known = [user for (user,) in rows(db, "SELECT user_id FROM people WHERE client_org_id = ?", (client,))]
        for user, name in zip(known, NAMES * 9, strict=False):
            people.rename(db, now_ms, client, user, {"name": name, "department": name, "email": f"{name[:9]}@x.pl"})
        db.execute("UPDATE client_organizations SET name = ? WHERE id = ?", ("".join(NAMES[:6]), client))
    store.close()
    for started in running(site):
        _use(started, client)
        yield started


def _use(site: Site, client: str) -> None:
    token = site.login()
    site.ask("PATCH", "/auth/account", token, {"name": NAMES[0] + NAMES[1]})
    site.ask("POST", "/api/v1/admin/tokens", token, {"name": TOKEN, "role": "operator"})
    wanted = {"label": NAMES[1], "client_org_id": client}
    secret = site.ask("POST", "/api/v1/admin/webhook-credentials", token, wanted)["secret"]
    now = datetime.now(UTC)
    tokens = {"prompt_tokens": 10, "completion_tokens": 5, "cost": 99}
    for place, person in enumerate((NAMES[0][:60], NAMES[2][:60])):
        event = {
            "specversion": "1.0", "type": "usage", "source": "e2e", "id": f"gen-{int(now.timestamp())}-evil{place}",
            "subject": f"{client}_user_{person}", "time": now.isoformat(),
            "data": {"model": MODEL, "provider": NAMES[0][:90], **tokens},
        }  # fmt: skip
        site.ask("POST", "/api/v1/events", secret, event)


def _client(site: Site) -> str:
    found = [row for row in site.ask("GET", "/api/v1/clients", site.login()) if "canary" in row["name"]]
    client: str = found[0]["id"]
    return client


@pytest.mark.parametrize("phone", [False, True], ids=["wide", "phone"])
def test_every_page_takes_them_as_text(hostile: Site, visit_to: Visitor, phone: bool) -> None:
    client = _client(hostile)
    seen = visit_to(hostile, "operator", path=f"/users?client={client}", phone=phone)
    person = seen.page.evaluate("() => document.querySelector('.stMain a[href*=\"/person\"]').href").split("id=")[1]
    today = datetime.now(UTC).date()
    more = {"person": f"id={person}&", "explain": f"from={today}&to={today}&", "billing": "by=person&"}
    wrong = []
    for entry in PAGES:
        seen.go_inside(f"/{entry.path}?{more.get(entry.path, '')}client={client}")
        wrong += [f"{entry.path}: {node}" for node in seen.page.evaluate(_TAKEN_FOR_MORE)]
        wrong += [f"{entry.path}: an error"] if seen.page.locator(".m-notice.bad").count() else []
        wrong += [f"{entry.path}: wider than the screen"] if seen.is_wider_than_the_screen() else []
        seen.picture(f"hostile-{entry.path or 'overview'}-{'phone' if phone else 'wide'}")
    assert not wrong, "\n".join(wrong)
    assert seen.page.evaluate("() => window.hacked") is None


def test_they_are_shown_as_they_are_written(hostile: Site, visit_to: Visitor) -> None:
    seen = visit_to(hostile, "operator", path=f"/users?client={_client(hostile)}&rows=all")
    shown = seen.page.evaluate(
        "() => [...document.querySelectorAll('td .m-name')].map(name => name.textContent.trim())"
    )
    for name in NAMES:
        assert "".join(letter for letter in name if letter not in "\u202e\u2066\u202d").strip() in shown
    seen.page.click(".st-key-department input")
    seen.page.wait_for_selector("[role=option]")
    assert NAMES[0] in seen.page.locator("[role=option]").all_inner_texts()
    assert seen.page.evaluate(_TAKEN_FOR_MORE) == []


def test_a_tooltip_takes_them_as_text(hostile: Site, visit_to: Visitor) -> None:
    seen = visit_to(hostile, "operator", path=f"/?client={_client(hostile)}")
    assert '<b class="canary">%{y}</b>' in seen.tooltip(0.99)
    assert seen.page.evaluate(_TAKEN_FOR_MORE) == []


def test_files_keep_them_and_run_nothing(hostile: Site, visit_to: Visitor) -> None:
    seen = visit_to(hostile, "operator", path=f"/users?client={_client(hostile)}&rows=all")
    text = seen.downloaded("users_csv").decode("utf-8-sig")
    names = {row["Osoba"] for row in csv.DictReader(io.StringIO(text), delimiter=";")}
    sheet = openpyxl.load_workbook(io.BytesIO(seen.downloaded("users_xlsx"))).active
    assert sheet is not None
    cells = {str(cell.value): cell for line in sheet.iter_rows() for cell in line}
    for name in (name.strip() for name in NAMES):
        assert (f"'{name}" if name.startswith("=") else name) in names
        assert cells[name].data_type == "s"
        assert cells[name].hyperlink is None


def test_on_paper_they_stay_on_the_page(hostile: Site, visit_to: Visitor) -> None:
    seen = visit_to(hostile, "operator", path=f"/billing?by=person&client={_client(hostile)}")
    seen.page.emulate_media(media="print")
    seen.page.set_viewport_size({"width": 794, "height": 1123})
    assert not seen.is_wider_than_the_screen()
    seen.picture("hostile-billing-print")
    assert seen.page.evaluate(_TAKEN_FOR_MORE) == []
