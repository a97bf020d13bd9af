"""Many new events in few statements: the same ledger as one by one."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from mai_core.clock import Clock
from mai_core.intake.booking import Result, book
from mai_core.model import Arrival, Rank
from mai_core.settings import load_settings
from mai_core.store import Store, rating_books, rows
from mai_core.store.ledger import EVENT_COLUMNS
from tests.builders import CLIENT, NOON, make_arrival, make_client, make_observation

SETTINGS = load_settings({})


def test_new_ones_are_booked_together_as_they_are_one_by_one(tmp_path: Path) -> None:
    """Many rows per statement, the same ledger: known ones and repeats among them go the long way."""
    told = [
        make_arrival(
            f"gen-{number % 130}",
            cost=(None, "12", "0", f"0.{number}", f"0.00000000{number:04}")[number % 5],
            model=f"m/{number % 3}",
            rank=1 + number % 9,
            is_byok=(None, True, False)[number % 3],
        )
        for number in range(200)
    ]
    ledgers = []
    for size in (1, 7, 200):
        with Store(tmp_path / f"{size}.db", Clock()) as store:
            make_client(store)
            for start in range(0, len(told), size):
                with store.write() as db:
                    rating_book = rating_books.load(db, SETTINGS)
                    book(db, rating_book, told[start : start + size], NOON, outbox=True)
            with store.read() as db:
                ledgers.append(
                    [
                        rows(db, "SELECT * FROM usage_daily ORDER BY client_org_id, usage_date, model"),
                        rows(db, f"SELECT {', '.join(EVENT_COLUMNS)} FROM usage_events ORDER BY generation_id"),
                        rows(db, "SELECT * FROM processed_generations ORDER BY id"),
                        rows(db, "SELECT * FROM outbox ORDER BY generation_id"),
                        rows(
                            db, "SELECT generation_id, field, rank, seen_values, state FROM conflicts ORDER BY 1, 2, 3"
                        ),
                    ]
                )
    assert ledgers[0] == ledgers[1] == ledgers[2]


@pytest.mark.parametrize("seed", range(4))
def test_twins_that_contradict_each_other_in_one_batch_are_booked_as_one_by_one(tmp_path: Path, seed: int) -> None:
    """Few ids, many ways in, each with other values; two clients, an invoiced month, ids as long as they may be."""
    chance = random.Random(seed)
    ids = [*(f"gen-{number}" for number in range(25)), "x" * 256, "ę" * 256, "gen-'1", "Gen-1", "gen-1\u00a0"]
    told = [
        make_arrival(
            chance.choice(ids),
            client=chance.choice([CLIENT, "other"]),
            received_at_ms=NOON + chance.randrange(3),
            rank=chance.choice(list(Rank)),
            source=chance.choice(["openrouter", "litellm", "completions"]),
            cost=chance.choice([None, "0", "0.000000000001", "1.23", "12345.6"]),
            started_at_ms=NOON - chance.randrange(40 * 86_400_000),
            external_user=chance.choice([None, "ann", "jan"]),
            model=chance.choice([None, "openai/gpt-4o", "m/1"]),
            input_tokens=chance.choice([None, 0, 7, 10**9]),
            is_byok=chance.choice([None, True, False]),
            upstream_pusd=chance.choice([None, 5]),
            cancelled=chance.choice([None, True]),
        )
        for _ in range(150)
    ]
    ledgers = []
    for size in (1, 13, 150):
        with Store(tmp_path / f"{size}.db", Clock()) as store:
            make_client(store)
            make_client(store, "other")
            with store.write() as db:
                db.execute("INSERT INTO invoiced_months VALUES (?, '2026-09', 'FV 1', 0)", (CLIENT,))
            for start in range(0, len(told), size):
                with store.write() as db:
                    book(db, rating_books.load(db, SETTINGS), told[start : start + size], NOON, outbox=True)
            with store.read() as db:
                ledgers.append(
                    [
                        sorted(rows(db, "SELECT * FROM usage_daily")),
                        sorted(map(repr, rows(db, f"SELECT {', '.join(EVENT_COLUMNS)} FROM usage_events"))),
                        sorted(rows(db, "SELECT * FROM processed_generations")),
                        sorted(map(repr, rows(db, "SELECT client_org_id, generation_id, refused FROM outbox"))),
                        sorted(rows(db, "SELECT client_org_id, generation_id, before, after FROM corrections")),
                        sorted(
                            rows(
                                db,
                                "SELECT client_org_id, generation_id, field, rank, seen_values, state FROM conflicts",
                            )
                        ),
                    ]
                )
    assert ledgers[0] == ledgers[1] == ledgers[2]
    assert all(len(part) > 1 for part in ledgers[0])


def test_an_imported_event_that_outlived_its_dedupe_memory_is_known(store: Store) -> None:
    make_client(store)
    for size in (1, 5):
        told = [
            Arrival(
                client_org_id=CLIENT,
                observation=make_observation(f"gen-{size}-{number}"),
                received_at_ms=NOON,
                historical=True,
            )
            for number in range(size)
        ]
        for expected in (Result.NEW, Result.DUPLICATE):
            with store.write() as db:
                rating_book = rating_books.load(db, SETTINGS)
                assert {outcome.result for outcome in book(db, rating_book, told, NOON)} == {expected}
                db.execute("DELETE FROM processed_generations")
