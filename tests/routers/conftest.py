"""The API in this process: requests without a socket, callers by name."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from argon2 import PasswordHasher
from fastapi import FastAPI
from fastapi.testclient import TestClient

from mai_core.identity import passwords
from mai_core.installation import Installation
from routers import ROUTERS


@pytest.fixture(autouse=True)
def quick_hashes(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same argon2id at its cheapest: what it costs is not what these tests are about."""
    monkeypatch.setattr(passwords, "_hasher", PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
    passwords._dummy_hash.cache_clear()


def make_app(installation):
    from fastapi.responses import JSONResponse

    from mai_core.errors import BadValue, Conflict, MaiError, NotFound

    app = FastAPI()
    app.state.installation = installation
    for router in ROUTERS:
        app.include_router(router)

    @app.exception_handler(MaiError)
    async def refuse(request, error):
        status = (
            422
            if isinstance(error, BadValue)
            else 404
            if isinstance(error, NotFound)
            else 409
            if isinstance(error, Conflict)
            else 503
        )
        return JSONResponse({"error": str(error)}, status)

    return app


@pytest.fixture
def api(installation: Installation) -> Iterator[TestClient]:
    with TestClient(make_app(installation), client=("127.0.0.1", 1234), raise_server_exceptions=True) as client:
        yield client
