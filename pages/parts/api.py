"""Calls to the API over loopback: every change that a page makes, and every question about the session."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import httpx

from mai_core.errors import MaiError, StoreUnavailable
from pages.parts.installation import settings

START_COMMAND = "make run"
_TIMEOUT_S = 15.0
"""Longer than the API itself waits for a busy ledger: it then says so."""


class ApiAway(MaiError):
    """Nothing answers where the API should be."""

    def __init__(self, text: str, *, may_have_arrived: bool = False) -> None:
        super().__init__(text)
        self.may_have_arrived = may_have_arrived


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
        arrived = not isinstance(error, httpx.ConnectError | httpx.ConnectTimeout)
        said = f"the API at {settings().api_url} does not answer ({type(error).__name__})"
        raise ApiAway(said, may_have_arrived=arrived) from None


def call(method: str, path: str, token: str, **options: Any) -> Any:
    """The JSON of a successful answer; a refusal in the API's own words otherwise."""
    answer = send(method, path, token, **options)
    if answer.is_error:
        raise problem_of(answer)
    return answer.json() if answer.content and "json" in answer.headers.get("content-type", "") else answer.text


def problem_of(answer: httpx.Response) -> MaiError:
    if answer.status_code == 401:
        return SessionEnded("the session has ended")
    if answer.status_code == 503:
        return StoreUnavailable(refusal_text(answer))
    return Refused(answer.status_code, refusal_text(answer))


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
