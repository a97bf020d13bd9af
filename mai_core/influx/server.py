"""Talks to an InfluxDB server of any age: one write, one read, and what every answer means."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Any

import httpx

from mai_core.errors import MaiError
from mai_core.influx.points import MEASUREMENT
from mai_core.settings import Settings

_READING_S = 30.0
"""An hour of points is read from disk before the first byte of the answer comes; a write is in memory."""

_NAMED = re.compile("bucket|database|organization|retention policy", re.IGNORECASE)
_ORGANISATION = re.compile("orgID|organization", re.IGNORECASE)
_TOKENS_CONFLICT = re.compile("input field \"tokens\"|column type for column 'tokens'")
_NO_FAULT_OF_LINES = re.compile("orgID|database or rp name|db name|would exceed limit|would exceed number")
"""What 2.x answers where INFLUXDB_ORG is empty; 3.x for a bucket that it cannot have: each with 400 or 422, as if every
line were bad."""


class Unavailable(MaiError):
    """Not now: the server is down, slow, busy or refuses the token. Nothing is lost, it is tried again."""

    def __init__(self, reason: str, retry_after_s: float | None = None) -> None:
        super().__init__(reason)
        self.retry_after_s = retry_after_s


class Missing(Unavailable):
    """There is no such bucket, database or retention policy."""


class Rejected(MaiError):
    """The server did not take these lines as they are; some of them may be stored all the same."""

    @property
    def is_about_tokens(self) -> bool:
        """Somebody writes `tokens=5`, we write `tokens=5i`: whoever came first has settled what the field is."""
        return _TOKENS_CONFLICT.search(str(self)) is not None


class Server:
    has_float_tokens = False
    """What `tokens` was, when lines were last taken. `sending` finds it out."""

    def __init__(self, settings: Settings, transport: httpx.BaseTransport | None = None) -> None:
        token = settings.influxdb_token.get_secret_value()
        patience_s = settings.influxdb_write_timeout / 1000
        self._client = httpx.Client(
            base_url=settings.influxdb_url,
            headers={"Authorization": f"Token {token}"} if token else {},
            timeout=patience_s,
            transport=transport,
            follow_redirects=False,
        )
        self._org, self._bucket = settings.influxdb_org, settings.influxdb_bucket
        self._database, self._measurement = self._bucket, f'"{MEASUREMENT}"'
        self._read_timeout = httpx.Timeout(patience_s, read=max(patience_s, _READING_S))
        self._is_v1 = False

    def close(self) -> None:
        self._client.close()

    def write(self, lines: Sequence[str]) -> None:
        """Returns when the server has said yes to all lines; raises Unavailable or Rejected."""
        response = self._post(lines, self._is_v1)
        if response.status_code == 404 and not self._is_v1 and _is_no_such_path(response):
            older = self._post(lines, is_v1=True)
            # Remembered only where the old path is there: a proxy answers 404 too, while it is put up anew.
            self._is_v1 = older.status_code != 404
            response = response if _is_no_such_path(older) else older
        if response.status_code in (200, 204):
            return
        reason = f"InfluxDB answered {response.status_code}: {_reason(response)}"
        if response.status_code in (400, 413, 422) and not _NO_FAULT_OF_LINES.search(reason):
            raise Rejected(reason)
        raise Unavailable(reason + self._remedy(response.status_code, reason), _retry_after(response))

    def _post(self, lines: Sequence[str], is_v1: bool) -> httpx.Response:
        database, _, policy = self._bucket.partition("/")
        path, parameters = (
            ("/write", {"db": database, "precision": "n"} | ({"rp": policy} if policy else {}))
            if is_v1
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
        yield from self.select(f"time >= {since_ns} AND time < {before_ns}{only}")

    def can_be_asked(self) -> None:
        """The cheapest question, also for 3 Core, which refuses to open the files of some months for one answer."""
        self.select("time >= now() - 1h LIMIT 1")

    def select(self, condition: str) -> list[dict[str, Any]]:
        """The bucket `a/b` is the database `a/b` to 3.x; to 1.8 and 2.x it is the policy `b` of the database `a`."""
        try:
            return self.query(f"SELECT * FROM {self._measurement} WHERE {condition}")
        except Missing:
            if "/" not in self._database:
                raise
            self._database, _, policy = self._bucket.partition("/")
            self._measurement = f'{_identifier(self._database)}.{_identifier(policy)}."{MEASUREMENT}"'
            return self.query(f"SELECT * FROM {self._measurement} WHERE {condition}")

    def query(self, influxql: str) -> list[dict[str, Any]]:
        parameters = {"db": self._database, "q": influxql, "epoch": "ns"}
        try:
            response = self._client.get("/query", params=parameters, timeout=self._read_timeout)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise Unavailable(f"InfluxDB did not answer: {error or type(error).__name__}") from None
        if response.status_code != 200:
            reason = f"InfluxDB answered {response.status_code}: {_reason(response)}"
            kind = Missing if _is_missing(reason) else Unavailable
            raise kind(reason + self._remedy(response.status_code, reason), _retry_after(response))
        try:
            results = json.loads(response.content, parse_float=Decimal)["results"]
        except (ValueError, KeyError, TypeError):
            raise Unavailable("InfluxDB's answer to a query cannot be read") from None
        rows: list[dict[str, Any]] = []
        for result in results:
            if "error" in result:
                reason = f"InfluxDB refused a query: {str(result['error'])[:200]}"
                raise (Missing if _is_missing(reason) else Unavailable)(reason + self._remedy(200, reason))
            for series in result.get("series") or ():
                if series.get("partial"):
                    raise Unavailable("InfluxDB gave a part of the rows only: raise its max-row-limit")
                rows.extend(dict(zip(series["columns"], values, strict=True)) for values in series["values"] or ())
        return rows

    def _remedy(self, status: int, reason: str) -> str:
        """What a person can do about it, in the words of `influx`, the command line of 2.x."""
        if status in (401, 403):
            return f". Does INFLUXDB_TOKEN allow reading and writing the bucket {self._bucket}?"
        if _ORGANISATION.search(reason):
            return ". Set INFLUXDB_ORG to the organisation's name"
        if _is_missing(reason):
            return (
                f". Create it (`influx bucket create --name {self._bucket}`, 1.8: CREATE DATABASE), or set"
                " INFLUXDB_BUCKET; a bucket of 2.0 to 2.3 is read only after `influx v1 dbrp create` for its name"
            )
        return ""


def _is_no_such_path(response: httpx.Response) -> bool:
    """1.x answers 404 for the path; where the path is there, 404 names what does not exist."""
    return response.status_code == 404 and not _NAMED.search(response.text)


def _is_missing(reason: str) -> bool:
    return "not found" in reason and _NAMED.search(reason) is not None


def _reason(response: httpx.Response) -> str:
    """3.x tells beside its error what is wrong with the first lines; the lines themselves are not repeated."""
    try:
        told = response.json()
        reason, details = told.get("message") or told.get("error"), told.get("data")
        first = details[0] if isinstance(details, list) and details else details
        if reason and isinstance(first, dict) and first.get("error_message"):
            reason = f"{reason}: {first['error_message']}"
        return str(reason or told)[:300]
    except (ValueError, AttributeError):
        return response.text[:300]


def _retry_after(response: httpx.Response) -> float | None:
    try:
        return min(300.0, float(response.headers["retry-after"]))
    except (KeyError, ValueError):
        return None


def _identifier(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _quoted(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"
