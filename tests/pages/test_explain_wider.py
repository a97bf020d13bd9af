"""From a part of an amount back to what it is a part of: the month, everybody, all models."""

from __future__ import annotations

from tests.pages.conftest import Desk, Opener
from tests.pages.conftest import markup_of as drawn
from tests.pages.conftest import text_of as text

DAY = {"from_": "2026-10-14", "to": "2026-10-14"}


def test_a_day_leads_to_its_month(desk: Desk, open_page: Opener) -> None:
    page = open_page(desk.login("manager"), "explain", **DAY, model="openai/gpt-4o")
    assert "Szerzej: październik 2026 wszystkie modele" in text(page)
    assert 'href="/explain?from=2026-10-01&amp;to=2026-10-21&amp;model=openai%2Fgpt-4o"' in drawn(page)


def test_a_part_leads_to_the_whole_of_the_same_days(desk: Desk, open_page: Opener) -> None:
    page = open_page(desk.login("manager"), "explain", **DAY, model="openai/gpt-4o", person="ann")
    assert 'href="/explain?from=2026-10-14&amp;to=2026-10-14&amp;person=ann"' in drawn(page)
    assert 'href="/explain?from=2026-10-14&amp;to=2026-10-14&amp;model=openai%2Fgpt-4o"' in drawn(page)


def test_what_is_whole_leads_nowhere(desk: Desk, open_page: Opener) -> None:
    page = open_page(desk.login("manager"), "explain", from_="2026-10-01", to="2026-10-21")
    assert "Szerzej" not in text(page)
