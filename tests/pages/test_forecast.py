"""The forecast's days can be pressed: those that were lead to their amount, those to come tell what they rest on."""

from __future__ import annotations

from tests.pages.conftest import Desk, Opener
from tests.pages.conftest import markup_of as drawn
from tests.pages.conftest import text_of as text


def test_a_day_to_come_tells_what_it_is_expected_from(desk: Desk, open_page: Opener) -> None:
    """Today is Wednesday, 21 October: of the Fridays before the 23rd, 16, 9 and 2 October had usage."""
    page = open_page(desk.login("manager"), "forecast")
    page.session_state["forecast_pressed"] = "2026-10-23"
    page.run()
    assert "pt, 23 paź: oczekiwane " in text(page)
    assert "Takie dni ostatnio: 16 paź: 4,75 zł 9 paź: 4,75 zł 2 paź: 4,75 zł" in text(page)
    assert 'href="/explain?from=2026-10-16&amp;to=2026-10-16"' in drawn(page)


def test_a_day_that_was_leads_to_its_amount(desk: Desk, open_page: Opener) -> None:
    page = open_page(desk.login("manager"), "forecast")
    page.session_state["forecast_pressed"] = "2026-10-20"
    page.run()
    assert 'href="/explain?from=2026-10-20&amp;to=2026-10-20"' in drawn(page)
    assert ": oczekiwane " not in text(page)
