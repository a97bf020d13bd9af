"""Calls to the API over loopback: every change that a page makes, and every question about the session."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import httpx

from mai_core.errors import MaiError
from pages.parts.installation import settings

START_COMMAND = "make run"
_TIMEOUT_S = 10.0


class ApiAway(MaiError):
    """Nothing answers where the API should be."""


class SessionEnded(MaiError):
    """The API does not know the session any more."""


class Refused(MaiError):
    """The API says no, in words that the person at the form can use."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(text)
        self.status = status


@lru_cache(maxsize=1)
def client() -> httpx.Client:
    return httpx.Client(base_url=settings().api_url, timeout=_TIMEOUT_S, trust_env=False)


def send(method: str, path: str, token: str = "", **options: Any) -> httpx.Response:
    """The answer, whatever it says; only silence is an error here."""
    headers = dict(options.pop("headers", {}))
    if token:
        headers["Authorization"] = f"Bearer {token}"
    try:
        return client().request(method, path, headers=headers, **options)
    except httpx.HTTPError as error:
        raise ApiAway(f"the API at {settings().api_url} does not answer ({type(error).__name__})") from None


def call(method: str, path: str, token: str, **options: Any) -> Any:
    """The JSON of a successful answer; a refusal in the API's own words otherwise."""
    answer = send(method, path, token, **options)
    if answer.status_code == 401:
        raise SessionEnded("the session has ended")
    if answer.is_error:
        raise Refused(answer.status_code, refusal_text(answer))
    return answer.json() if answer.content and "json" in answer.headers.get("content-type", "") else answer.text


def refusal_text(answer: httpx.Response) -> str:
    """What an error body says: our one-sentence errors, and the field lists of FastAPI."""
    try:
        body = answer.json()
    except ValueError:
        return answer.text[:300] or f"HTTP {answer.status_code}"
    detail = body.get("detail", body.get("error", body)) if isinstance(body, dict) else body
    if isinstance(detail, list):
        return "; ".join(_one_field(item) for item in detail[:5])
    if isinstance(detail, dict):
        return str(detail.get("message") or detail.get("reason") or detail)
    return str(detail)


def _one_field(item: object) -> str:
    if not isinstance(item, dict):
        return str(item)
    place = [str(part) for part in item.get("loc", ()) if part not in ("body", "query")]
    return f"{'.'.join(place)}: {item.get('msg', '')}" if place else str(item.get("msg", item))
