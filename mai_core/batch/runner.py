"""One run of the batch: every step leaves a row, a client that fails does not stop the others, and whatever was
killed is done again by the next run, because a step looks at the ledger and never at what a former run meant to do.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from mai_core.batch.context import Context, Step, Unit
from mai_core.batch.holding import held, keep, process_name
from mai_core.batch.steps import STEPS
from mai_core.errors import MaiError
from mai_core.installation import Installation
from mai_core.reading_ahead import forget_ahead
from mai_core.store import Db, batch_runs

log = logging.getLogger(__name__)

LEASE = "daily_batch"

NOT_VITAL = frozenset({"influx"})
"""InfluxDB can be topped up later; what it may still have comes in as a late event."""

Progress = Callable[[str, int, int], None]
"""(step, units done, units in all), for a bar on a terminal."""


@dataclass
class Result:
    """What a run did, as the command line and the API show it."""

    run_id: int
    days: tuple[date, ...]
    failures: list[str] = field(default_factory=list)
    details: dict[str, dict[str, Any]] = field(default_factory=dict)

    @property
    def ok(self) -> bool:
        return not self.failures


def run_batch(
    installation: Installation,
    days: Sequence[date],
    *,
    client_org_id: str | None = None,
    also_open_days: bool = False,
    progress: Progress | None = None,
    steps: Sequence[Step] = STEPS,
) -> Result:
    """Close `days`, oldest first. `also_open_days` takes every other closed day that is not sealed along."""
    holder = process_name()
    with held(installation.store, installation.clock, LEASE, holder):
        now_ms = installation.now_ms()
        last = max(days).isoformat()
        with installation.store.write() as db:
            batch_runs.abandon(db, now_ms, "the process ended before this was done")
            run_id = batch_runs.start(db, now_ms, last, batch_runs.RUN_STEP, holder, client_org_id=client_org_id)
        context = Context(installation, tuple(sorted(days)), client_org_id, also_open_days, now_ms, run_id)
        result = Result(run_id, context.days)
        forget_ahead(installation)
        for step in steps:
            _run_step(context, step, result, holder, progress)
        forget_ahead(installation)
        with installation.store.write() as db:
            keep(db, LEASE, holder, installation.now_ms())
            _write_ended(context, db)
            batch_runs.finish(
                db,
                run_id,
                installation.now_ms(),
                "ok" if result.ok else "failed",
                {"from": context.days[0].isoformat(), "through": last},
                "; ".join(result.failures)[:2000] or None,
            )
        return result


def _run_step(context: Context, step: Step, result: Result, holder: str, progress: Progress | None) -> None:
    units = list(step.units(context))
    done: dict[str, Any] = {}
    for number, unit in enumerate(units):
        if progress is not None:
            progress(step.name, number, len(units))
        detail = _run_unit(context, step, unit, result, holder)
        if detail is not None:
            done[str(unit)] = detail
    if progress is not None:
        progress(step.name, len(units), len(units))
    result.details[step.name] = done


def _run_unit(context: Context, step: Step, unit: Unit, result: Result, holder: str) -> dict[str, Any] | None:
    """What was done; None when it failed, and the reason is on its row."""
    installation = context.installation
    day = (unit.day or context.days[-1]).isoformat()
    with installation.store.write() as db:
        keep(db, LEASE, holder, installation.now_ms())
        _write_ended(context, db)
        row_id = batch_runs.start(db, installation.now_ms(), day, step.name, holder, result.run_id, unit.client_org_id)
    detail: dict[str, Any] = {}
    error: str | None
    try:
        detail = step.work(context, unit)
        error = detail.pop("error", None)
        state = "failed" if error else "skipped" if detail.get("skipped") else "ok"
    except MaiError as refusal:
        state, error = "failed", str(refusal)
    except Exception as fault:
        log.exception("step %s failed for %s", step.name, unit)
        state, error = "failed", f"{type(fault).__name__}: {fault}"
    if error is not None:
        result.failures.append(f"{step.name} {unit}: {error}".replace("  ", " "))
        if unit.day is not None and step.name not in NOT_VITAL:
            context.failed.add(unit)
    context.ended = (row_id, installation.now_ms(), state, detail, error)
    return detail if error is None else None


def _write_ended(context: Context, db: Db) -> None:
    if context.ended is not None:
        batch_runs.finish(db, *context.ended)
        context.ended = None
