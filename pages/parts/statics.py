"""Streamlit's own files, compressed once and kept: it sends them as they are, 10 MB for a page with a chart.

The built editor of the SQL page goes the same way: one file under an address that changes with its content.
"""

from __future__ import annotations

import gzip
import mimetypes
from functools import lru_cache
from pathlib import Path

import streamlit
from anyio import to_thread
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from pages.parts.sql_editor import bundle

_FOLDER = (Path(streamlit.__file__).parent / "static").resolve()
_PREFIX = "/static/"
_COMPRESSIBLE = (".js", ".css", ".json", ".svg", ".map", ".wasm")
_FOR_EVER = "public, max-age=31536000, immutable"
"""Their names carry a hash of their content."""


class Statics:
    """ASGI middleware in front of everything; what is neither Streamlit's nor the editor goes through."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and _is_asked_for(scope):
            body = await to_thread.run_sync(_body, scope["path"])
            if body is not None:
                await _answer(scope["path"], body)(scope, receive, send)
                return
        await self.app(scope, receive, send)


def _is_asked_for(scope: Scope) -> bool:
    if scope["method"] != "GET" or not scope["path"].startswith((_PREFIX, bundle.PREFIX)):
        return False
    return "gzip" in Request(scope).headers.get("accept-encoding", "")


def _body(path: str) -> bytes | None:
    if path.startswith(_PREFIX):
        return compressed(path.removeprefix(_PREFIX))
    return bundle.compressed() if path == bundle.address() else None


@lru_cache(maxsize=400)
def compressed(name: str) -> bytes | None:
    """None for what is not there, lies elsewhere or would not get smaller."""
    path = (_FOLDER / "static" / name).resolve()
    if not path.is_relative_to(_FOLDER) or path.suffix not in _COMPRESSIBLE or not path.is_file():
        return None
    return gzip.compress(path.read_bytes(), 6, mtime=0)


def _answer(path: str, body: bytes) -> Response:
    kind = mimetypes.guess_type(path)[0] or "application/octet-stream"
    headers = {"Content-Encoding": "gzip", "Vary": "Accept-Encoding", "Cache-Control": _FOR_EVER}
    return Response(body, media_type=kind, headers={**headers, "X-Content-Type-Options": "nosniff"})
