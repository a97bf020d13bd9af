"""What the clock did: a row per run, and in it a row per step, day and client."""

from __future__ import annotations

import json
from typing import Any

from mai_core.store.connection import Db, dicts

RUN_STEP = "batch"
"""The step name of the row that stands for a whole run."""


def start(
    db: Db,
    now_ms: int,
    day: str,
    step: str,
    process: str,
    run_id: int | None = None,
    client_org_id: str | None = None,
) -> int:
    db.execute(
        "INSERT INTO batch_runs (run_id, batch_date, step, client_org_id, state, started_at_ms, process) "
        "VALUES (?, ?, ?, ?, 'running', ?, ?)",
        (run_id, day, step, client_org_id, now_ms, process),
    )
    return int(db.last_insert_rowid())


def finish(
    db: Db, row_id: int, now_ms: int, state: str, detail: dict[str, Any] | None = None, error: str | None = None
) -> None:
    db.execute(
        "UPDATE batch_runs SET state = ?, finished_at_ms = ?, detail = ?, error = ? WHERE id = ?",
        (state, now_ms, json.dumps(detail or {}, ensure_ascii=False, sort_keys=True), error, row_id),
    )


def abandon(db: Db, now_ms: int, reason: str) -> int:
    """Rows of a run whose process died; only the holder of the lease may say so."""
    db.execute(
        "UPDATE batch_runs SET state = 'failed', finished_at_ms = ?, error = ? WHERE state = 'running'",
        (now_ms, reason),
    )
    return int(db.changes())


def last_done(db: Db) -> str | None:
    """The latest usage day that a batch closed for every client."""
    row = db.execute(
        "SELECT MAX(batch_date) FROM batch_runs WHERE step = ? AND state = 'ok' AND client_org_id IS NULL", (RUN_STEP,)
    ).fetchone()
    return None if row is None or row[0] is None else str(row[0])


def last_attempt_ms(db: Db, day: str) -> int | None:
    """When a run for this day was last started, whatever became of it."""
    row = db.execute(
        "SELECT MAX(started_at_ms) FROM batch_runs WHERE step = ? AND batch_date = ? AND client_org_id IS NULL",
        (RUN_STEP, day),
    ).fetchone()
    return None if row is None or row[0] is None else int(row[0])


def latest(db: Db) -> dict[str, Any] | None:
    """The last run itself; its steps may be thousands."""
    rows = dicts(db, "SELECT * FROM batch_runs WHERE step = ? ORDER BY id DESC LIMIT 1", (RUN_STEP,))
    return _decoded(rows[0]) if rows else None


def latest_runs(db: Db, limit: int) -> list[dict[str, Any]]:
    """The last runs, newest first, with what each step left behind."""
    rows = dicts(db, "SELECT * FROM batch_runs WHERE step = ? ORDER BY id DESC LIMIT ?", (RUN_STEP, limit))
    runs = [_decoded(row) for row in rows]
    for run in runs:
        steps = dicts(db, "SELECT * FROM batch_runs WHERE run_id = ? ORDER BY id", (run["id"],))
        run["steps"] = [_decoded(step) for step in steps]
    return runs


def _decoded(row: dict[str, Any]) -> dict[str, Any]:
    return {**row, "detail": json.loads(row["detail"])}
