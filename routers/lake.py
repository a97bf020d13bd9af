"""The shared lake for analysts' own tools: immutable files with ranges, and the open days made on request."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, HTTPException, Request, Response
from fastapi.responses import FileResponse, PlainTextResponse

from mai_core.days import from_ms, usage_day
from mai_core.installation import Installation
from mai_core.reports import Page
from mai_core.reports.lake import Lake, client_folder
from mai_core.sandbox.reporting_sql import page_of_everything, remote_sql
from mai_core.sandbox.runner import Busy
from mai_core.sandbox.tenant import write_relations
from mai_core.store import clients
from routers.access import Caller, Opened, require
from routers.reports import reporting_of
from routers.sql import desk_of
from routers.turns import come_again

router = APIRouter(prefix="/api/v1/lake", tags=["lake"])


LakeReader = Annotated[Caller, Depends(require("operator", "analyst", scope="lake"))]


def _page(request: Request, opened: Installation, client: str) -> Page:
    with opened.store.read() as db:
        zones = clients.zones(db, clients.require(db, client).id)
    today = usage_day(opened.now_ms(), zones)
    return page_of_everything(reporting_of(request.app), client, today)


@router.get("/reporting.sql", response_class=Response, responses={200: {"content": {"text/plain": {}}}})
def reporting_sql(request: Request, opened: Opened, caller: LakeReader, client: str | None = None) -> PlainTextResponse:
    """A script for DuckDB that makes the relations over this API; put your token in and `.read` it."""
    base = str(request.base_url).rstrip("/")
    with _page(request, opened, caller.tenant(client)) as page:
        return PlainTextResponse(remote_sql(page, from_ms(opened.now_ms()), base))


@router.head("/files/{kind}/{folder}/{name}", response_class=FileResponse, include_in_schema=False)
@router.get(
    "/files/{kind}/{folder}/{name}",
    response_class=FileResponse,
    responses={200: {"content": {"application/vnd.apache.parquet": {}}}},
)
def lake_file(
    kind: Literal["days", "generations", "hours"], folder: str, name: str, opened: Opened, caller: LakeReader
) -> FileResponse:
    """A sealed file of the own client, whole or in ranges."""
    with opened.store.read() as db:
        known = [client.id for client in clients.list_all(db) if caller.may_see(client.id)]
    path = Path(Lake.of(opened.settings).shared.locate(kind, f"{folder}/{name}"))
    is_own = folder in {client_folder(client) for client in known} and name == Path(name).name
    if not is_own or not name.endswith(".parquet") or not path.is_file():
        raise HTTPException(404, "there is no such file; make reporting.sql anew")
    return FileResponse(path, media_type="application/vnd.apache.parquet")


@router.head("/open/{relation}.parquet", include_in_schema=False)
@router.get(
    "/open/{relation}.parquet",
    response_class=Response,
    responses={200: {"content": {"application/vnd.apache.parquet": {}}}},
)
def open_days(
    relation: Literal["usage", "generations"],
    request: Request,
    opened: Opened,
    caller: LakeReader,
    client: str | None = None,
) -> Response:
    """The days that are not sealed yet, today included, as Parquet."""
    tenant = caller.tenant(client)
    with _page(request, opened, tenant) as page, TemporaryDirectory(prefix="mai-open-") as folder:
        try:
            with desk_of(request).writing():
                write_relations(
                    page.reporting, tenant, page.start, page.end, Path(folder), names=(relation,), open_days_only=True
                )
        except Busy as busy:
            raise come_again(busy) from None
        body = (Path(folder) / relation).read_bytes()
    return Response(body, media_type="application/vnd.apache.parquet", headers={"Accept-Ranges": "none"})
