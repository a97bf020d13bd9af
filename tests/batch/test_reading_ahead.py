"""A big day is read in one sweep by a process of its own; what comes out is the same to the byte."""

from __future__ import annotations

import hashlib
from pathlib import Path
from random import Random

import pytest

from mai_core import reading_ahead
from mai_core.batch import steps
from mai_core.batch.context import Context, Unit
from mai_core.batch.runner import run_batch
from mai_core.days import DAY_MS
from mai_core.installation import Installation
from mai_core.reading_ahead import read_ahead
from mai_core.store import rows
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
