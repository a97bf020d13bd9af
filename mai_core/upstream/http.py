"""Asking somebody else's service, on the assumption that it may be down, slow or lying."""

from __future__ import annotations

import json
import ssl
import time
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from typing import Any

import httpx

from mai_core.errors import MaiError, without_login

LARGEST_ANSWER = 64 * 1024 * 1024
MOST_REDIRECTS = 3
_SHOWN = 120


class UpstreamError(MaiError):
    """An answer that cannot be used, in words; what is known stays."""


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    body: bytes
    url: str

    def text(self) -> str:
        return self.body.decode("utf-8", "replace")

    def json(self) -> Any:
        """With numbers as decimals. What is not JSON through and through (HTML, a cut body, NaN) is refused."""
        try:
            return json.loads(self.body, parse_float=Decimal, parse_constant=_refuse_constant)
        except (ValueError, RecursionError) as error:
            start = " ".join(self.text().split())[:_SHOWN]
            raise UpstreamError(
                f"{self.url} answered {self.status} with something that is not JSON: {start!r}"
            ) from error


@cache
def _trust() -> ssl.SSLContext:
    """Reading the certificates takes longer than most answers: once per process."""
    return httpx.create_ssl_context()


def _refuse_constant(name: str) -> Any:
    raise ValueError(f"{name} is not a number")


def get(url: str, **how: Any) -> Answer:
    """One GET; see `ask` for what can be said about it."""
    return ask("GET", url, **how)


def ask(
    method: str,
    url: str,
    *,
    body: Any = None,
    params: Mapping[str, str] | None = None,
    headers: Mapping[str, str] | None = None,
    timeout_s: float = 10.0,
    deadline_s: float = 60.0,
    largest: int = LARGEST_ANSWER,
) -> Answer:
    """One question, `body` sent as JSON. `timeout_s` bounds every wait, `deadline_s` the whole answer, however slowly
    it drips."""
    until, shown = time.monotonic() + deadline_s, without_login(url)
    try:
        with (
            httpx.Client(
                verify=_trust(), timeout=timeout_s, follow_redirects=True, max_redirects=MOST_REDIRECTS
            ) as client,
            client.stream(
                method, url, json=body, params=params, headers={"Accept": "application/json", **(headers or {})}
            ) as answer,
        ):
            chunks: list[bytes] = []
            size = 0
            for chunk in answer.iter_bytes():
                size += len(chunk)
                if size > largest:
                    raise UpstreamError(f"{shown} answered with more than {largest // 1024} kB")
                if time.monotonic() > until:
                    raise UpstreamError(f"{shown} did not finish its answer within {deadline_s:g} s")
                chunks.append(chunk)
            return Answer(answer.status_code, b"".join(chunks), shown)
    except httpx.TooManyRedirects:
        raise UpstreamError(f"{shown} redirects in circles") from None
    except httpx.TimeoutException:
        raise UpstreamError(f"{shown} did not answer within {timeout_s:g} s") from None
    except (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError) as error:
        raise UpstreamError(f"{shown} cannot be reached: {error or type(error).__name__}") from None


def get_json(url: str, **how: Any) -> Any:
    """The JSON of a 200; anything else is an error in words."""
    return ask_json("GET", url, **how)


def ask_json(method: str, url: str, **how: Any) -> Any:
    answer = ask(method, url, **how)
    if answer.status != 200:
        start = " ".join(answer.text().split())[:_SHOWN]
        raise UpstreamError(f"{answer.url} answered {answer.status}: {start!r}")
    return answer.json()
