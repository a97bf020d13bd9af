"""Every error is JSON with one sentence; none repeats what was sent, and none shows how the program is made."""

from __future__ import annotations

import logging
import uuid
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException

from mai_core.errors import BadValue, Conflict, MaiError, NotFound, StoreUnavailable, TooOften
from mai_core.language.refusals import refusal
from mai_core.language.words import accepted_languages

log = logging.getLogger(__name__)

_STATUS: tuple[tuple[type[MaiError], int], ...] = (
    (BadValue, 422),
    (NotFound, 404),
    (Conflict, 409),
    (TooOften, 429),
    (StoreUnavailable, 503),
    (MaiError, 400),
)


class FieldProblem(BaseModel):
    field: str
    reason: str


class Problem(BaseModel):
    """What every refusal looks like."""

    error: str = Field(description="One sentence that says what is wrong and what to do.")
    field: str | None = Field(None, description="The field that it is about, where it is about one.")
    errors: list[FieldProblem] | None = Field(None, description="Each field of a body that does not fit.")


PROBLEMS: dict[int | str, dict[str, Any]] = {"4XX": {"model": Problem, "description": "Refused, in words"}}


def answer_errors_as_json(app: FastAPI) -> None:
    app.add_exception_handler(MaiError, _refusal)
    app.add_exception_handler(HTTPException, _http_error)
    app.add_exception_handler(RequestValidationError, _invalid_request)
    app.add_exception_handler(OverflowError, _too_large)
    app.add_exception_handler(Exception, _bug)


async def _refusal(request: Request, error: Exception) -> JSONResponse:
    status = next(status for kind, status in _STATUS if isinstance(error, kind))
    content: dict[str, Any] = {"error": _said(request, _without_place(request, str(error)))}
    if isinstance(error, BadValue):
        content["field"] = error.field
    wait_s = error.wait_s if isinstance(error, TooOften) else 5
    return JSONResponse(content, status, headers={"Retry-After": str(wait_s)} if status in (429, 503) else None)


async def _http_error(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)
    detail: Any = error.detail
    content = detail if isinstance(detail, dict) else {"error": _said(request, str(detail))}
    return JSONResponse(content, error.status_code, headers=dict(error.headers or {}))


async def _invalid_request(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)
    errors = [
        {"field": ".".join(str(part) for part in one["loc"][1:]) or str(one["loc"][0]), "reason": one["msg"]}
        for one in error.errors()
    ]
    sentence = "; ".join(_said(request, f"{one['field']}: {one['reason']}") for one in errors[:3])
    return JSONResponse({"error": sentence or "the request is not valid", "errors": errors}, 422)


async def _too_large(request: Request, error: Exception) -> JSONResponse:
    """JSON and URLs may say integers of any length; the ledger's have 64 bits."""
    return JSONResponse({"error": _said(request, "a number is larger than the ledger can hold")}, 422)


def _without_place(request: Request, text: str) -> str:
    """Where the ledger lies is for the command line and the log: whoever fails to log in reads this too."""
    return text.replace(f" {request.app.state.installation.settings.usage_summary_db}", "")


def _said(request: Request, text: str) -> str:
    """In Polish for pages that ask for it; programs, which do not say, get what the documentation says."""
    wanted = accepted_languages(request.headers.get("accept-language", ""))
    return refusal(wanted[0][:2].lower(), text) if wanted else text


async def _bug(request: Request, error: Exception) -> JSONResponse:
    reference = uuid.uuid4().hex[:12]
    log.error("unexpected error %s at %s %s: %s", reference, request.method, request.url.path, type(error).__name__)
    return JSONResponse({"error": f"unexpected error; the log has it under {reference}"}, 500)
