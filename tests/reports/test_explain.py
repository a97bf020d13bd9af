"""Every amount can be followed down to its generations, and is the same when it is computed again."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from mai_core import archive
from mai_core.installation import Installation
from mai_core.intake.booking import book
from mai_core.language import Words
from mai_core.money import units_of
from mai_core.reports import Reporting, Viewer
from mai_core.reports.explain import Explanation, explain
from mai_core.reports.sealing import seal
from mai_core.store import archives, rating_books, sale_prices
from tests.builders import CLIENT, NOON, make_arrival
from tests.reports.conftest import MANAGER, OCTOBER, OPERATOR, add_usage, fix_rate

DAY = (date(2026, 10, 20), date(2026, 10, 20))
AT = NOON + 6 * 86_400_000
KATE = {"people": ("kate",), "models": ("openai/gpt-4o",)}


@pytest.fixture
def busy(house: Installation) -> Installation:
    """Three generations of one person on 20 October, one of them by another provider."""
    costs = {"gen-1": "0.111111111111", "gen-2": "0.222222222222", "gen-3": "0.333333333333"}
    arrivals = [
        make_arrival(
            name,
            received_at_ms=AT,
            started_at_ms=AT,
            external_user="kate",
            cost=cost,
            provider="Azure" if name == "gen-3" else "OpenAI",
        )
        for name, cost in costs.items()
    ]
    with house.store.write() as db:
        book(db, rating_books.load(db, house.settings), arrivals, AT, outbox=False)
    fix_rate(house.store, "2026-10-20", "3.6789", "203/A/NBP/2026")
    return house


def explained(reporting: Reporting, viewer: Viewer, *period: date, **filters: tuple[str, ...]) -> Explanation:
    with reporting.open(viewer, *period, client=CLIENT, **filters) as page:  # type: ignore[arg-type]
        return explain(page)


@pytest.mark.parametrize("viewer", [MANAGER, OPERATOR])
@pytest.mark.parametrize("sealed", [False, True])
def test_every_level_adds_up_to_the_one_above(
    reporting: Reporting, busy: Installation, viewer: Viewer, sealed: bool
) -> None:
    if sealed:
        seal(busy, CLIENT, [DAY[0]])
    month = explained(reporting, viewer, *OCTOBER)
    assert (month.level, month.equal) == ("days", True)
    (of_day,) = [part for part in month.parts if part["day"] == DAY[0]]
    day = explained(reporting, viewer, *DAY)
    assert (day.level, day.equal, day.charged_ppln) == ("rows", True, of_day["charged_ppln"])
    row = explained(reporting, viewer, *DAY, **KATE)
    assert (row.level, row.equal) == ("generations", True)
    assert sum(part["charged_pusd"] for part in row.parts) == day.charged_pusd == row.recomputed_pusd
    assert row.recomputed_ppln == row.charged_ppln == day.charged_ppln


def test_operators_see_the_reported_cost_and_the_markup_behind_each_generation(
    reporting: Reporting, busy: Installation
) -> None:
    first = explained(reporting, OPERATOR, *DAY, **KATE).parts[0]
    assert (first["generation_id"], first["reported_pusd"], first["markup"]) == ("gen-1", 111_111_111_111, "1.3")
    assert (first["charged_pusd"], first["markup_from"], first["cost_basis"]) == (144_444_444_444, "client", "reported")


def test_a_managers_tree_ends_at_the_sale_price(reporting: Reporting, busy: Installation) -> None:
    for filters in ({}, KATE):
        for part in explained(reporting, MANAGER, *DAY, **filters).parts:
            assert not {"raw_pusd", "reported_pusd", "markup", "priced_pusd", "price_id", "pricing"} & set(part)


def test_an_own_price_is_told(reporting: Reporting, house: Installation) -> None:
    with house.store.write() as db:
        sale_prices.put(
            db, 0, actor="test", client_org_id=CLIENT, model="openai/gpt-4o", input_per_million="10",
            output_per_million="20", effective_from_ms=0,
        )  # fmt: skip
        arrival = make_arrival("gen-own", received_at_ms=AT, started_at_ms=AT, external_user="kate")
        book(db, rating_books.load(db, house.settings), [arrival], AT, outbox=False)
    row = explained(reporting, MANAGER, *DAY, **KATE)
    assert row.charged_pusd == units_of("0.002")
    assert [Decimal(price["output_per_million"]) for price in row.sale_prices] == [20]


def test_generations_are_found_in_the_archive_when_the_ledger_has_let_go_of_them(
    reporting: Reporting, busy: Installation
) -> None:
    before = explained(reporting, OPERATOR, *DAY, **KATE)
    with busy.store.write() as db:
        archives.begin_closing(db, CLIENT, "2026-10-20")
    archive.archive_day(busy, CLIENT, DAY[0])
    archive.verify_day(busy, CLIENT, DAY[0])
    seal(busy, CLIENT, [DAY[0]])
    with busy.store.write() as db:
        assert archives.remove_events(db, CLIENT, "2026-10-20", AT) == 3
    assert explained(reporting, OPERATOR, *DAY, **KATE) == before


def test_it_opens_with_one_sentence(reporting: Reporting, busy: Installation) -> None:
    row = explained(reporting, MANAGER, *DAY, **KATE)
    text = row.sentence(Words("pl")).replace("\u00a0", " ")
    assert text == "3,19 zł = 3 zapytania × średnio 0,2889 USD × 3,6789 (tabela NBP 203/A/NBP/2026), razem 0,87 USD."
    month = explained(reporting, MANAGER, *OCTOBER).sentence(Words("en"))
    assert "NBP tables used: 3" in month
    assert month.endswith("The rate of some of it is provisional.")
    nothing = explained(reporting, MANAGER, date(2020, 1, 1), date(2020, 1, 1))
    assert nothing.sentence(Words("pl")) == "Nie było zapytań, więc nie ma kwoty."


@pytest.mark.parametrize("sealed", [False, True])
@pytest.mark.parametrize(
    ("question", "key", "filter_"),
    [("by_person", "user_id", "people"), ("by_department", "department", "departments"),
     ("by_model", "model", "models"), ("by_provider", "provider", "providers")],
)  # fmt: skip
def test_each_line_of_a_list_leads_to_its_own_amount(
    reporting: Reporting, house: Installation, question: str, key: str, filter_: str, sealed: bool
) -> None:
    """Anna goes by two ids, somebody by none, and a third one is not in the directory."""
    store = house.store
    with store.write() as db:
        db.execute("INSERT INTO user_client_mapping VALUES ('two', 'u-ann', ?, 'ann-2', 1, 0, 0)", (CLIENT,))
    add_usage(store, "2026-10-14", "5", external_user="ann-2")
    add_usage(store, "2026-10-14", "7", external_user="zoe", provider="")
    add_usage(store, "2026-10-14", "11", external_user="", provider="")
    if sealed:
        seal(house, CLIENT, [date(2026, 10, 14)])
    listed = reporting.rows(question, MANAGER, *OCTOBER)
    shown = {row[key] or "": (row["charged_pusd"], row["requests"]) for row in listed}
    reached = {name: explained(reporting, MANAGER, *OCTOBER, **{filter_: (name,)}) for name in shown}
    assert {name: (found.charged_pusd, found.requests) for name, found in reached.items()} == shown
    assert all(found.equal for found in reached.values())
