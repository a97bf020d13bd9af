"""What the questions answer, figure by figure."""

from __future__ import annotations

import pytest

from mai_core.errors import NotFound
from mai_core.money import units_of
from mai_core.reports import Reporting
from tests.builders import CLIENT
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
