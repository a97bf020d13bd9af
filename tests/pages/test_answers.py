"""What is remembered is right: nobody else's, and never older than what it was made of."""

from __future__ import annotations

import math
import time
from datetime import date

import pytest

from mai_core.reports import Reporting, Viewer
from mai_core.reports.reporting import Page
from pages.parts import answers
from pages.parts.answers import Answers, Ask, Wanted
from tests.pages.conftest import ACME, OTHER, SECRET_MODEL, Desk
from tests.reports.conftest import add_usage

BY_MODEL: Ask = ("by_model", ())
FIRST, YESTERDAY, TODAY = date(2026, 10, 1), date(2026, 10, 20), date(2026, 10, 21)


class Asking:
    """One memory, as the process of the pages has one; it counts what had to be computed."""

    def __init__(self, desk: Desk) -> None:
        opened = desk.installation
        self.reporting = Reporting.of_store(opened.store, opened.settings)
        self.memory = Answers()
        self.version = 0
        self.since = math.inf

    def of(
        self, role: str, tenant: str | None, client: str | None, last: date, *asks: Ask
    ) -> list[list[dict[str, object]]]:
        viewer = Viewer(role, tenant)  # type: ignore[arg-type]
        wanted = Wanted.of(viewer, client, FIRST, last, None, {}, asks)
        return self.memory.of(self.reporting, wanted, self.version, asks, self.since)[0]


def computed(asking: Asking, *arguments: object) -> int:
    """How many questions were not answered from memory."""
    asked: list[str] = []
    original = Page.rows

    def counting(page: Page, name: str, **parameters: object) -> object:
        asked.append(name)
        return original(page, name, **parameters)

    Page.rows = counting  # type: ignore[method-assign, assignment]
    try:
        asking.of(*arguments)  # type: ignore[arg-type]
    finally:
        Page.rows = original  # type: ignore[method-assign]
    return len(asked)


def test_an_answer_of_one_client_is_never_given_to_another(desk: Desk) -> None:
    asking = Asking(desk)
    (of_other,) = asking.of("operator", None, OTHER, TODAY, BY_MODEL)
    (of_acme,) = asking.of("manager", ACME, None, TODAY, BY_MODEL)
    (of_all,) = asking.of("operator", None, None, TODAY, BY_MODEL)
    assert SECRET_MODEL in {row["model"] for row in of_other}
    assert SECRET_MODEL not in {row["model"] for row in of_acme}
    assert {row["model"] for row in of_all} > {row["model"] for row in of_acme}


def test_our_cost_stays_with_operators_though_both_ask_for_the_same(desk: Desk) -> None:
    asking = Asking(desk)
    (for_operator,) = asking.of("operator", None, ACME, TODAY, BY_MODEL)
    (for_manager,) = asking.of("manager", ACME, ACME, TODAY, BY_MODEL)
    assert "raw_pusd" in for_operator[0]
    assert "raw_pusd" not in for_manager[0]


def test_an_event_changes_the_answers_of_its_client_and_day_and_no_others(desk: Desk) -> None:
    asking = Asking(desk)
    kept = [("manager", ACME, None, YESTERDAY), ("manager", OTHER, None, TODAY), ("manager", ACME, None, TODAY)]
    for one in kept:
        assert computed(asking, *one, BY_MODEL) == 1
        assert computed(asking, *one, BY_MODEL) == 0
    before = asking.of("manager", ACME, None, TODAY, BY_MODEL)
    add_usage(desk.installation.store, "2026-10-21", "9.10", client=ACME, external_user="ann", model="openai/new")
    asking.version += 1
    assert [computed(asking, *one, BY_MODEL) for one in kept] == [0, 0, 1]
    after = asking.of("manager", ACME, None, TODAY, BY_MODEL)
    assert {row["model"] for row in after[0]} - {row["model"] for row in before[0]} == {"openai/new"}


def test_one_run_of_a_page_shows_one_state_of_the_ledger_while_events_keep_coming(desk: Desk) -> None:
    asking = Asking(desk)
    asking.since = time.monotonic()
    (before,) = asking.of("manager", ACME, None, TODAY, BY_MODEL)
    add_usage(desk.installation.store, TODAY.isoformat(), "5", client=ACME, model="openai/newer")
    asking.version += 1
    assert asking.of("manager", ACME, None, TODAY, BY_MODEL) == [before], "it was seen by this run already"
    asking.since = time.monotonic()
    (after,) = asking.of("manager", ACME, None, TODAY, BY_MODEL)
    assert after != before, "the next run sees what has come"


def test_a_reader_may_change_what_was_handed_out(desk: Desk) -> None:
    asking = Asking(desk)
    asking.of("manager", ACME, None, TODAY, BY_MODEL)[0].clear()
    assert asking.of("manager", ACME, None, TODAY, BY_MODEL)[0] != []


def test_long_questions_with_short_answers_fill_no_memory(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Filters stand in the address of a page: somebody may write a megabyte there, and another one, and another."""
    monkeypatch.setattr(answers, "MOST_BYTES", 100_000)
    asking = Asking(desk)
    for number in range(30):
        models = {"models": (f"{number}" + "x" * 20_000,)}
        wanted = Wanted.of(Viewer("manager", ACME), None, FIRST, TODAY, None, models, (BY_MODEL,))
        assert asking.memory.of(asking.reporting, wanted, 0, (BY_MODEL,))[0] == [[]]
    assert sum(len(repr(key)) for key in asking.memory._kept) <= 100_000
