from __future__ import annotations

from datetime import date

import pytest

from mai_core.errors import BadValue
from mai_core.installation import Installation
from mai_core.organization_usage import ClientUsageDB, ProcessedGenerationDB
from mai_core.store import dicts, processed
from tests.builders import CLIENT

LONG_AGO = date(2026, 8, 14)
"""61 days before the test's today."""
KEPT = date(2026, 8, 15)


def mark(generation_id: str, day: date = KEPT, cost: float = 0.1, tokens: int = 10) -> bool:
    return ProcessedGenerationDB.mark_generation_processed(generation_id, CLIENT, day, cost, tokens)


def test_a_generation_is_processed_when_marked_or_booked(house: Installation) -> None:
    assert not ProcessedGenerationDB.is_generation_processed("gen-1", CLIENT)
    assert mark("gen-1")
    assert mark("gen-1")
    ClientUsageDB.record_usage(
        CLIENT, "ewa", "ext-ewa", "openai/gpt-4o", KEPT, request_metadata={"generation_id": "gen-2"}
    )
    with house.store.write() as db:
        db.execute("DELETE FROM processed_generations WHERE id = 'gen-2'")
    assert ProcessedGenerationDB.is_generation_processed("gen-1", CLIENT)
    assert ProcessedGenerationDB.is_generation_processed("gen-2", CLIENT)
    assert not ProcessedGenerationDB.is_generation_processed("gen-2", "mai_client_other")


@pytest.mark.parametrize(
    ("generation_id", "day", "cost", "tokens"),
    [
        ("", KEPT, 0.1, 1),
        ("g" * 10_000, KEPT, 0.1, 1),
        ("gen", "2026-13-01", 0.1, 1),
        ("gen", KEPT, float("nan"), 1),
        ("gen", KEPT, -0.1, 1),
        ("gen", KEPT, 0.1, -1),
    ],
)
def test_bad_marks_are_refused(house: Installation, generation_id: str, day: date, cost: float, tokens: int) -> None:
    assert mark(generation_id, day, cost, tokens) is False
    assert not ProcessedGenerationDB.is_generation_processed("gen", CLIENT)
    assert not ProcessedGenerationDB.mark_generation_processed("gen", "mai_client_00000000", KEPT, 0.1, 1)


def test_a_cleanup_forgets_what_is_older_than_sixty_days_and_says_so(house: Installation) -> None:
    mark("gen-old", LONG_AGO, 0.1, 7)
    mark("gen-older", date(2026, 1, 1), 0.2, 8)
    mark("gen-kept")
    result = ProcessedGenerationDB.cleanup_old_processed_generations()
    assert set(result) == {
        "success",
        "cutoff_date",
        "days_to_keep",
        "records_before",
        "records_deleted",
        "records_remaining",
        "old_tokens_removed",
        "old_cost_removed",
        "storage_saved_kb",
        "cleanup_duration_seconds",
        "organization_breakdown",
        "cleanup_timestamp",
    }
    assert (result["success"], result["cutoff_date"], result["days_to_keep"]) == (True, "2026-08-15", 60)
    assert (result["records_before"], result["records_deleted"], result["records_remaining"]) == (3, 2, 1)
    assert (result["old_tokens_removed"], result["old_cost_removed"]) == (15, 0.3)
    assert result["organization_breakdown"] == {CLIENT: 2}
    assert not ProcessedGenerationDB.is_generation_processed("gen-old", CLIENT)
    assert ProcessedGenerationDB.is_generation_processed("gen-kept", CLIENT)
    with house.store.read() as db:
        (logged,) = dicts(db, "SELECT * FROM processed_generation_cleanup_log")
    assert (logged["records_deleted"], logged["old_cost_removed"], logged["success"]) == (2, "0.3", 1)


def test_a_cleanup_keeps_what_still_has_its_event(house: Installation) -> None:
    ClientUsageDB.record_usage(CLIENT, "ewa", "ext-ewa", "openai/gpt-4o", LONG_AGO, request_metadata={"id": "gen-e"})
    assert ProcessedGenerationDB.cleanup_old_processed_generations()["records_deleted"] == 0
    with house.store.read() as db:
        assert len(dicts(db, "SELECT id FROM processed_generations")) == 1


@pytest.mark.parametrize("days", [59, 0, -1, True, "60", 10**12])
def test_a_shorter_memory_could_bill_twice_and_is_refused(house: Installation, days: int) -> None:
    mark("gen-old", LONG_AGO)
    result = ProcessedGenerationDB.cleanup_old_processed_generations(days)
    assert result["success"] is False
    assert "days_to_keep" in result["error"]
    assert ProcessedGenerationDB.is_generation_processed("gen-old", CLIENT)


def test_statistics_of_what_is_remembered(house: Installation) -> None:
    mark("gen-1", date(2026, 10, 1), 0.1, 5)
    mark("gen-2", date(2026, 10, 1), 0.2, 6)
    mark("gen-3", date(2026, 9, 30), 9.0, 7)
    stats = ProcessedGenerationDB.get_processed_generations_stats(CLIENT)
    assert (stats["total_generations"], stats["total_cost"], stats["total_tokens"]) == (2, 0.3, 11)
    assert stats["days"] == [{"date": "2026-10-01", "generations": 2, "total_cost": 0.3, "total_tokens": 11}]
    assert ProcessedGenerationDB.get_processed_generations_stats("mai_client_00000000") == {}


def test_a_generation_without_an_id_cannot_be_remembered(house: Installation) -> None:
    with pytest.raises(BadValue, match="generation_id"), house.store.write() as db:
        processed.mark(db, house.now_ms(), CLIENT, "", KEPT, "0.1", 1)
