"""Many new events in few statements: the same ledger as one by one."""

from __future__ import annotations

from pathlib import Path

from mai_core.clock import Clock
from mai_core.intake.booking import Result, book
from mai_core.model import Arrival
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
