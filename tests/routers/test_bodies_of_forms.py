"""Bodies that no form sends, at endpoints that are not ways in."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from uuid import UUID

import pytest
from fastapi.testclient import TestClient
from starlette.exceptions import HTTPException
from starlette.types import Message, Receive, Scope, Send

from mai_core.installation import Installation
from mai_core.store import credentials
from routers.small_bodies import SmallBodies
from tests.builders import CLIENT, make_client
from tests.routers.callers import bearer, token_of

MIB = 1024 * 1024
JSON = {"content-type": "application/json"}


def test_a_body_over_two_megabytes_is_refused_before_it_is_read(api: TestClient) -> None:
    answer = api.post("/auth/login", content=b"x" * (2 * MIB + 1), headers=JSON)
    assert answer.status_code == 413


def test_a_chunked_body_is_counted_while_it_comes(api: TestClient, installation: Installation) -> None:
    make_client(installation.store)

    def endless() -> Iterator[bytes]:
        for _ in range(40):
            yield b" " * (MIB // 10)

    answer = api.post("/auth/login", content=endless(), headers=JSON | token_of(installation, "manager"))
    assert answer.status_code == 413


@pytest.mark.parametrize("path", ["/auth/login", "/auth/reset", "/api/v1/sql", "/api/v1/directory"])
def test_strangers_have_nothing_large_to_say(api: TestClient, path: str) -> None:
    """Before it is known who sends it, a body is held in memory: two megabytes for every connection that stalls."""
    for headers in (JSON, JSON | bearer("mais_made-up")):
        answer = api.post(path, content=b" " * 100_000 + b"{}", headers=headers)
        assert (answer.status_code, answer.json()) == (401, {"error": "Unauthorized"})


def test_a_known_caller_may_send_more(api: TestClient, installation: Installation) -> None:
    body = {"sql": "SELECT 1 --" + "x" * 99_000, "client": CLIENT}
    make_client(installation.store)
    assert api.post("/api/v1/sql", json=body, headers=token_of(installation, "analyst")).json()["rows"] == [[1]]


def test_the_secret_of_a_way_in_may_tell_of_many_people(api: TestClient, installation: Installation) -> None:
    make_client(installation.store)
    with installation.store.write() as db:
        credentials.add(
            db, installation.now_ms(), installation.secrets, label="filter", secret="maiw_of_the_filter",
            client_org_id=CLIENT, actor="test",
        )  # fmt: skip
    told = {"people": [{"user_id": str(UUID(int=number)), "name": "N" * 150} for number in range(500)]}
    assert api.post("/api/v1/directory", json=told, headers=bearer("maiw_of_the_filter")).json() == {"taken": 500}


def test_a_body_that_comes_too_slowly_is_not_waited_for() -> None:
    async def reads_all(scope: Scope, receive: Receive, send: Send) -> None:
        await receive()

    async def drip() -> Message:
        await asyncio.Event().wait()
        raise AssertionError

    async def nobody(_: Message) -> None:
        pass

    scope = {"type": "http", "method": "POST", "path": "/auth/login", "headers": []}
    with pytest.raises(HTTPException) as refused:
        asyncio.run(SmallBodies(reads_all, (), seconds=0)(scope, drip, nobody))
    assert (refused.value.status_code, refused.value.headers) == (408, {"connection": "close"})


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"\xff\xfe",
        b"[" * 10_000 + b"]" * 10_000,
        b'{"email": 1' + b"0" * 5000 + b"}",
        b'{"email": "\\ud800"}',
    ],
)
def test_what_cannot_be_read_is_answered_in_words(api: TestClient, body: bytes) -> None:
    answer = api.post("/auth/login", content=body, headers=JSON)
    assert answer.status_code in (400, 422)
    assert answer.json()["error"]


def test_a_refused_body_is_not_repeated(api: TestClient) -> None:
    answer = api.post("/auth/login", json={"email": "anna@acme.example", "password": ["my secret phrase"]})
    assert answer.status_code == 422
    assert "my secret phrase" not in answer.text
