"""Is the process alive, can it take events, what does it measure."""

from __future__ import annotations

import asyncio
import os
import time

from fastapi import APIRouter, Request, Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from pydantic import BaseModel

from mai_core.errors import StoreUnavailable
from mai_core.store import conflicts, outbox, quarantine
from routers.intake_door import RETRY, IntakeDoor, json_response

router = APIRouter(tags=["operations"])

_SECONDS_TO_PROVE = 5


class Health(BaseModel):
    status: str
    service: str


class Readiness(BaseModel):
    status: str
    database: str
    queue: str


@router.get("/health", summary="Liveness: the process answers")
async def health() -> Health:
    return Health(status="healthy", service="mai-usage-api")


@router.get(
    "/ready",
    summary="Readiness: the ledger can be written and the queue has room",
    response_model=Readiness,
    responses={503: {"model": Readiness, "description": "Events would not be stored now"}},
)
async def ready(request: Request) -> Response:
    door: IntakeDoor = request.app.state.intake
    database = "writable" if await _is_writable(door) else "not writable"
    queue = "full" if door.writer.is_full else "has room"
    is_ready = database == "writable" and queue == "has room"
    content = {"status": "ready" if is_ready else "not ready", "database": database, "queue": queue}
    return json_response(200 if is_ready else 503, content, None if is_ready else RETRY)


async def _is_writable(door: IntakeDoor) -> bool:
    """Proved once a second at most: anybody may ask, and a proof costs a commit."""
    if time.monotonic() >= door.writable_until:
        try:
            async with asyncio.timeout(_SECONDS_TO_PROVE):
                await asyncio.to_thread(door.installation.store.prove_writable)
        except (StoreUnavailable, TimeoutError):
            return False
        door.writable_until = time.monotonic() + 1
    return True


@router.get(
    "/metrics", summary="Prometheus metrics", response_class=Response, responses={200: {"content": {"text/plain": {}}}}
)
async def metrics(request: Request) -> Response:
    door: IntakeDoor = request.app.state.intake
    await asyncio.to_thread(_read_gauges, door)
    return Response(generate_latest(door.measures.registry), media_type=CONTENT_TYPE_LATEST)


def _read_gauges(door: IntakeDoor) -> None:
    measures = door.measures
    measures.queue.set(door.writer.waiting)
    measures.commits.set(door.writer.commits)
    with door.installation.store.read() as db:
        measures.quarantine.set(quarantine.waiting_count(db))
        measures.conflicts.set(conflicts.open_count(db))
        measures.outbox.set(sum(outbox.counts(db)))
    wal = f"{door.installation.store.path}-wal"
    measures.wal_bytes.set(os.path.getsize(wal) if os.path.exists(wal) else 0)
