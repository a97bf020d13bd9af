"""The busiest way in passes by the router: FastAPI's matching and dependencies cost as much as all of its own work.

The endpoint is declared as a route too, so that the OpenAPI page shows it and a path below another root finds it.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

Endpoint = Callable[[Request], Awaitable[Response]]


class FastLane:
    def __init__(self, app: ASGIApp, ways: Mapping[str, Endpoint]) -> None:
        self._app = app
        self._ways = ways

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        endpoint = self._ways.get(scope["path"]) if scope["type"] == "http" else None
        if endpoint is None or scope["method"] not in ("POST", "PUT"):
            await self._app(scope, receive, send)
            return
        response = await endpoint(Request(scope, receive, send))
        await response(scope, receive, send)
