"""A run of the batch: what it does to a day, what it leaves behind, and what a failure does not stop."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from mai_core.batch import holding
from mai_core.batch.context import Context, Step, Unit, each_client_day, whole_installation
from mai_core.batch.runner import LEASE, run_batch
from mai_core.batch.scheduled import next_run_ms, pending_days, run_if_due
from mai_core.errors import Conflict, MaiError
from mai_core.installation import Installation
from mai_core.money import units_of
from mai_core.reports import sealing
from mai_core.store import batch_runs, leases, rows
from tests.batch.conftest import LOCAL_STEPS, YESTERDAY, deliver, fix_rate, opened_at
from tests.builders import CLIENT, NOON, make_arrival, make_client

OTHER = "mai_client_bolt0000"


def step(name: str, work: Any, units: Any = each_client_day) -> Step:
    return Step(name, units, work)


def states(installation: Installation, name: str) -> list[tuple[Any, ...]]:
    with installation.store.read() as db:
        return rows(db, "SELECT client_org_id, batch_date, state FROM batch_runs WHERE step = ? ORDER BY id", (name,))


def test_a_day_is_validated_archived_and_sealed(installation: Installation) -> None:
    make_client(installation.store)
    deliver(installation, [make_arrival(f"gen-{n}", cost="0.01") for n in range(10)])
    fix_rate(installation, CLIENT)
    result = run_batch(installation, [YESTERDAY], steps=LOCAL_STEPS)
    assert result.ok, result.failures
    with installation.store.read() as db:
        assert rows(db, "SELECT usage_date, rows, sum_charged FROM sealed_days WHERE usage_date = '2026-10-14'") == [
            ("2026-10-14", 1, str(units_of("0.13")))
        ]
        assert rows(db, "SELECT rows, verified_at_ms IS NOT NULL FROM archives") == [(10, 1)]
        assert rows(db, "SELECT events, verified_at_ms IS NOT NULL FROM backups") == [(10, 1)]
        assert batch_runs.last_done(db) == "2026-10-14"
    assert result.details["months"][CLIENT]["2026-10"]["charged_usd"] == "0.130000000000"


def test_a_sealed_day_without_change_is_left_alone(installation: Installation) -> None:
    make_client(installation.store)
    deliver(installation, [make_arrival()])
    fix_rate(installation, CLIENT)
    run_batch(installation, [YESTERDAY], steps=LOCAL_STEPS)
    again = run_batch(installation, [YESTERDAY], steps=LOCAL_STEPS)
    for name in ("rebuild", "backup", "archive", "verify", "seal"):
        assert all("skipped" in detail for detail in again.details[name].values()), name


def test_a_late_event_opens_its_day_and_the_next_run_closes_it_again(installation: Installation) -> None:
    make_client(installation.store)
    deliver(installation, [make_arrival("gen-a")])
    fix_rate(installation, CLIENT)
    run_batch(installation, [YESTERDAY], steps=LOCAL_STEPS)
    deliver(installation, [make_arrival("gen-b", cost="0.40")])
    run_batch(installation, [date(2026, 10, 13)], also_open_days=True, steps=LOCAL_STEPS)
    with installation.store.read() as db:
        assert rows(db, "SELECT rows, version FROM archives") == [(2, 2)]
        assert rows(db, "SELECT sum_raw FROM sealed_days WHERE usage_date = '2026-10-14'") == [(str(units_of("0.5")),)]


def test_a_day_that_was_sealed_by_hand_is_archived_too(installation: Installation) -> None:
    make_client(installation.store)
    deliver(installation, [make_arrival()])
    fix_rate(installation, CLIENT)
    sealing.seal(installation, CLIENT, [YESTERDAY])
    result = run_batch(installation, [date(2026, 10, 13)], also_open_days=True, steps=LOCAL_STEPS)
    assert result.ok, result.failures
    with installation.store.read() as db:
        assert rows(db, "SELECT rows, verified_at_ms IS NOT NULL FROM archives") == [(1, 1)]
        assert rows(db, "SELECT count(*) FROM sealed_files WHERE replaced_at_ms IS NULL") == [(1,)]


def test_a_day_that_is_not_over_is_not_closed(installation: Installation) -> None:
    make_client(installation.store)
    deliver(installation, [make_arrival(started_at_ms=NOON + 24 * 3_600_000)])
    assert run_batch(installation, [date(2026, 10, 15)], steps=LOCAL_STEPS).details["rebuild"] == {}


def test_a_client_that_fails_does_not_stop_the_others(installation: Installation) -> None:
    for client in (CLIENT, OTHER):
        make_client(installation.store, client)
        deliver(installation, [make_arrival(f"gen-{client}", client=client)])
    sealed: list[str | None] = []

    def validate(context: Context, unit: Unit) -> dict[str, Any]:
        if unit.client_org_id == CLIENT:
            raise MaiError("its events are gone")
        return {}

    def seal(context: Context, unit: Unit) -> dict[str, Any]:
        sealed.append(unit.client_org_id)
        return {}

    result = run_batch(installation, [YESTERDAY], steps=[step("rebuild", validate), step("seal", seal)])
    assert sealed == [OTHER]
    assert result.failures == [f"rebuild {CLIENT} 2026-10-14: its events are gone"]
    assert states(installation, "rebuild") == [(CLIENT, "2026-10-14", "failed"), (OTHER, "2026-10-14", "ok")]
    assert states(installation, "batch") == [(None, "2026-10-14", "failed")]


def test_a_program_error_is_a_failed_row_too(installation: Installation) -> None:
    def broken(context: Context, unit: Unit) -> dict[str, Any]:
        return {"never": 1 // 0}

    result = run_batch(installation, [YESTERDAY], steps=[step("rates", broken, whole_installation)])
    assert "ZeroDivisionError" in result.failures[0]
    with installation.store.read() as db:
        assert rows(db, "SELECT state, error FROM batch_runs WHERE step = 'rates'") == [
            ("failed", "ZeroDivisionError: integer division or modulo by zero")
        ]


def test_upstreams_that_are_down_fail_their_step_and_nothing_else(installation: Installation) -> None:
    make_client(installation.store)
    deliver(installation, [make_arrival()])
    fix_rate(installation, CLIENT)
    result = run_batch(installation, [YESTERDAY])
    assert len(result.failures) == 2
    assert all("cannot be reached" in failure for failure in result.failures)
    assert states(installation, "rates") == [(None, "2026-10-14", "failed")]
    assert states(installation, "archive") == [(CLIENT, "2026-10-14", "ok")]
    with installation.store.read() as db:
        assert rows(db, "SELECT count(*) FROM sealed_days WHERE usage_date = '2026-10-14'") == [(1,)]


def test_only_one_batch_runs_at_a_time(installation: Installation) -> None:
    with installation.store.write() as db:
        leases.take(db, LEASE, "another-machine:7:abcd", installation.now_ms(), 60_000)
    with pytest.raises(Conflict, match="another-machine:7:abcd"):
        run_batch(installation, [YESTERDAY], steps=[])


def test_a_run_whose_lease_another_has_taken_goes_no_further(installation: Installation) -> None:
    make_client(installation.store)
    deliver(installation, [make_arrival()])
    later: list[Unit] = []

    def sleep_through_the_lease(context: Context, unit: Unit) -> dict[str, Any]:
        with installation.store.write() as db:
            leases.release(db, LEASE, holding.process_name())
            leases.take(db, LEASE, "another-machine:7:abcd", installation.now_ms(), 120_000)
        return {}

    def work_on(context: Context, unit: Unit) -> dict[str, Any]:
        later.append(unit)
        return {}

    sleeps = step("rebuild", sleep_through_the_lease)
    for steps in ([sleeps, step("archive", work_on)], [sleeps]):
        with pytest.raises(Conflict, match="another-machine:7:abcd"):
            run_batch(installation, [YESTERDAY], steps=steps)
        with installation.store.write() as db:
            leases.release(db, LEASE, "another-machine:7:abcd")
    assert later == []
    assert pending_days(installation) == []  # for half an hour; then again
    with installation.store.read() as db:
        assert batch_runs.last_done(db) is None


def test_a_dead_holder_is_replaced_when_its_lease_ends(installation: Installation) -> None:
    with installation.store.write() as db:
        leases.take(db, LEASE, "another-machine:7:abcd", installation.now_ms() - 200_000, 120_000)
        batch_runs.start(db, installation.now_ms() - 200_000, "2026-10-14", "rebuild", "another-machine:7:abcd")
    assert run_batch(installation, [YESTERDAY], steps=LOCAL_STEPS[:1]).ok
    assert states(installation, "rebuild") == [(None, "2026-10-14", "failed")]


def test_a_holder_of_this_machine_that_is_dead_is_replaced_at_once(installation: Installation) -> None:
    dead = holding.process_name().rsplit(":", 1)[0] + ":earlier"
    with installation.store.write() as db:
        leases.take(db, LEASE, dead, installation.now_ms(), 120_000)
    assert run_batch(installation, [YESTERDAY], steps=LOCAL_STEPS[:1]).ok


def test_missed_days_are_caught_up_oldest_first(installation: Installation) -> None:
    make_client(installation.store)
    days = [date(2026, 10, day) for day in (12, 13, 14)]
    for back, day in enumerate(reversed(days)):
        deliver(installation, [make_arrival(f"gen-{day}", started_at_ms=NOON - back * 24 * 3_600_000)])
    seen: list[date | None] = []

    def note(context: Context, unit: Unit) -> dict[str, Any]:
        seen.append(unit.day)
        return {}

    with installation.store.write() as db:
        row = batch_runs.start(db, 0, "2026-10-11", "batch", "p")
        batch_runs.finish(db, row, 1, "ok")
    assert pending_days(installation) == days
    run_batch(installation, pending_days(installation), steps=[step("rebuild", note)])
    assert seen == days
    assert pending_days(installation) == []


def test_a_run_for_one_client_leaves_the_others_and_the_schedule_alone(installation: Installation) -> None:
    for client in (CLIENT, OTHER):
        make_client(installation.store, client)
        deliver(installation, [make_arrival(f"gen-{client}", client=client)])
    result = run_batch(installation, [YESTERDAY], client_org_id=OTHER, steps=LOCAL_STEPS)
    assert list(result.details["rebuild"]) == [f"{OTHER} 2026-10-14"]
    assert result.details["backup"] == {}
    assert pending_days(installation) == [YESTERDAY]


def test_a_failed_batch_is_tried_again_after_half_an_hour(tmp_path: Path) -> None:
    first = opened_at(tmp_path)
    result = run_if_due(first)
    assert result is not None
    assert not result.ok
    assert pending_days(first) == []
    first.close()
    later = opened_at(tmp_path, "2026-10-15T12:05:00Z")
    assert pending_days(later) == [YESTERDAY]
    later.close()


def test_disabled_means_no_batch(tmp_path: Path) -> None:
    opened = opened_at(tmp_path, DAILY_BATCH_ENABLED="false")
    assert pending_days(opened) == []
    assert run_if_due(opened) is None
    assert next_run_ms(opened) is None
    opened.close()


def test_progress_counts_every_unit(installation: Installation) -> None:
    make_client(installation.store)
    deliver(installation, [make_arrival()])
    told: list[tuple[str, int, int]] = []
    steps = [one for one in LOCAL_STEPS if one.name == "rebuild"]
    run_batch(installation, [YESTERDAY], steps=steps, progress=lambda *line: told.append(line))
    assert told == [("rebuild", 0, 1), ("rebuild", 1, 1)]
