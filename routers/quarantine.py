"""For the page where an operator clears what could not be booked."""

from __future__ import annotations

import json
from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from mai_core.intake import replay as replaying
from mai_core.store import quarantine
from routers.access import Opened, Operator

router = APIRouter(prefix="/api/v1/admin", tags=["quarantine"])


class Entry(BaseModel):
    id: int
    received_at_ms: int
    last_seen_at_ms: int
    times_seen: int
    source: str
    client_org_id: str | None
    reason_code: str
    reason: str
    state: str
    resolved_at_ms: int | None
    resolved_by: str | None


class EntryWithBody(Entry):
    body: Any = Field(description="Redacted; null when the body was not readable.")


class Assignment(BaseModel):
    client_org_id: str | None = Field(None, description="Whose event it is, when nothing routes it.")


class Replayed(BaseModel):
    new: int
    changed: int
    duplicates: int


@router.get("/quarantine", summary="What waits in quarantine, oldest first")
def list_quarantine(
    opened: Opened,
    caller: Operator,
    after_id: Annotated[int, Query(ge=0, description="The last one of the page before.")] = 0,
    limit: Annotated[int, Query(ge=1, le=1000)] = 1000,
) -> list[Entry]:
    with opened.store.read() as db:
        return [Entry(**entry) for entry in quarantine.entries(db, after_id=after_id, most=limit)]


@router.get("/quarantine/{entry_id}", summary="One entry with its redacted body")
def show_quarantine(opened: Opened, caller: Operator, entry_id: int) -> EntryWithBody:
    with opened.store.read() as db:
        entry = quarantine.get(db, entry_id)
    return EntryWithBody(**{**entry, "body": json.loads(entry["body"]) if entry["body"] else None})


@router.post("/quarantine/{entry_id}/replay", summary="Book it after all")
def replay_quarantine(opened: Opened, caller: Operator, entry_id: int, body: Assignment) -> Replayed:
    receipt = replaying.replay(opened, entry_id, caller.name, body.client_org_id)
    return Replayed(new=receipt.new, changed=receipt.changed, duplicates=receipt.duplicates)


@router.post("/quarantine/{entry_id}/drop", status_code=204, summary="Give it up; the row stays as a record")
def drop_quarantine(opened: Opened, caller: Operator, entry_id: int) -> None:
    replaying.drop(opened, entry_id, caller.name)
