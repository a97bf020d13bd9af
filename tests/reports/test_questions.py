"""What the questions answer, figure by figure."""

from __future__ import annotations

from datetime import date

import pyarrow as pa
import pytest

from mai_core.errors import NotFound
from mai_core.installation import Installation
from mai_core.intake.booking import book
from mai_core.money import units_of
from mai_core.reports import Reporting, Viewer
from mai_core.reports.periods import local_offsets
from mai_core.reports.registry import QUESTIONS
from mai_core.reports.sealing import seal
from mai_core.store import rating_books
from tests.builders import CLIENT, NOON, make_arrival
from tests.reports.conftest import MANAGER, OCTOBER, OPERATOR, OTHER


def test_totals_add_up_to_the_last_unit_and_say_what_is_provisional(reporting: Reporting) -> None:
    (row,) = reporting.rows("totals", MANAGER, *OCTOBER)
    assert row["charged_pusd"] == units_of("4.000000000001")
    fixed = units_of("1.30") * 36543 // 10000 + units_of("0.10") * 36543 // 10000
    provisional = units_of("2.60") * 36543 // 10000 + 4  # 3.6543 units round to 4
    assert row["charged_ppln"] == fixed + provisional
    assert row["provisional"] is True
    assert (row["requests"], row["people"], row["models"], row["days_active"]) == (7, 2, 3, 2)
    assert row["previous_charged_pusd"] == units_of("0.70")


def test_cost_and_margin_exist_for_operators_only(reporting: Reporting) -> None:
    for question in ("totals", "by_day", "by_person", "by_model", "by_department", "by_client"):
        operators = reporting.ask(question, OPERATOR, *OCTOBER)
        managers = reporting.ask(question, MANAGER, *OCTOBER)
        assert {"raw_pusd", "margin_pusd"} <= set(operators.column_names)
        assert not [name for name in managers.column_names if "raw" in name or "margin" in name or "markup" in name]


def test_another_client_does_not_exist_for_a_manager(reporting: Reporting) -> None:
    with pytest.raises(NotFound):
        reporting.ask("totals", MANAGER, *OCTOBER, client=OTHER)
    assert [row["client_org_id"] for row in reporting.rows("by_client", MANAGER, *OCTOBER)] == [CLIENT]
    assert len(reporting.rows("by_client", OPERATOR, *OCTOBER)) == 2


def test_people_are_shown_by_name_and_counted_once(reporting: Reporting) -> None:
    rows = reporting.rows("by_person", MANAGER, *OCTOBER)
    assert [(row["user_name"], row["department"], row["requests"], row["days_active"]) for row in rows] == [
        ("Anna Nowak", "Sprzedaż", 5, 2),
        ("Jan Kowalski", "IT", 1, 1),
        (None, None, 1, 1),
    ]


@pytest.mark.parametrize(
    ("filters", "requests"),
    [
        ({"models": ("openai/gpt-4o",)}, 5),
        ({"people": ("u-jan",)}, 1),
        ({"people": ("ann",)}, 5),
        ({"departments": ("IT",)}, 1),
        ({"providers": ("OpenAI", "Anthropic")}, 6),
    ],
)
def test_filters_narrow_every_question(
    reporting: Reporting, filters: dict[str, tuple[str, ...]], requests: int
) -> None:
    (row,) = reporting.rows("totals", MANAGER, *OCTOBER, **filters)
    assert row["requests"] == requests
    assert sum(row["requests"] for row in reporting.rows("by_day", MANAGER, *OCTOBER, **filters)) == requests


@pytest.mark.parametrize(
    "question", ["by_day", "by_week", "by_month", "by_quarter", "by_person", "by_model", "by_provider", "by_department"]
)
def test_parts_equal_the_whole(reporting: Reporting, question: str) -> None:
    (whole,) = reporting.rows("totals", MANAGER, *OCTOBER)
    parts = reporting.rows(question, MANAGER, *OCTOBER)
    for measure in ("requests", "total_tokens", "charged_pusd", "charged_ppln"):
        assert sum(row[measure] for row in parts) == whole[measure]


