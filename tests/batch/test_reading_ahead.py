"""A big day is read in one sweep by a process of its own; what comes out is the same to the byte."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path
from random import Random

import pyarrow.compute as pc
import pytest

from mai_core import reading_ahead
from mai_core.archive import events_path
from mai_core.archive_file import ArchiveBroken, read_file, write_file
from mai_core.batch import steps
from mai_core.batch.context import Context, Unit
from mai_core.batch.runner import run_batch
from mai_core.days import DAY_MS
from mai_core.installation import Installation
from mai_core.reading_ahead import read_ahead
from mai_core.store import archives, rows
from tests.batch.conftest import LOCAL_STEPS, YESTERDAY, deliver, fix_rate, opened_at
from tests.builders import CLIENT, NOON, make_arrival, make_client

BOLT = "mai_client_bolt0000"


def busy(folder: Path) -> Installation:
    """Two clients, the same day, everything that an event can be; between their rows lies one of another day."""
    opened = opened_at(folder)
    random = Random(3)
    for client in (CLIENT, BOLT):
        make_client(opened.store, client)
        fix_rate(opened, client)
        deliver(opened, [make_arrival(f"gen-{client[-4:]}-before", client=client, started_at_ms=NOON - DAY_MS)])
        deliver(
            opened,
            [
                make_arrival(
                    f"gen-{client[-4:]}-{n}",
                    client=client,
                    started_at_ms=NOON + random.randrange(3_600_000),
                    cost=random.choice(["0.1", "0.002", None]),
                    model=random.choice(["openai/gpt-4o", "nobody/knows", "Ałma/ź"]),
                    external_user=random.choice(["", "o'neill", "u2"]),
                    cached_tokens=random.choice([None, 7]),
                    is_byok=random.choice([None, True]),
                    session_id=random.choice([None, "chat-77"]),
                )
                for n in range(60)
            ],
        )
    with opened.store.write() as db:
        db.execute("UPDATE usage_events SET updated_at_ms = received_at_ms")
        db.execute("UPDATE usage_daily SET requests = requests + 1 WHERE client_org_id = ?", (BOLT,))
    return opened


def outcome(opened: Installation) -> tuple[object, ...]:
    result = run_batch(
        opened, [YESTERDAY], steps=[one for one in LOCAL_STEPS if one.name in ("rebuild", "archive", "verify")]
    )
    assert result.ok, result.failures
    folder = opened.settings.lake_dir / "internal" / "events"
    files = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.rglob("*.parquet")}
    with opened.store.read() as db:
        facts = rows(db, "SELECT * FROM usage_daily ORDER BY 1, 2, 3, 4, 5")
        kept = rows(db, "SELECT client_org_id, rows, sum_raw, sum_charged, sha256, version FROM archives ORDER BY 1")
        corrected = rows(db, "SELECT client_org_id, before, after FROM day_corrections")
    return files, facts, kept, corrected


def test_both_ways_give_the_same_facts_and_the_same_bytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "small").mkdir()
    (tmp_path / "big").mkdir()
    small = busy(tmp_path / "small")
    row_by_row = outcome(small)
    small.close()
    monkeypatch.setattr(reading_ahead, "BIG_DAY", 1)
    big = busy(tmp_path / "big")
    assert outcome(big) == row_by_row
    assert not reading_ahead.scratch_folder(big).exists()
    big.close()


def test_a_small_day_is_not_worth_a_process(tmp_path: Path) -> None:
    opened = busy(tmp_path)
    assert read_ahead(opened, YESTERDAY, [CLIENT, BOLT]) == {}
    opened.close()


def test_scattered_rows_are_not_swept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading_ahead, "BIG_DAY", 1)
    opened = busy(tmp_path)
    with opened.store.write() as db:
        db.execute("UPDATE usage_events SET seq = 1000000 WHERE seq = (SELECT max(seq) FROM usage_events)")
    assert read_ahead(opened, YESTERDAY, [CLIENT, BOLT]) == {}
    opened.close()


def test_a_worker_that_fails_costs_time_and_nothing_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading_ahead, "BIG_DAY", 1)
    monkeypatch.setattr(reading_ahead.sys, "executable", "/nowhere/python")
    opened = busy(tmp_path)
    _, _, kept, corrected = outcome(opened)
    assert len(kept) == 2  # type: ignore[arg-type]
    assert len(corrected) == 1  # type: ignore[arg-type]
    opened.close()


def test_what_was_read_does_not_count_when_an_event_came_meanwhile(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading_ahead, "BIG_DAY", 1)
    opened = busy(tmp_path)
    context = Context(opened, (YESTERDAY,), None, False, opened.now_ms())
    unit = Unit(CLIENT, YESTERDAY)
    assert context.read_ahead(unit) is not None
    deliver(opened, [make_arrival("gen-late")])
    assert steps.rebuild(context, unit)["requests"] == 61
    assert steps.archive_events(context, unit)["rows"] == 61
    with opened.store.read() as db:
        assert rows(db, "SELECT rows FROM archives") == [(61,)]
    opened.close()


@pytest.fixture
def archived(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Context]:
    """A day that counts as big, archived and not verified yet."""
    monkeypatch.setattr(reading_ahead, "BIG_DAY", 1)
    opened = busy(tmp_path)
    context = Context(opened, (YESTERDAY,), None, False, opened.now_ms())
    for client in (CLIENT, BOLT):
        steps.rebuild(context, Unit(client, YESTERDAY))
        steps.archive_events(context, Unit(client, YESTERDAY))
    yield context
    opened.close()


def verified(context: Context) -> list[str]:
    with context.installation.store.read() as db:
        found = rows(db, "SELECT client_org_id FROM archives WHERE verified_at_ms IS NOT NULL ORDER BY 1")
    return [client for (client,) in found]


def test_a_big_day_is_compared_in_one_sweep(archived: Context) -> None:
    with archived.installation.store.read() as db:
        kept = rows(db, "SELECT client_org_id, sha256 FROM archives ORDER BY 1")
    assert [(client, archived.compare_ahead(Unit(client, YESTERDAY))) for client, _ in kept] == kept
    for client in (CLIENT, BOLT):
        steps.verify_archive(archived, Unit(client, YESTERDAY))
    assert verified(archived) == sorted([CLIENT, BOLT])


def test_a_file_that_holds_another_event_is_not_verified_in_a_sweep_either(archived: Context) -> None:
    with archived.installation.store.read() as db:
        row = archives.get(db, CLIENT, YESTERDAY.isoformat())
    assert row is not None
    path = events_path(archived.installation, row["file"])
    table = read_file(path)
    place = table.schema.get_field_index("received_at_ms")
    digest = write_file(path, table.set_column(place, "received_at_ms", pc.add(table["received_at_ms"], 1)))
    with archived.installation.store.write() as db:
        db.execute("UPDATE archives SET sha256 = ? WHERE client_org_id = ?", (digest, CLIENT))
    assert archived.compare_ahead(Unit(CLIENT, YESTERDAY)) is None
    with pytest.raises(ArchiveBroken, match="does not hold what the ledger has"):
        steps.verify_archive(archived, Unit(CLIENT, YESTERDAY))
    steps.verify_archive(archived, Unit(BOLT, YESTERDAY))
    assert verified(archived) == [BOLT]


def test_what_was_compared_does_not_count_when_an_event_came_meanwhile(archived: Context) -> None:
    assert archived.compare_ahead(Unit(CLIENT, YESTERDAY)) is not None
    deliver(archived.installation, [make_arrival("gen-late")])
    with pytest.raises(ArchiveBroken, match="does not hold what the ledger has"):
        steps.verify_archive(archived, Unit(CLIENT, YESTERDAY))
    assert verified(archived) == []
