"""Every amount that is shown leads to what it is made of, in złoty and in dollars."""

from __future__ import annotations

import re

import pytest

from tests.pages.conftest import ACME, Desk, Opener
from tests.pages.conftest import markup_of as drawn
from tests.pages.conftest import text_of as text

EXPLAINED = {"from_": "2026-10-01", "to": "2026-10-21"}
DAYS = {"from_": "2026-10-01", "to": "2026-10-21", "period": "custom"}


@pytest.mark.parametrize(
    ("path", "query"),
    [("users", DAYS), ("models", DAYS), ("months", {}), ("billing", {}), ("billing", {"by": "day"}),
     ("explain", EXPLAINED), ("explain", {**EXPLAINED, "from_": "2026-10-21"}), ("operations", {})],
)  # fmt: skip
def test_every_amount_in_a_table_leads_to_its_explanation(
    path: str, query: dict[str, str], desk: Desk, open_page: Opener
) -> None:
    markup = drawn(open_page(desk.login("operator"), path, client=ACME, **query))
    cells = re.findall(r'<td class="[a-z ]+" data-label="Kwota (?:USD|PLN)">(.*?)</td>', markup)
    assert len(cells) >= 2
    assert [cell for cell in cells if cell and not cell.startswith('<a href="/explain?')] == []


def test_an_average_says_what_it_is_made_of(desk: Desk, open_page: Opener) -> None:
    """Three Wednesdays, 7, 14 and today's 21 October, which is not over: two count."""
    page = open_page(desk.login("manager"), "months")
    assert re.search(r"środa 9,50 zł 19,00 zł w 2 dni", text(page))
    assert 'href="/explain?from=2026-10-01&amp;to=2026-10-20" class="m-amount"' in drawn(page)
