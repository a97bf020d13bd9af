"""OpenRouter's list of models and NBP's table A as local servers: faithful, or as wrong as a test wants them."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from tests.pricing.listed import model


@dataclass
class FakeOpenRouter:
    """`/models` with paging on demand, as documented."""

    server: HTTPServer
    rows: list[dict[str, Any]] = field(
        default_factory=lambda: [model("acme/large"), model("acme/small", prompt="0.000001")]
    )
    page: int = 1000
    answer: Callable[[Request], Response] | None = None
    """Instead of the list."""
    asked: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.server.expect_request("/api/v1/models").respond_with_handler(self._models)

    @property
    def url(self) -> str:
        return self.server.url_for("/api/v1")

    def _models(self, request: Request) -> Response:
        self.asked.append(request.query_string.decode())
        if self.answer is not None:
            return self.answer(request)
        offset = int(request.args.get("offset", 0))
        rows = self.rows[offset : offset + self.page]
        following = offset + self.page
        link = f"/api/v1/models?offset={following}&limit={self.page}" if following < len(self.rows) else None
        return as_json({"data": rows, "total_count": len(self.rows), "links": {"next": link}})


@dataclass
class FakeNbp:
    """One currency of table A; weekends and the days in `silent` have no table."""

    server: HTTPServer
    rates: dict[date, str] = field(default_factory=dict)
    """Overrides of the usual 3.6543."""
    silent: set[date] = field(default_factory=set)
    published_through: date = date(2100, 1, 1)
    code: str = "USD"
    answer: Callable[[Request], Response] | None = None
    asked: list[tuple[date, date]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.server.expect_request(
            re.compile(r"/api/exchangerates/rates/a/[a-z]{3}/[\d-]+/[\d-]+/")
        ).respond_with_handler(self._range)

    @property
    def url(self) -> str:
        return self.server.url_for("/api/exchangerates/rates/a/usd/")

    def _range(self, request: Request) -> Response:
        start, end = (date.fromisoformat(part) for part in request.path.rstrip("/").split("/")[-2:])
        self.asked.append((start, end))
        if self.answer is not None:
            return self.answer(request)
        if (end - start).days >= 93:
            return Response("400 BadRequest - Przekroczony limit 93 dni / Limit of 93 days has been exceeded", 400)
        rows = [self._row(start + timedelta(days=number)) for number in range((end - start).days + 1)]
        published = [row for row in rows if row is not None]
        if not published:
            return Response("404 NotFound - Not Found - Brak danych", 404, content_type="text/plain; charset=utf-8")
        body = {"table": "A", "currency": "dolar amerykański", "code": self.code, "rates": published}
        return raw_json(json.dumps(body, ensure_ascii=False).replace('"mid": "', '"mid": ').replace('_"', ""))

    def _row(self, day: date) -> dict[str, Any] | None:
        if day.weekday() >= 5 or day in self.silent or day > self.published_through:
            return None
        number = f"{day.timetuple().tm_yday:03d}/A/NBP/{day.year}"
        return {"no": number, "effectiveDate": day.isoformat(), "mid": f"{self.rates.get(day, '3.6543')}_"}


def as_json(body: Any, status: int = 200) -> Response:
    return raw_json(json.dumps(body), status)


def raw_json(body: str, status: int = 200) -> Response:
    return Response(body, status, content_type="application/json; charset=utf-8")


def html(_: Request) -> Response:
    return Response("<html><body>Just a moment...</body></html>", 200, content_type="text/html")


def truncated(_: Request) -> Response:
    return raw_json('{"data": [{"id": "acme/large", "pricing": {"prompt": "0.0000')


def redirects_in_circles(request: Request) -> Response:
    return Response("", 302, headers={"Location": request.path})


def broken(_: Request) -> Response:
    return Response("502 Bad Gateway", 502)


def not_a_number(_: Request) -> Response:
    return raw_json('{"data": [{"id": "acme/large", "pricing": {"prompt": NaN, "completion": NaN}}]}')
