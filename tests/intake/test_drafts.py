"""Rows made ahead of the commit: taken where they are what the desk would make itself, and only there."""

from __future__ import annotations

import pickle
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from mai_core.installation import Installation, open_installation
from mai_core.intake.desk import Desk
from mai_core.intake.drafts import MOST_DRAFTED, drafts_of
from mai_core.intake.parsing_worker import Asked, answer, packed, parsed_from
from mai_core.model import Rank
from mai_core.money import units_of
from mai_core.rating_book import RatingBook
from mai_core.settings import load_settings
from mai_core.store import clients, rating_books, routes, rows, sale_prices
from tests.builders import CLIENT, NOON, make_client, make_observation
from tests.intake.ledgers import delivery, drafted, environment, ledger_of

OTHER = "other_client"


@pytest.fixture
def installation(tmp_path: Path) -> Iterator[Installation]:
    opened = installation_in(tmp_path / "data")
    yield opened
    opened.close()


def installation_in(folder: Path) -> Installation:
    opened = open_installation(load_settings(environment(folder), folder / ".env"))
    make_client(opened.store)
    make_client(opened.store, OTHER, markup_rate="3")
    return opened


def book_of(installation: Installation) -> RatingBook:
    with installation.store.read() as db:
        return rating_books.load(db, installation.settings)


def charged(installation: Installation) -> list[tuple[str, int]]:
    with installation.store.read() as db:
        return [
            (str(client), charge) for client, charge in rows(db, "SELECT client_org_id, charged_pusd FROM usage_events")
        ]


MANY = [
    make_observation(
        f"gen-{NOON // 1000}-{number}",
        cost=(None, "0.10", "0", "0.000000000001")[number % 4],
        rank=(Rank.BROADCAST, Rank.FLAT)[number % 2],
        external_user=(None, f"{CLIENT}_user_1", f"{OTHER}_user_2")[number % 3],
        model=(None, "openai/gpt-4o", "nobody/knows")[number % 3],
        started_at_ms=(None, NOON - 86_400_000, NOON + 86_400_000)[number % 3],
        is_byok=(None, True, False)[number % 3],
        session_id="za\u017c\u00f3\u0142\u0107" if number % 2 else None,
    )
    for number in range(24)
]


@pytest.mark.parametrize("client", [CLIENT, None])
def test_drafted_deliveries_make_the_ledger_that_others_make(tmp_path: Path, client: str | None) -> None:
    ledgers = []
    for name in ("drafted", "plain"):
        opened = installation_in(tmp_path / name)
        told = drafted(book_of(opened), *MANY, client=client) if name == "drafted" else delivery(*MANY, client=client)
        Desk(opened).deliver([told])
        ledgers.append(ledger_of(opened.store))
        opened.close()
    assert ledgers[0] == ledgers[1]
    assert len(ledgers[0]["events"]) == (24 if client else 16), "those of nobody known wait in quarantine"


def test_a_draft_is_taken_as_it_stands_while_it_holds(installation: Installation) -> None:
    """So that the test before says something."""
    told = drafted(book_of(installation), *MANY[:5])
    assert told.parsed.drafts is not None
    for row in told.parsed.drafts.rows:
        assert isinstance(row, list)
        row[row.index("1.3")] = "1.30"
    Desk(installation).deliver([told])
    with installation.store.read() as db:
        assert rows(db, "SELECT DISTINCT markup FROM usage_events") == [("1.30",)]


def test_a_draft_made_with_an_older_book_is_worked_out_anew(installation: Installation) -> None:
    old = book_of(installation)
    with installation.store.write() as db:
        clients.set_markup(db, CLIENT, "2", NOON - 1, "test")
    told = [make_observation(f"gen-{number}") for number in range(5)]
    Desk(installation).deliver([drafted(old, *told)])
    assert charged(installation) == [(CLIENT, units_of("0.2"))] * 5


def test_a_draft_for_another_client_or_instant_is_not_taken(installation: Installation) -> None:
    told = [make_observation(f"gen-{number}", started_at_ms=None) for number in range(5)]
    for_another = drafted(book_of(installation), *told, client=OTHER)
    late = drafted(
        book_of(installation), *(msgspec.structs.replace(one, generation_id=f"{one.generation_id}-l") for one in told)
    )
    for_this = delivery(*told)
    for_this.parsed.drafts = for_another.parsed.drafts
    later = delivery(*late.parsed.observations, received_at_ms=NOON + 1)
    later.parsed.drafts = late.parsed.drafts
    Desk(installation).deliver([for_this, later])
    assert charged(installation) == [(CLIENT, units_of("0.13"))] * 10
    with installation.store.read() as db:
        assert rows(db, "SELECT DISTINCT at_ms FROM usage_events ORDER BY 1") == [(NOON,), (NOON + 1,)]


def test_a_route_that_an_operator_set_outweighs_the_client_named_in_the_id(installation: Installation) -> None:
    person = f"{OTHER}_user_7"
    with installation.store.write() as db:
        routes.put(db, NOON, "test", "external_user", person, CLIENT)
    told = [make_observation(f"gen-{number}", external_user=person) for number in range(5)]
    Desk(installation).deliver([drafted(book_of(installation), *told, client=None)])
    assert charged(installation) == [(CLIENT, units_of("0.13"))] * 5


def test_what_cannot_be_drafted_leaves_the_others_theirs(installation: Installation) -> None:
    book = book_of(installation)
    assert [row is None for row in drafts_of(book, "unheard_of", NOON, MANY[:2]).rows] == [True, True]
    broken = make_observation("gen-x", input_tokens="many")
    assert [row is None for row in drafts_of(book, CLIENT, NOON, [MANY[0], broken, MANY[1]]).rows] == [
        False,
        True,
        False,
    ]


def body_of(*ids: str, cost: str = "0.10") -> bytes:
    return msgspec.json.encode(
        [{"id": one, "model": "openai/gpt-4o", "usage": {"prompt_tokens": 1, "cost": cost}} for one in ids]
    )


def beside(body: bytes, book: RatingBook) -> list[object]:
    parsed = parsed_from(answer(Asked("completions", {}, NOON, CLIENT), body, book))
    return list(parsed.drafts.rows) if parsed.drafts else []


def test_the_process_beside_drafts_what_it_has_parsed(installation: Installation) -> None:
    book = pickle.loads(pickle.dumps(book_of(installation)))
    assert len(beside(body_of("gen-1", "gen-2"), book)) == 2
    assert beside(body_of(*(f"gen-{number}" for number in range(MOST_DRAFTED + 1))), book) == []


def test_what_was_looked_up_in_a_book_is_not_sent_because_the_writer_may_be_adding_to_it(
    installation: Installation,
) -> None:
    with installation.store.write() as db:
        sale_prices.put(db, NOON, model="m/1", input_per_million="1", output_per_million="2", actor="test")
    book = book_of(installation)
    fresh = packed(book)
    book.prices.at("openai/gpt-4o", NOON)
    book.sale_prices.at(CLIENT, "m/1", NOON)
    assert packed(book) == fresh


def test_an_amount_that_no_message_holds_costs_the_drafts_and_not_the_body(installation: Installation) -> None:
    largest = str(2**63 // 10**12)
    body = body_of("gen-1", "gen-2", cost=largest)
    parsed = parsed_from(answer(Asked("completions", {}, NOON, OTHER), body, book_of(installation)))
    assert (len(parsed.observations), parsed.drafts) == (2, None)
