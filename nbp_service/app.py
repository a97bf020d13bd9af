"""The service's doors: today's rate, a day's, a range; how old it is stands in every answer."""

from __future__ import annotations

import asyncio
import hmac
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Annotated, Any

from fastapi import Depends, FastAPI, HTTPException, Query, Request
from fastapi.responses import JSONResponse
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from fastapi_offline import FastAPIOffline

from mai_core import __version__, conversion
from mai_core.clock import Clock
from mai_core.conversion import RateTable
from mai_core.days import instant_text, parse_day
from mai_core.errors import BadValue, MaiError
from mai_core.settings import Settings, load_settings
from mai_core.upstream import nbp
from nbp_service.known_tables import KnownTables

_bearer = HTTPBearer(auto_error=False)
Day = Annotated[str | None, Query(pattern=r"^\d{4}-\d{2}-\d{2}$")]


def create_app(settings: Settings | None = None) -> FastAPI:
    chosen = settings or load_settings()
    known = KnownTables(
        chosen.nbp_api_url,
        chosen.cache_ttl,
        Clock.starting_at(chosen.mai_clock),
        chosen.mai_data_dir / "nbp_rates.json",
    )

    @asynccontextmanager
    async def fetching(app: FastAPI) -> AsyncIterator[None]:
        known.recall()
        task = asyncio.create_task(_keep_fresh(known, chosen.fetch_interval))
        yield
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task

    app = FastAPIOffline(
        title="NBP rate service", version=__version__, lifespan=fetching, redoc_url=None, static_url="/docs/assets"
    )
    app.state.known = known
    app.state.operator_token = chosen.mai_operator_token
    app.add_exception_handler(MaiError, _refusal)
    app.get("/health")(health)
    app.get("/api/usd-pln-rate")(rate)
    app.get("/api/usd-pln-rate/range")(rates)
    app.post("/api/cache/clear")(clear)
    return app


async def _keep_fresh(known: KnownTables, interval_s: int) -> None:
    while True:
        today = conversion.warsaw_today(known.clock.now_ms())
        await asyncio.to_thread(known.bring, today - conversion.ALWAYS_A_TABLE_WITHIN, today)
        await asyncio.sleep(interval_s)


async def _refusal(_: Request, error: Exception) -> JSONResponse:
    return JSONResponse({"error": str(error)}, 422 if isinstance(error, BadValue) else 400)


def _known(request: Request) -> KnownTables:
    known: KnownTables = request.app.state.known
    return known


Known = Annotated[KnownTables, Depends(_known)]


async def health() -> dict[str, str]:
    return {"status": "healthy", "service": "nbp-rate-service"}


def rate(known: Known, date: Day = None) -> dict[str, Any]:
    """The table with the greatest effective date not after the day (today)."""
    day = conversion.warsaw_today(known.clock.now_ms()) if date is None else parse_day(date)
    known.bring(max(day, nbp.FIRST_TABLE) - conversion.ALWAYS_A_TABLE_WITHIN, day)
    table = known.not_after(day)
    if table is None:
        raise _nothing_known(known)
    return {**_shown(table), **_age(known)}


def rates(
    known: Known, since: Annotated[str, Query(alias="from")], through: Annotated[str, Query(alias="to")]
) -> dict[str, Any]:
    """The tables of [from, to], and for which days of it there can be no other."""
    start, end = parse_day(since, "from"), parse_day(through, "to")
    if start > end:
        raise BadValue("from", "is after to")
    known.bring(start, end)
    tables = known.between(start, end)
    complete = known.complete_through(start, end)
    if not tables and complete < start and known.last_error is not None:
        raise _nothing_known(known)
    return {
        "currency": "USD",
        "rates": [_shown(table) for table in tables],
        "answered_from": start.isoformat(),
        "answered_through": complete.isoformat(),
        **_age(known),
    }


def clear(
    request: Request, known: Known, bearer: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)]
) -> dict[str, bool]:
    """Forget everything and ask again when asked (operators)."""
    token = request.app.state.operator_token.get_secret_value()
    if not token:
        raise HTTPException(403, "MAI_OPERATOR_TOKEN is not set: the cache cannot be cleared from outside")
    if bearer is None or not hmac.compare_digest(bearer.credentials.encode(), token.encode()):
        raise HTTPException(401, "Unauthorized", headers={"WWW-Authenticate": "Bearer"})
    known.clear()
    return {"success": True}


def _shown(table: RateTable) -> dict[str, str]:
    return {
        "rate": format(table.rate, "f"),
        "table_no": table.table_no,
        "effective_date": table.effective_date.isoformat(),
    }


def _age(known: KnownTables) -> dict[str, Any]:
    at_ms = known.fetched_at_ms
    return {"fetched_at": None if at_ms is None else instant_text(at_ms), "age_s": known.age_s()}


def _nothing_known(known: KnownTables) -> HTTPException:
    reason = known.last_error or "NBP has no table for that day"
    return HTTPException(503 if known.last_error else 404, f"no USD rate is known: {reason}")
