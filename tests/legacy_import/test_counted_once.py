"""Events of a day that came in as history: live ones count beside it, old ones wait for a person."""

from __future__ import annotations

from pathlib import Path

import pytest

from mai_core import legacy_import
from mai_core.installation import Installation
from mai_core.intake.delivery import Delivery, Receipt
from mai_core.intake.desk import Desk
from mai_core.intake.parsed import Parsed
from mai_core.intake.replay import replay
from mai_core.intake.sources import SOURCES
from mai_core.settings import Settings, load_settings
from mai_core.store import rows
from tests.builders import CLIENT, NOON, make_observation
from tests.legacy_import.conftest import OldDatabase


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    environment = {"MAI_DATA_DIR": str(tmp_path / "data"), "MAI_SECRET_KEY": "k", "MAI_CLOCK": "2026-10-14T13:00:00Z"}
    return load_settings(environment, tmp_path / ".env")


@pytest.fixture
def house(installation: Installation, old: OldDatabase) -> Installation:
    """The 14th of October came in as history; one of its generations is remembered."""
    old.add_day("2026-10-14", 0.2, 0.4)
    old.add_generation("gen-remembered")
    legacy_import.bring_in(installation, old.path, apply=True)
    return installation


def deliver(house: Installation, generation: str, *, historical: bool) -> Receipt:
    parsed = Parsed([make_observation(generation)], [0])
    (receipt,) = Desk(house).deliver([Delivery(SOURCES["openrouter"], CLIENT, parsed, NOON, historical=historical)])
    return receipt


def test_a_live_event_of_the_day_of_the_move_counts(house: Installation) -> None:
    assert deliver(house, "gen-live", historical=False).new == 1


def test_an_old_event_of_an_imported_day_waits_until_a_person_says_it_counts(house: Installation) -> None:
    (problem,) = deliver(house, "gen-from-a-csv", historical=True).quarantined
    assert "history of the older system" in problem.reason
    with house.store.read() as db:
        ((entry,),) = rows(db, "SELECT id FROM quarantine WHERE reason_code = 'imported_day'")
    assert replay(house, entry, "anna@acme.example").new == 1


def test_what_is_known_here_is_a_duplicate_and_does_not_wait(house: Installation) -> None:
    deliver(house, "gen-live", historical=False)
    for generation in ("gen-live", "gen-remembered"):
        receipt = deliver(house, generation, historical=True)
        assert (receipt.duplicates, receipt.quarantined) == (1, [])


def test_old_events_of_other_days_count(house: Installation) -> None:
    parsed = Parsed([make_observation("gen-other", started_at_ms=NOON - 86_400_000)], [0])
    (receipt,) = Desk(house).deliver([Delivery(SOURCES["openrouter"], CLIENT, parsed, NOON, historical=True)])
    assert receipt.new == 1
