"""Talks to an InfluxDB server of any age: one write, one read, and what every answer means."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Any

import httpx

from mai_core.errors import MaiError
from mai_core.influx.points import MEASUREMENT
from mai_core.settings import Settings


class Unavailable(MaiError):
    """Not now: the server is down, slow, busy or refuses the token. Nothing is lost, it is tried again."""

    def __init__(self, reason: str, retry_after_s: float | None = None) -> None:
        super().__init__(reason)
        self.retry_after_s = retry_after_s


class Rejected(MaiError):
    """The server did not take these lines as they are; some of them may be stored all the same."""


class Server:
    def __init__(self, settings: Settings, transport: httpx.BaseTransport | None = None) -> None:
        token = settings.influxdb_token.get_secret_value()
        self._client = httpx.Client(
            base_url=settings.influxdb_url,
            headers={"Authorization": f"Token {token}"} if token else {},
            timeout=settings.influxdb_write_timeout / 1000,
            transport=transport,
            follow_redirects=False,
        )
        self._org, self._bucket = settings.influxdb_org, settings.influxdb_bucket
        self._is_v1 = False

    def close(self) -> None:
        self._client.close()

    def write(self, lines: Sequence[str]) -> None:
        """Returns when the server has said yes to all lines; raises Unavailable or Rejected."""
        response = self._post(lines)
        if response.status_code == 404 and not self._is_v1 and _is_no_such_path(response):
            self._is_v1 = True
            response = self._post(lines)
        if response.status_code in (200, 204):
            return
        reason = f"InfluxDB answered {response.status_code}: {_reason(response)}"
        if response.status_code in (400, 413, 422) and not _is_about_the_organisation(response):
            raise Rejected(reason)
        raise Unavailable(reason, _retry_after(response))

    def _post(self, lines: Sequence[str]) -> httpx.Response:
        path, parameters = (
            ("/write", {"db": self._bucket, "precision": "n"})
            if self._is_v1
            else ("/api/v2/write", {"bucket": self._bucket, "org": self._org, "precision": "ns"})
        )
        body = "\n".join(lines).encode()
        try:
            return self._client.post(path, params=parameters, content=body, headers={"Content-Type": "text/plain"})
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise Unavailable(f"InfluxDB did not answer: {error or type(error).__name__}") from None

    def points(self, since_ns: int, before_ns: int, client_org_id: str | None = None) -> Iterator[dict[str, Any]]:
        """All points of a span of time, tags and fields in one dict, numbers as decimals."""
        only = f" AND client_org_id = {_quoted(client_org_id)}" if client_org_id else ""
        yield from self.query(f'SELECT * FROM "{MEASUREMENT}" WHERE time >= {since_ns} AND time < {before_ns}{only}')

    def query(self, influxql: str) -> list[dict[str, Any]]:
        try:
            response = self._client.get("/query", params={"db": self._bucket, "q": influxql, "epoch": "ns"})
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise Unavailable(f"InfluxDB did not answer: {error or type(error).__name__}") from None
        if response.status_code != 200:
            raise Unavailable(f"InfluxDB answered {response.status_code}: {_reason(response)}", _retry_after(response))
        try:
            results = json.loads(response.content, parse_float=Decimal)["results"]
        except (ValueError, KeyError, TypeError):
            raise Unavailable("InfluxDB's answer to a query cannot be read") from None
        rows: list[dict[str, Any]] = []
        for result in results:
            if "error" in result:
                raise Unavailable(f"InfluxDB refused a query: {str(result['error'])[:200]}")
            for series in result.get("series", ()):
                if series.get("partial"):
                    raise Unavailable("InfluxDB gave a part of the rows only: raise its max-row-limit")
                rows.extend(dict(zip(series["columns"], values, strict=True)) for values in series["values"])
        return rows


def _is_no_such_path(response: httpx.Response) -> bool:
    """1.x answers 404 for the path; 2.x answers 404 in JSON for a bucket that does not exist."""
    return "bucket" not in response.text and "organization" not in response.text


def _is_about_the_organisation(response: httpx.Response) -> bool:
    """2.x answers 400 to every line where INFLUXDB_ORG is empty: that is no fault of the lines."""
    return response.status_code == 400 and "orgID" in response.text


def _reason(response: httpx.Response) -> str:
    try:
        told = response.json()
        return str(told.get("message") or told.get("error") or told)[:300]
    except (ValueError, AttributeError):
        return response.text[:300]


def _retry_after(response: httpx.Response) -> float | None:
    try:
        return min(300.0, float(response.headers["retry-after"]))
    except (KeyError, ValueError):
        return None


def _quoted(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"
