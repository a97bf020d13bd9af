"""A connection that is lent to one page after the other answers each as one of its own would."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from mai_core.installation import Installation
from mai_core.reports import Reporting, Viewer
from mai_core.reports.registry import QUESTIONS
from mai_core.reports.sealing import seal
from mai_core.store import Store, people
from tests.builders import CLIENT
from tests.reports.conftest import MANAGER, OPERATOR, add_usage

YEAR = (date(2026, 1, 1), date(2026, 12, 31))
DAYS = [
    (date(2026, 10, 15), date(2026, 10, 15)),
    (date(2026, 10, 14), date(2026, 10, 14)),
    (date(2026, 9, 1), date(2026, 9, 30)),
    (date(2026, 10, 1), date(2026, 10, 31)),
]
FILTERS: list[dict[str, Any]] = [{}, {"people": ("u-ann",)}, {"models": ("openai/gpt-4o",)}]


@pytest.mark.parametrize("viewer", [MANAGER, OPERATOR])
def test_pages_that_share_a_connection_answer_as_pages_with_their_own(
    company: Store, reporting: Reporting, viewer: Viewer
) -> None:
    add_usage(company, "2026-09-10", "7.77")
    names = [name for name, question in QUESTIONS.items() if viewer.sees_cost or not question.cost_only]
    lent = reporting.prepare(reporting.snapshot(CLIENT, *YEAR, viewer.sees_cost), viewer.sees_cost)
    different = set()
    for days in DAYS:
        for filters in FILTERS:
            with reporting.open(viewer, *days, CLIENT, **filters) as own:
                expected = {name: own.rows(name) for name in names}, own.freshness.last_event_ms
            with reporting.open(viewer, *days, CLIENT, lent=lent, **filters) as page:
                found = {name: page.rows(name) for name in names}, page.freshness.last_event_ms
            assert found == expected
            different.add(repr(expected))
    lent.close()
    assert len(different) > len(DAYS)


def test_what_is_lent_answers_again_after_it_was_closed(company: Store, reporting: Reporting) -> None:
    lent = reporting.prepare(reporting.snapshot(CLIENT, *YEAR, False), False)
    with reporting.open(MANAGER, *DAYS[0], CLIENT, lent=lent) as page:
        before = page.rows("totals")
    lent.close()
    with reporting.open(MANAGER, *DAYS[0], CLIENT, lent=lent) as page:
        assert page.rows("totals") == before
        assert before[0]["requests"] > 0
    lent.close()


def test_what_is_lent_goes_on_with_a_newer_snapshot(house: Installation) -> None:
    """Whether an event came, a rate, a name, or a day was sealed: as one of its own would say it."""
    store = house.store
    reporting = Reporting.of_store(store, house.settings)
    names = [name for name, question in QUESTIONS.items() if not question.cost_only]

    def event() -> None:
        add_usage(store, "2026-10-15", "3.33", provider=f"provider {len(different)}")

    def rate() -> None:
        with store.write() as db:
            db.execute("DELETE FROM exchange_rates")

    def name() -> None:
        with store.write() as db:
            people.put_person(db, 1, CLIENT, "u-ann", name="Anna Nowa", source="test")

    def sealed() -> None:
        seal(house, CLIENT, [date(2026, 10, 14)])

    lent, different = reporting.prepare(reporting.snapshot(CLIENT, *YEAR, False), False), set[str]()
    for change in (event, name, sealed, event, rate):
        change()
        lent.renew(reporting.snapshot(CLIENT, *YEAR, False))
        with reporting.open(MANAGER, *DAYS[-1], CLIENT) as own:
            expected = {name: own.rows(name) for name in names}, own.freshness.last_event_ms
        with reporting.open(MANAGER, *DAYS[-1], CLIENT, lent=lent) as page:
            assert ({name: page.rows(name) for name in names}, page.freshness.last_event_ms) == expected, change
        different.add(repr(expected))
    lent.close()
    assert len(different) >= 4, "sealing changes nothing, all else does"
