"""Running the daily batch now, and seeing what it did. The batch is a process of its own: it must not slow the
webhooks, and it may be killed without taking the API along."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from typing import Annotated, Any

from fastapi import APIRouter, HTTPException, Query
from pydantic import BaseModel

from mai_core.batch.runner import LEASE
from mai_core.batch.scheduled import named_days, next_run_ms
from mai_core.days import from_ms
from mai_core.installation import Installation
from mai_core.store import audit, batch_runs, clients, leases
from routers.access import Opened, Operator

router = APIRouter(tags=["batch"])


class BatchWish(BaseModel):
    """One usage day, several, or (nothing said) everything that is due."""

    date: str | None = None
    from_date: str | None = None
    to_date: str | None = None
    client_org_id: str | None = None


@router.post("/api/admin/batch/trigger", status_code=202)
def trigger(opened: Opened, caller: Operator, wish: BatchWish | None = None) -> dict[str, Any]:
    """Start a batch now; 409 while one is running."""
    arguments = batch_arguments(opened, wish or BatchWish())
    now_ms = opened.now_ms()
    with opened.store.write() as db:
        if leases.holder_of(db, LEASE, now_ms) is not None:
            raise HTTPException(409, "a batch is running already; see /api/admin/batch/status")
        audit.write(db, now_ms, caller.name, "batch.trigger", " ".join(arguments) or "everything due")
    process = launch(arguments, opened)
    return {"success": True, "started": True, "process": process.pid}


@router.get("/api/admin/batch/status")
def status(opened: Opened, caller: Operator, limit: Annotated[int, Query(ge=1, le=100)] = 7) -> dict[str, Any]:
    """The last runs with their steps, whether one is running, and when the next is due."""
    with opened.store.read() as db:
        runs = batch_runs.latest_runs(db, limit)
        holder = leases.holder_of(db, LEASE, opened.now_ms())
    due_ms = next_run_ms(opened)
    return {
        "success": True,
        "enabled": opened.settings.daily_batch_enabled,
        "running": holder is not None,
        "next_run": None if due_ms is None else from_ms(due_ms).isoformat(),
        "runs": runs,
    }


def batch_arguments(installation: Installation, wish: BatchWish) -> list[str]:
    named_days(installation, wish.date, wish.from_date, wish.to_date)  # what the batch would refuse is refused here
    arguments: list[str] = []
    for flag, value in (("--date", wish.date), ("--from", wish.from_date), ("--to", wish.to_date)):
        if value:
            arguments += [flag, value]
    if wish.client_org_id:
        with installation.store.read() as db:
            arguments += ["--client", clients.require(db, wish.client_org_id).id]
    return arguments


def launch(arguments: Sequence[str], installation: Installation) -> subprocess.Popen[bytes]:
    """The batch opens the same ledger as this process, whatever the folder's .env says by now."""
    settings = installation.settings
    environment = {
        **os.environ,
        "USAGE_SUMMARY_DB": str(settings.usage_summary_db),
        "MAI_DATA_DIR": str(settings.mai_data_dir),
        "MAI_SECRET_KEY": settings.mai_secret_key.get_secret_value(),
    }
    command = [sys.executable, "-m", "jobs.daily_batch", "--run-now", *arguments]
    return subprocess.Popen(command, env=environment, stdin=subprocess.DEVNULL, start_new_session=True)
