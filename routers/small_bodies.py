"""Everything but the ways in (which have their own limits) takes bodies of at most 2 MB, and not for ever.

FastAPI reads a body before it asks who sends it, so that is asked here as soon as a body is larger than any login.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from mai_core.identity.recognition import recognise, recognise_sender
from mai_core.installation import Installation
from mai_core.intake.credentials import bearer
from routers.bodies import SECONDS_FOR_SMALL, SMALL_BODY, TINY_BODY, TOO_LARGE, TOO_SLOW
from routers.intake_door import json_response


class SmallBodies:
    def __init__(self, app: ASGIApp, except_for: Collection[str], seconds: float = SECONDS_FOR_SMALL) -> None:
        self._app = app
        self._except_for = frozenset(except_for)
        self._seconds = seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] in self._except_for:
            await self._app(scope, receive, send)
        elif _announced(scope) > SMALL_BODY:
            await json_response(413, {"error": TOO_LARGE}, {"connection": "close"})(scope, receive, send)
        else:
            await self._app(scope, _bounded(receive, lambda: _is_known(scope), self._seconds), send)


def _announced(scope: Scope) -> int:
    for name, value in scope["headers"]:
        if name == b"content-length" and value.isdigit():
            return int(value[:20])
    return 0


def _is_known(scope: Scope) -> bool:
    headers = Headers(scope=scope)
    presented = bearer(headers) or headers.get("x-webhook-signature", "")
    installation: Installation = scope["app"].state.installation
    settings = installation.settings
    with installation.store.read() as db:
        known = recognise(db, settings, presented, installation.now_ms())
        return known is not None or recognise_sender(db, settings, installation.secrets, presented) is not None


def _bounded(receive: Receive, is_known: Callable[[], bool], seconds: float) -> Receive:
    """A chunked body does not say how long it will be, and nobody says how long it will take."""
    size, is_complete, until = 0, False, 0.0

    async def bounded() -> Message:
        nonlocal size, is_complete, until
        if is_complete:
            return await receive()
        until = until or asyncio.get_running_loop().time() + seconds
        try:
            async with asyncio.timeout_at(until):
                message = await receive()
        except TimeoutError:
            raise HTTPException(408, TOO_SLOW, {"connection": "close"}) from None
        is_complete = not message.get("more_body")
        before, size = size, size + len(message.get("body", b""))
        if size > SMALL_BODY:
            raise HTTPException(413, TOO_LARGE)
        if before <= TINY_BODY < size and not is_known():
            raise HTTPException(401, "Unauthorized", {"WWW-Authenticate": "Bearer", "connection": "close"})
        return message

    return bounded
