"""Every page as every role in both languages: it shows itself, in one language, within the screen; pictures stay."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest

from pages.parts.registry import PAGES
from tests.e2e.conftest import Visitor
from tests.e2e.reading_languages import foreign_words
from tests.e2e.visiting import MIDDLING, PHONE, WIDE, Visit

pytestmark = pytest.mark.e2e

ROLES = ("operator", "accountant", "manager", "analyst")
OF_ALL_CLIENTS = ("operator", "accountant")
DARK = {("operator", "en"), ("accountant", "pl"), ("manager", "en"), ("analyst", "pl")}
PHONES = {("accountant", "en"), ("manager", "pl"), ("analyst", "en")}
"""The rest is wide; the operator, who sees every page, is pictured wide and narrow both times."""


@pytest.mark.parametrize("language", ["pl", "en"])
@pytest.mark.parametrize("role", ROLES)
def test_every_page(role: str, language: str, visit: Visitor) -> None:
    phone, dark = (role, language) in PHONES, (role, language) in DARK
    seen = visit(role, language, phone=phone, dark=dark)
    client, person = _somebody(seen, role)
    wrong = []
    for entry in PAGES:
        if role not in entry.roles:
            continue
        seen.go_inside(_address(entry.path, client, person))
        name = entry.path or "overview"
        wrong += [f"{name}: {complaint}" for complaint in _wrong(seen, language)]
        look = f"{name}-{role}-{language}-{'dark' if dark else 'light'}"
        seen.picture(f"{look}-{'phone' if phone else 'wide'}")
        if role == "operator":
            seen.page.set_viewport_size(PHONE)
            seen.page.wait_for_timeout(150)
            wrong += [f"{name}, narrow: wider than the screen"] if seen.is_wider_than_the_screen() else []
            seen.picture(f"{look}-phone")
            seen.page.set_viewport_size(WIDE)
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("language", ["pl", "en"])
def test_no_table_hides_columns_on_a_middling_screen(language: str, visit: Visitor) -> None:
    seen = visit("operator", language)
    client, person = _somebody(seen, "operator")
    seen.page.set_viewport_size(MIDDLING)
    hidden = []
    for entry in PAGES:
        seen.go_inside(_address(entry.path, client, person))
        hidden += [f"{entry.path}: {heading}" for heading in seen.tables_wider_than_their_place()]
    seen.go_inside(_address("explain", client, person))
    for level in ("persons and models of a day", "requests"):
        seen.go_inside(seen.page.locator("td a.m-amount").first.get_attribute("href") or "")
        hidden += [f"{level}: {heading}" for heading in seen.tables_wider_than_their_place()]
    assert not hidden, "\n".join(hidden)


def _wrong(seen: Visit, language: str) -> list[str]:
    found = [f"says {word!r}" for word in foreign_words(seen, language)]
    if seen.page.locator(".m-notice.bad, [data-testid=stException]").count():
        found.append("an error is shown")
    if seen.is_wider_than_the_screen():
        found.append("wider than the screen")
    return found


def _somebody(seen: Visit, role: str) -> tuple[str, str]:
    """A client, where one has to be chosen, and a person of it."""
    if role not in OF_ALL_CLIENTS:
        return "", _named(seen, "id")
    client = _named(seen, "client")
    seen.go_inside(f"/users?client={client}")
    return client, _named(seen, "id")


def _named(seen: Visit, name: str) -> str:
    """What the links of the page call it."""
    links = seen.page.evaluate("() => [...document.querySelectorAll('.stMain a')].map(link => link.href).join(' ')")
    found = re.search(rf"[?&]{name}=([\w-]+)", links)
    assert found, f"no link has {name}="
    return found[1]


def _address(path: str, client: str, person: str) -> str:
    today = datetime.now(UTC).date()
    query = {"explain": f"from={today.replace(day=1)}&to={today}&", "person": f"id={person}&"}.get(path, "")
    return f"/{path}?{query}{f'client={client}' if client else ''}"


@pytest.mark.parametrize(("language", "title", "skip"), [
    ("pl", "Nie ma takiej strony", "Przejdź do treści"), ("en", "No such page", "Skip to the content"),
])  # fmt: skip
def test_what_streamlit_says_by_itself_is_in_the_readers_language(
    language: str, title: str, skip: str, visit: Visitor
) -> None:
    seen = visit("manager", language)
    assert seen.page.locator("[data-testid=stSkipToContent]").inner_text() == skip
    seen.page.goto(f"{seen.site.address}/no_such_page")
    seen.page.wait_for_selector(f"[role=dialog] h2:text-is('{title}')")
    seen.excuse("you have requested does not seem to exist")