@pytest.mark.parametrize("viewer", [OPERATOR, MANAGER])
def test_every_question_answers_empty_and_full_ledgers(reporting: Reporting, viewer: Viewer) -> None:
    costs = {"raw", "margin", "markup"}
    with reporting.open(viewer, *OCTOBER) as full, reporting.open(viewer, date(2020, 1, 1), date(2020, 1, 31)) as empty:
        for name, question in QUESTIONS.items():
            if question.cost_only and not viewer.sees_cost:
                with pytest.raises(NotFound):
                    full.ask(name)
                continue
            columns = full.ask(name).schema.names
            assert columns == empty.ask(name).schema.names, name
            assert viewer.sees_cost or not [column for column in columns if costs & set(column.split("_"))], name


def test_generations_of_a_day_open_and_sealed(house: Installation, reporting: Reporting) -> None:
    with house.store.write() as db:
        book(db, rating_books.load(db, house.settings), [make_arrival("gen-1", cost="0.10")], NOON, outbox=False)
    day = (date(2026, 10, 14), date(2026, 10, 14))
    open_rows = reporting.rows("generations", MANAGER, *day)
    assert [(row["generation_id"], row["charged_pusd"]) for row in open_rows] == [("gen-1", units_of("0.13"))]
    assert open_rows[0]["charged_ppln"] == 475_059_000_000
    warm = reporting.rows("heat_map", MANAGER, *day)
    assert [(row["weekday"], row["hour"], row["requests"]) for row in warm] == [(3, 12, 1)]
    assert seal(house, CLIENT, [day[0]]).days
    assert reporting.rows("generations", MANAGER, *day) == open_rows
    assert reporting.rows("heat_map", MANAGER, *day) == warm
    filtered = reporting.rows("heat_map", MANAGER, *day, models=("nothing/at-all",))
    assert filtered == []


def test_movers_are_ordered_by_the_size_of_the_change(reporting: Reporting) -> None:
    rows = reporting.rows("movers_models", MANAGER, *OCTOBER)
    assert [(row["model"], row["change_pusd"]) for row in rows] == [
        ("openai/gpt-4o", units_of("3.20")),
        ("anthropic/claude", units_of("0.10")),
        ("x/tiny", 1),
    ]


def test_busiest_and_dearest_day(reporting: Reporting) -> None:
    (row,) = reporting.rows("activity", MANAGER, *OCTOBER)
    assert (row["days_active"], row["days_in_period"]) == (2, 31)
    assert (row["busiest_day"], row["highest_cost_day"]) == (date(2026, 10, 14), date(2026, 10, 15))


def test_margin_and_the_difference_of_rates(reporting: Reporting) -> None:
    rows = reporting.rows("margin", OPERATOR, *OCTOBER, client=CLIENT, last_rate_units=4_000_000_000_000)
    (row,) = rows
    assert row["margin_pusd"] == units_of("4.000000000001") - units_of("3.08")
    assert row["fx_difference_ppln"] == row["charged_ppln"] - units_of("16.000000000004")


def test_the_same_usage_at_another_markup(reporting: Reporting) -> None:
    (row,) = reporting.rows("what_if_markup", OPERATOR, *OCTOBER, client=CLIENT, markup_units=units_of("1.5"))
    assert row["what_if_charged_pusd"] == units_of("4.62")


def test_hours_are_the_clients_on_both_sides_of_a_clock_change() -> None:
    clients = pa.table({"client_org_id": ["c"], "timezone": ["Europe/Warsaw"]})
    pieces = local_offsets(clients, date(2026, 10, 20), date(2026, 10, 30)).to_pylist()
    assert [piece["shift"] for piece in pieces] == [8, 4]
    assert pieces[0]["until"] * 900 == 1_792_890_000  # 2026-10-25T01:00:00Z


@pytest.mark.parametrize(
    ("question", "periods"),
    [
        ("by_week", [date(2026, 9, 14), date(2026, 10, 12)]),
        ("by_month", [date(2026, 9, 1), date(2026, 10, 1)]),
        ("by_quarter", [date(2026, 7, 1), date(2026, 10, 1)]),
    ],
)
def test_periods_are_named_by_their_first_day(reporting: Reporting, question: str, periods: list[date]) -> None:
    rows = reporting.rows(question, MANAGER, date(2026, 1, 1), date(2026, 12, 31))
    assert [row["period"] for row in rows] == periods
    assert [row["days_active"] for row in rows] == [1, 2]
