"""Ad-hoc SQL for analysts: one SELECT over the own client's relations, in a cell of its own."""

from __future__ import annotations

import csv
import io
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import date, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Any, Literal

from fastapi import APIRouter, HTTPException, Request, Response
from pydantic import BaseModel, Field

from mai_core.days import usage_day
from mai_core.installation import Installation
from mai_core.reports.reporting import FIRST_DAY, LAST_DAY
from mai_core.sandbox.relations import RELATIONS
from mai_core.sandbox.runner import Answer, Busy, Query, Refusal, Sandbox
from mai_core.sandbox.tenant import write_relations
from mai_core.spreadsheet import harmless
from mai_core.store import clients
from routers import turns
from routers.access import Opened, SqlUser
from routers.errors import Problem
from routers.reports import reporting_of

router = APIRouter(prefix="/api/v1/sql", tags=["sql"])

DEFAULT_DAYS = 92
WRITING_AT_ONCE = 2
PATIENCE_S = 2.0

UsageDay = Annotated[date, Field(ge=FIRST_DAY, le=LAST_DAY)]


class SqlRequest(BaseModel):
    sql: str = Field(description="Exactly one SELECT (or EXPLAIN) in DuckDB's dialect.")
    client: str | None = Field(None, description="Client; analysts may leave it out.")
    start: UsageDay | None = Field(None, alias="from", description="First day; default: 92 days ago.")
    end: UsageDay | None = Field(None, alias="to", description="Last day; default: today.")
    format: Literal["json", "csv"] = "json"
    query_id: str | None = Field(None, max_length=64, description="Your name for it, to cancel it by.")


class SqlAnswer(BaseModel):
    columns: list[dict[str, str]]
    rows: list[list[Any]]
    truncated: Literal["rows", "bytes"] | None
    elapsed_ms: int
    limits: dict[str, Any]


class Desk:
    """The process's cells, and the queries that run in them by the name their senders gave."""

    def __init__(self) -> None:
        self.sandbox = Sandbox()
        self._running: dict[tuple[str, str], Query] = {}
        self._writing = threading.BoundedSemaphore(WRITING_AT_ONCE)

    @contextmanager
    def writing(self) -> Iterator[None]:
        """A place for writing a tenant's rows out, which costs more than most queries over them."""
        if not self._writing.acquire(timeout=PATIENCE_S):
            raise Busy(turns.OTHERS_RUN)
        try:
            yield
        finally:
            self._writing.release()

    @contextmanager
    def cancellable(self, sender: str, name: str | None, query: Query) -> Iterator[None]:
        """The query can be cancelled by its name; of two of one name the later one can."""
        if name:
            self._running[sender, name] = query
        try:
            yield
        finally:
            if name and self._running.get((sender, name)) is query:
                del self._running[sender, name]

    def cancel(self, sender: str, name: str) -> None:
        query = self._running.get((sender, name))
        if query is not None:
            query.cancel()


_making = threading.Lock()


def desk_of(request: Request) -> Desk:
    state = request.app.state
    with _making:
        if not hasattr(state, "sql_desk"):
            state.sql_desk = Desk()
    desk: Desk = state.sql_desk
    return desk


@router.post(
    "",
    response_model=SqlAnswer,
    responses={200: {"content": {"text/csv": {}}}, 422: {"model": Problem}, 503: {"model": Problem}},
)
def run_sql(body: SqlRequest, request: Request, opened: Opened, caller: SqlUser) -> Any:
    """Run one query. 422 says what is wrong with it and where; 503 that all cells are taken."""
    client = caller.tenant(body.client)
    desk, query = desk_of(request), Query()
    try:
        with desk.cancellable(caller.name, body.query_id, query), turns.turns_of(request.app).turn(caller.name):
            told = answer(request, opened, client, body, query)
    except Busy as busy:
        raise turns.come_again(busy) from None
    if isinstance(told, Refusal):
        raise HTTPException(422, {"error": told.problem, **asdict(told)})
    if body.format == "csv":
        return Response(as_csv(told), media_type="text/csv; charset=utf-8")
    return {**asdict(told), "limits": asdict(desk.sandbox.limits)}


def answer(request: Request, opened: Installation, client: str, body: SqlRequest, query: Query) -> Answer | Refusal:
    desk = desk_of(request)
    with opened.store.read() as db:
        timezone = clients.zone_now(db, clients.require(db, client).id, opened.now_ms())
    end = body.end or usage_day(opened.now_ms(), timezone)
    start = body.start or end - timedelta(days=DEFAULT_DAYS - 1)
    with TemporaryDirectory(prefix="mai-tenant-") as folder:
        with desk.writing():
            relations = write_relations(reporting_of(request.app), client, start, end, Path(folder))
        return desk.sandbox.run(relations, body.sql, query, timezone)


@router.post("/{query_id}/cancel", status_code=204)
def cancel(query_id: str, request: Request, caller: SqlUser) -> None:
    """Stop a running query of one's own; one that has ended is nobody's loss."""
    desk_of(request).cancel(caller.name, query_id)


@router.get("/schema")
def schema(caller: SqlUser) -> list[dict[str, Any]]:
    """The relations an analyst sees, with their columns and what these mean."""
    return [asdict(relation) for relation in RELATIONS]


def as_csv(told: Answer) -> str:
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow([harmless(column["name"]) for column in told.columns])
    writer.writerows([harmless(value) for value in row] for row in told.rows)
    return text.getvalue()
