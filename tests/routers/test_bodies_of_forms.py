"""Bodies that no form sends, at endpoints that are not ways in."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from fastapi.testclient import TestClient

MIB = 1024 * 1024
JSON = {"content-type": "application/json"}


def test_a_body_over_two_megabytes_is_refused_before_it_is_read(api: TestClient) -> None:
    answer = api.post("/auth/login", content=b"x" * (2 * MIB + 1), headers=JSON)
    assert answer.status_code == 413


def test_a_chunked_body_is_counted_while_it_comes(api: TestClient) -> None:
    def endless() -> Iterator[bytes]:
        for _ in range(40):
            yield b" " * (MIB // 10)

    answer = api.post("/auth/login", content=endless(), headers=JSON)
    assert answer.status_code == 413


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
