"""The pages in this process: the real API behind them, the ledger read through the store that is open here.

In this process apsw is loaded, so the pages' own way to the ledger (DuckDB's SQLite) must not be: see open_page.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from html import unescape
from pathlib import Path

import pytest
import streamlit as st
from fastapi.testclient import TestClient
from streamlit.testing.v1 import AppTest
from streamlit.util import calc_hash

from api import create_app
from mai_core.identity import accounts, signing_in
from mai_core.installation import Installation
from mai_core.reports import Reporting
from mai_core.settings import load_settings
from pages.parts import api, installation, reading, sessions, shell
from tests.builders import make_client
from tests.conftest import put_ledger
from tests.reports.conftest import add_person, add_table, add_usage

ACME, OTHER = "mai_client_acme0001", "mai_client_other002"
TODAY = "2026-10-21"
SECRET_NAME, SECRET_MODEL, SECRET_AMOUNT = "Kanarek Tajny", "canary/only-of-other", "77777.77"
NASTY = '**Ala** <img src=x onerror=alert(1)> [kot](https://evil.example) 🐈 \u202eabc <script>x</script> "q" =cmd()'

Opener = Callable[..., AppTest]


@dataclass(frozen=True)
class Desk:
    api: TestClient
    installation: Installation

    def login(self, role: str, language: str = "pl") -> str:
        """A session's token; managers and analysts belong to ACME."""
        client = None if role in ("operator", "accountant") else ACME
        with self.installation.store.write() as db:
            account = accounts.create(
                db, self.installation.now_ms(), "test", email=f"{role}-{language}@acme.example", name=f"Test {role}",
                role=role, client_org_id=client, language=language,
            )  # fmt: skip
            return signing_in.start_session(db, self.installation.now_ms(), account, "test").token


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, empty_ledger: Path) -> Iterator[Desk]:
    """Two companies; the second one is full of what nobody of the first may see."""
    for name, value in {
        "MAI_DATA_DIR": str(tmp_path / "data"),
        "MAI_SECRET_KEY": "a key for tests",
        "MAI_CLOCK": f"{TODAY}T10:00:00Z",
    }.items():
        monkeypatch.setenv(name, value)
    for cached in (installation.settings, installation.clock):
        cached.cache_clear()
    st.cache_data.clear()
    st.cache_resource.clear()
    sessions._remembered.clear()
    settings = load_settings()
    put_ledger(empty_ledger, settings.usage_summary_db)
    with TestClient(create_app(settings), client=("127.0.0.1", 1234)) as client:
        opened: Installation = client.app.state.installation  # type: ignore[attr-defined]
        monkeypatch.setattr(api, "client", lambda: client)
        monkeypatch.setattr(reading, "opened_by", lambda: Reporting.of_store(opened.store, opened.settings))
        _two_companies(opened)
        yield Desk(client, opened)
    for cached in (installation.settings, installation.clock):
        cached.cache_clear()
    st.cache_resource.clear()


def _two_companies(opened: Installation) -> None:
    store = opened.store
    make_client(store, ACME, name="Acme sp. z o.o.", monthly_limit="100")
    make_client(store, OTHER, name=f"Inna {SECRET_NAME}")
    add_person(store, "ann", "Anna Nowak", "Sprzedaż", ACME)
    add_person(store, "nasty", NASTY, NASTY, ACME)
    add_person(store, "secret", SECRET_NAME, SECRET_NAME, OTHER)
    for day in range(1, 22):
        date = f"2026-10-{day:02d}"
        add_table(store, date, "3.6543", f"{180 + day}/A/NBP/2026")
        add_usage(store, date, "1.30", raw="1.00", client=ACME, external_user="ann", requests=4)
        add_usage(store, date, SECRET_AMOUNT, client=OTHER, external_user="secret", model=SECRET_MODEL)
    add_usage(store, "2026-10-14", "2.60", raw="2.00", client=ACME, external_user="nasty", model="evil/<b>**x**</b>")
    add_usage(store, "2026-09-14", "5.20", raw="4.00", client=ACME, external_user="ann")


@pytest.fixture
def open_page(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> Opener:
    """open_page(token, "users", period="30d") runs the app as a browser with that cookie would."""

    def opened(token: str, path: str = "", /, **query: str) -> AppTest:
        monkeypatch.setattr(shell, "cookie_token", lambda: token)
        page = AppTest.from_file(str(Path(__file__).with_name("whole_app.py")), default_timeout=300)
        page._page_hash = calc_hash(path)
        for name, value in query.items():
            page.query_params[name.rstrip("_")] = value
        return page.run()

    return opened


def markup_of(page: AppTest) -> str:
    """The HTML that the page drew itself."""
    bodies = [element.proto.body for element in _all(page) if element.type == "html"]
    return "\n".join(body for body in bodies if not body.startswith("<style"))


def text_of(page: AppTest) -> str:
    """What a person reads: markup without tags, and the widgets' labels and values."""
    drawn = unescape(re.sub(r"<[^>]*>", " ", markup_of(page)))
    widgets = [str(getattr(element, name, "")) for element in _all(page) for name in ("label", "value", "options")]
    return " ".join(drawn.replace("\u00a0", " ").split()) + " " + " ".join(widgets)


def _all(page: AppTest) -> list[object]:
    def below(node: object) -> Iterator[object]:
        for child in getattr(node, "children", {}).values():
            yield child
            yield from below(child)

    return list(below(page._tree))  # type: ignore[misc]
