"""Amounts near the end of what the ledger holds: one sender's absurd event takes nobody's figures away."""

from __future__ import annotations

from datetime import date

from mai_core.installation import Installation
from mai_core.intake.booking import book
from mai_core.money import units_of
from mai_core.reports import Reporting, Viewer, upkeep
from mai_core.reports.sealing import seal
from mai_core.settings import load_settings
from mai_core.store import rating_books
from tests.builders import CLIENT, NOON, make_arrival
from tests.reports.conftest import MANAGER, OCTOBER, OPERATOR, OTHER, add_usage

OCT_14 = date(2026, 10, 14)
THEIRS = Viewer("analyst", OTHER)


def book_absurd_events(house: Installation) -> None:
    """Two people, 6.9 million each at a markup of 1.3, in one quarter of an hour."""
    arrivals = [make_arrival(f"gen-{who}", cost="6900000", external_user=who, client=CLIENT) for who in ("ann", "jan")]
    with house.store.write() as db:
        book(db, rating_books.load(db, load_settings({})), arrivals, NOON)


def test_every_question_is_answered_with_exact_dollars(house: Installation, reporting: Reporting) -> None:
    book_absurd_events(house)
    for question in Reporting.questions(OPERATOR):
        reporting.ask(question.name, OPERATOR, *OCTOBER)
    (row,) = reporting.rows("totals", MANAGER, OCT_14, OCT_14)
    assert row["charged_pusd"] == 2 * units_of("8970000") + units_of("1.40")
    assert row["charged_ppln"] is None  # one of its parts is more złoty than 64 bits hold


def test_a_sealed_day_says_the_same_by_rows_and_by_sums(house: Installation, reporting: Reporting) -> None:
    book_absurd_events(house)
    asked = [
        (name, viewer) for name in ("totals", "by_model", "by_person", "heat_map") for viewer in (OPERATOR, MANAGER)
    ]
    before = [reporting.rows(name, viewer, OCT_14, OCT_14) for name, viewer in asked]
    assert seal(house, CLIENT, [OCT_14]).days
    assert [reporting.rows(name, viewer, OCT_14, OCT_14) for name, viewer in asked] == before
    assert upkeep.verify(house, CLIENT) == []


def test_a_price_of_a_thousand_tokens_beyond_the_ledger_is_none(house: Installation, reporting: Reporting) -> None:
    add_usage(house.store, "2026-10-14", "20000", client=OTHER, model="x/one", input_tokens=1, output_tokens=0)
    (row,) = reporting.rows("unit_costs", THEIRS, OCT_14, OCT_14)
    assert (row["charged_per_1k_tokens_pusd"], row["charged_per_request_pusd"]) == (None, units_of("20000"))
