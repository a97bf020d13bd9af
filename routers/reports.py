"""Reading usage: the questions of the pages, and exports in the words of the command line."""

from __future__ import annotations

import os
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, BackgroundTasks, Depends, FastAPI, Query, Request
from fastapi.responses import FileResponse

from mai_core.language import Words, language_of
from mai_core.money import decimal_text
from mai_core.reports import Reporting, Viewer
from mai_core.reports.explain import explain
from mai_core.reports.exports import ExportRequest, export, suffix_of
from mai_core.reports.exports.request import FORMATS, KEYS, links_to, parse_by
from mai_core.sandbox.runner import Busy
from routers.access import Anyone, Caller, Opened
from routers.turns import come_again, turns_of

router = APIRouter(prefix="/api/v1", tags=["reports"])

_opening = threading.Lock()

MEDIA_TYPES = {
    "csv": "text/csv; charset=utf-8",
    "focus": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "parquet": "application/vnd.apache.parquet",
}

_FILES: dict[str, Any] = {media.partition(";")[0]: {} for media in MEDIA_TYPES.values()}

From = Annotated[date, Query(alias="from", description="First usage day.")]
To = Annotated[date, Query(alias="to", description="Last usage day, inclusive.")]
Client = Annotated[str | None, Query(description="Client; default: all that the caller may see.")]
Names = Annotated[list[str], Query()]


def filters_of(
    model: Names = [],  # noqa: B006
    person: Names = [],  # noqa: B006
    department: Names = [],  # noqa: B006
    provider: Names = [],  # noqa: B006
) -> dict[str, Any]:
    """As pages and exports take them."""
    told = {"models": model, "people": person, "departments": department, "providers": provider}
    return {name: tuple(names) for name, names in told.items()}


Filters = Annotated[dict[str, Any], Depends(filters_of)]


def reporting_of(app: FastAPI) -> Reporting:
    """One per process, opened when somebody asks first."""
    with _opening:
        if getattr(app.state, "reporting", None) is None:
            installation = app.state.installation
            app.state.reporting = Reporting.of_store(installation.store, installation.settings)
        reporting: Reporting = app.state.reporting
        return reporting


def viewer_of(caller: Caller) -> Viewer:
    return Viewer(caller.role, None if caller.sees_all_clients else caller.client_org_id)


@router.get("/reports")
def questions(caller: Anyone) -> dict[str, Any]:
    """The questions that the caller may ask, with their further parameters."""
    asked = Reporting.questions(viewer_of(caller))
    return {"questions": [{"name": question.name, "parameters": question.parameters} for question in asked]}


@router.get("/reports/{question}")
def answer(
    question: str,
    request: Request,
    caller: Anyone,
    filters: Filters,
    start: From,
    end: To,
    client: Client = None,
    most: Annotated[int | None, Query(ge=1, le=100_000)] = None,
    after: Annotated[int | None, Query(ge=0)] = None,
) -> dict[str, Any]:
    """One question as JSON. Amounts are exact decimal texts; `provisional_tables` are the NBP tables at which rows that
    are `provisional` stand for now."""
    further = {name: value for name, value in (("most", most), ("after", after)) if value is not None}
    with reporting_of(request.app).open(viewer_of(caller), start, end, caller.tenant_or_all(client), **filters) as page:
        rows = [shown(row) for row in page.rows(question, **further)]
        fresh, provisional = page.freshness, page.provisional_tables
    return {
        "question": question,
        "from": start,
        "to": end,
        "rows": rows,
        "provisional_tables": provisional,
        "freshness": {
            "last_event_ms": fresh.last_event_ms,
            "sealed_through": fresh.sealed_through,
            "damaged_files": len(fresh.damaged_files),
        },
    }


def shown(row: dict[str, Any]) -> dict[str, Any]:
    """`charged_pusd: 1300000000000` as `charged_usd: "1.300000000000"`."""
    result: dict[str, Any] = {}
    for name, value in row.items():
        unit = {"_pusd": "_usd", "_ppln": "_pln"}.get(name[-5:])
        if unit is None:
            result[name] = value
        else:
            result[name[:-5] + unit] = None if value is None else decimal_text(value)
    return result


@router.get("/explain")
def explanation(
    request: Request,
    caller: Anyone,
    filters: Filters,
    start: From,
    end: To,
    client: Client = None,
) -> dict[str, Any]:
    """What an amount is made of, one level down: days, rows of a day, or (one person, one model) generations."""
    with reporting_of(request.app).open(viewer_of(caller), start, end, caller.tenant_or_all(client), **filters) as page:
        told = explain(page)
    fields = shown(
        {name: value for name, value in asdict(told).items() if name not in ("parts", "rates", "sale_prices")}
    )
    return {
        **fields,
        "equal": told.equal,
        "sentence": told.sentence(Words(language_of(caller.language))),
        "rates": [shown(asdict(rate)) for rate in told.rates],
        "sale_prices": list(told.sale_prices),
        "parts": [shown(part) for part in told.parts],
    }


@router.get(
    "/export",
    response_class=FileResponse,
    responses={200: {"description": "The file, in the format that was asked for.", "content": _FILES}},
)
def download(
    request: Request,
    opened: Opened,
    caller: Anyone,
    background: BackgroundTasks,
    filters: Filters,
    start: From,
    end: To,
    client: Client = None,
    by: Annotated[str, Query(description=f"Keys, with commas: {', '.join(KEYS)}.")] = "day,user,model",
    format: Annotated[str, Query(description=f"One of {', '.join(FORMATS)}.")] = "csv",
    excel: Annotated[bool, Query(description="CSV for Polish Excel: ';' and decimal comma.")] = False,
    links: Annotated[
        bool | None,
        Query(description="A last column with a permanent link to each row's explanation; default: in CSV and XLSX."),
    ] = None,
) -> FileResponse:
    """A download of usage, with the same words as `python -m mai_core export`."""
    wanted = ExportRequest(
        start,
        end,
        caller.tenant_or_all(client),
        parse_by(by),
        format,
        semicolon=excel,
        decimal_comma=excel,
        links=links_to(opened.settings.public_url, links, format),
        **filters,
    )
    try:
        with (
            turns_of(request.app).turn(f"export of {caller.name}"),
            _scratch(opened.settings.mai_data_dir / "tmp") as file,
        ):
            export(reporting_of(request.app), viewer_of(caller), wanted, file)
    except Busy as busy:
        raise come_again(busy) from None
    background.add_task(file.unlink, missing_ok=True)
    name = f"usage-{wanted.client or 'all'}-{start}-{end}{'-focus' if format == 'focus' else ''}.{suffix_of(wanted)}"
    return FileResponse(file, media_type=MEDIA_TYPES[format], filename=name, background=background)


@contextmanager
def _scratch(folder: Path) -> Iterator[Path]:
    """A file that outlives the request only when the request succeeds."""
    folder.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix="export-", dir=folder)
    os.close(handle)
    file = Path(name)
    try:
        yield file
    except BaseException:
        file.unlink(missing_ok=True)
        raise
