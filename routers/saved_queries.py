"""Saved SQL of a client: for its analysts, and for operators."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from mai_core.days import instant_text
from mai_core.store import clients, saved_queries
from routers.access import Opened, SqlUser

router = APIRouter(prefix="/api/v1/saved-queries", tags=["sql"])


class SavedQuery(BaseModel):
    id: int
    name: str
    sql: str
    saved_by: str
    updated_at: str


class QueryToSave(BaseModel):
    model_config = ConfigDict(extra="forbid")

    name: str = Field(min_length=1, max_length=200)
    sql: str = Field(min_length=1, max_length=100_000)
    client: str | None = Field(None, max_length=100)


@router.get("", summary="The saved queries of a client")
def list_queries(opened: Opened, caller: SqlUser, client: str | None = None) -> list[SavedQuery]:
    client_org_id = caller.tenant(client)
    with opened.store.read() as db:
        clients.require(db, client_org_id)
        return [_shown(row) for row in saved_queries.listed(db, client_org_id)]


@router.put("", summary="Save a query; the same name replaces it")
def save_query(opened: Opened, caller: SqlUser, body: QueryToSave) -> SavedQuery:
    client_org_id = caller.tenant(body.client)
    with opened.store.write() as db:
        clients.require(db, client_org_id)
        return _shown(saved_queries.put(db, opened.now_ms(), client_org_id, body.name, body.sql, caller.name))


@router.delete("/{query_id}", status_code=204, summary="Forget a saved query")
def remove_query(opened: Opened, caller: SqlUser, query_id: int, client: str | None = None) -> None:
    client_org_id = caller.tenant(client)
    with opened.store.write() as db:
        saved_queries.remove(db, opened.now_ms(), client_org_id, query_id, caller.name)


def _shown(row: dict[str, Any]) -> SavedQuery:
    return SavedQuery.model_validate({**row, "updated_at": instant_text(row["updated_at_ms"])})
