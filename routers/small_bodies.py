"""Everything but the ways in (which have their own limits) takes bodies of at most 2 MB."""

from __future__ import annotations

from collections.abc import Collection

from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from routers.bodies import SMALL_BODY, TOO_LARGE
from routers.intake_door import json_response


class SmallBodies:
    def __init__(self, app: ASGIApp, except_for: Collection[str]) -> None:
        self._app = app
        self._except_for = frozenset(except_for)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] in self._except_for:
            await self._app(scope, receive, send)
        elif _announced(scope) > SMALL_BODY:
            await json_response(413, {"error": TOO_LARGE}, {"connection": "close"})(scope, receive, send)
        else:
            await self._app(scope, _counted(receive), send)


def _announced(scope: Scope) -> int:
    for name, value in scope["headers"]:
        if name == b"content-length" and value.isdigit():
            return int(value[:20])
    return 0


def _counted(receive: Receive) -> Receive:
    """A chunked body does not say how long it will be."""
    size = 0

    async def counting() -> Message:
        nonlocal size
        message = await receive()
        size += len(message.get("body", b""))
        if size > SMALL_BODY:
            raise HTTPException(413, TOO_LARGE)
        return message

    return counting
