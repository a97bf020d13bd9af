"""The desk: groups share a transaction, and one event that cannot be booked takes nobody with it."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from mai_core.errors import StoreUnavailable
from mai_core.installation import Installation, open_installation
from mai_core.intake import desk as desk_module
from mai_core.intake.desk import Desk
from mai_core.settings import Settings, load_settings
from tests.builders import CLIENT, NOON, make_client, make_observation
from tests.intake.ledgers import delivery, environment

DAY = 86_400_000


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return load_settings(environment(tmp_path / "data"), tmp_path / ".env")


@pytest.fixture
def installation(settings: Settings) -> Any:
    opened = open_installation(settings)
    make_client(opened.store)
    yield opened
    opened.close()


def booked(installation: Installation) -> list[str]:
    with installation.store.read() as db:
        return [row[0] for row in db.execute("SELECT generation_id FROM usage_events ORDER BY seq").fetchall()]


def waiting(installation: Installation) -> list[str]:
    with installation.store.read() as db:
        return [row[0] for row in db.execute("SELECT reason_code FROM quarantine ORDER BY id").fetchall()]


def test_deliveries_of_a_group_get_receipts_of_their_own(installation: Installation) -> None:
    first, second = make_observation("gen-a"), make_observation("gen-b")
    one, other = Desk(installation).deliver([delivery(first, second), delivery(second)])
    assert (one.new, one.duplicates, other.new, other.duplicates) == (2, 0, 0, 1)
    assert booked(installation) == ["gen-a", "gen-b"]


def test_an_event_that_cannot_be_booked_is_quarantined_and_the_group_goes_on(installation: Installation) -> None:
    poison = make_observation("gen-poison", input_tokens=-1)
    desk = Desk(installation)
    receipts = desk.deliver([delivery(make_observation("gen-a"), poison), delivery(make_observation("gen-b"))])
    assert [(receipt.new, len(receipt.quarantined)) for receipt in receipts] == [(1, 1), (1, 0)]
    assert (booked(installation), waiting(installation)) == (["gen-a", "gen-b"], ["not_bookable"])
    assert desk.deliver([delivery(make_observation("gen-c"))])[0].new == 1, "it remembers nothing of what was undone"


def test_people_of_an_undone_group_are_known_all_the_same(installation: Installation) -> None:
    poison = make_observation("gen-poison", input_tokens=-1)
    Desk(installation).deliver([delivery(make_observation("gen-a", external_user="anna"), poison)])
    with installation.store.read() as db:
        known = db.execute("SELECT openrouter_user_id FROM user_client_mapping").fetchall()
    assert known == [("anna",)]


def test_a_ledger_that_cannot_be_written_stores_nothing(
    installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_space(*_: Any, **__: Any) -> Any:
        raise StoreUnavailable("disk full")

    with monkeypatch.context() as patched:
        patched.setattr(desk_module, "book", no_space)
        with pytest.raises(StoreUnavailable):
            Desk(installation).deliver([delivery(make_observation("gen-a"))])
    assert (booked(installation), waiting(installation)) == ([], [])


def test_a_disk_that_fills_up_while_going_one_by_one_is_not_the_events_fault(
    installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers = iter([RuntimeError("a bug"), StoreUnavailable("disk full")])

    def fail(*_: Any, **__: Any) -> Any:
        raise next(answers)

    monkeypatch.setattr(desk_module, "book", fail)
    with pytest.raises(StoreUnavailable):
        Desk(installation).deliver([delivery(make_observation("gen-a"))])
    assert waiting(installation) == []


@pytest.mark.parametrize(
    ("age_days", "historical", "ends"), [(58, False, "booked"), (60, False, "too_old"), (400, True, "booked")]
)
def test_live_ways_in_take_nothing_that_the_dedupe_memory_may_have_forgotten(
    installation: Installation, age_days: int, historical: bool, ends: str
) -> None:
    old = make_observation("gen-old", started_at_ms=NOON - age_days * DAY)
    Desk(installation).deliver([delivery(old, historical=historical)])
    assert (booked(installation), waiting(installation)) == (
        (["gen-old"], []) if ends == "booked" else ([], ["too_old"])
    )


def test_an_import_asks_the_archive(installation: Installation) -> None:
    """An event that left for the archive with its dedupe memory is not billed again."""
    from mai_core import archive
    from mai_core.store import archives

    old = make_observation("gen-old", started_at_ms=NOON - 100 * DAY)
    day = date(2026, 7, 6)
    desk = Desk(installation)
    assert desk.deliver([delivery(old, historical=True)])[0].new == 1
    with installation.store.write() as db:
        archives.begin_closing(db, CLIENT, day.isoformat())
    archive.archive_day(installation, CLIENT, day)
    with installation.store.write() as db:
        assert archives.remove_events(db, CLIENT, day.isoformat(), NOON) == 1
        db.execute("DELETE FROM processed_generations")
    again = desk.deliver(
        [delivery(old, make_observation("gen-other", started_at_ms=NOON - 100 * DAY), historical=True)]
    )
    assert (again[0].duplicates, again[0].new) == (1, 1)
    assert booked(installation) == ["gen-other"]
