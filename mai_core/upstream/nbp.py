"""NBP's table A: the middle rates of the Polish central bank."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from mai_core import conversion
from mai_core.conversion import Answered, RateTable
from mai_core.days import parse_day
from mai_core.errors import BadValue
from mai_core.upstream.http import Answer, UpstreamError, get, get_json

CHUNK_DAYS = 93
"""The documented limit of one question; the service answers more, until it does not."""

FIRST_TABLE = date(2002, 1, 2)

_TABLE_NO = re.compile(r"\d{1,3}/A/NBP/(\d{4})")
_DEAREST = Decimal(1000)


def fetch(api_url: str, currency: str, since: date, through: date, now_ms: int) -> Answered:
    """Ask NBP for the tables of [since, through]; days to come are not asked for."""
    since = max(since, FIRST_TABLE)
    last = min(through, conversion.warsaw_today(now_ms))
    tables: list[RateTable] = []
    for start, end in chunks(since, last):
        tables += _ask(rates_url(api_url, currency), currency, start, end)
    return Answered(tuple(tables), since, conversion.answered_through(last, now_ms))


def fetch_from_service(service_url: str, since: date, through: date) -> Answered:
    """The same from the server's shared exchange-rate service (USD)."""
    url = f"{service_url.rstrip('/')}/api/usd-pln-rate/range"
    body = get_json(url, params={"from": since.isoformat(), "to": through.isoformat()})
    if not isinstance(body, dict) or body.get("currency") != "USD":
        raise UpstreamError(f"{url} answered with something that is not a list of USD rates")
    tables = _tables(body.get("rates"), since, through, url, rate="rate", number="table_no", day="effective_date")
    try:
        return Answered(tables, parse_day(body["answered_from"]), parse_day(body["answered_through"]))
    except (KeyError, TypeError, BadValue):
        raise UpstreamError(f"{url} does not say for which days its answer is complete") from None


def chunks(since: date, through: date) -> Iterator[tuple[date, date]]:
    while since <= through:
        end = min(since + timedelta(days=CHUNK_DAYS - 1), through)
        yield since, end
        since = end + timedelta(days=1)


def rates_url(api_url: str, currency: str) -> str:
    """From the base (`https://api.nbp.pl`, with or without its path) or the full address of one currency."""
    base = api_url.rstrip("/")
    cut = re.search(r"/(?:rates|tables)(?:/|$)", base, re.IGNORECASE)
    if cut:
        base = base[: cut.start()]
    elif base.lower().endswith("/api"):
        base += "/exchangerates"
    elif not base.lower().endswith("/exchangerates"):
        base += "/api/exchangerates"
    return f"{base}/rates/a/{currency.lower()}"


def _ask(url: str, currency: str, start: date, end: date) -> tuple[RateTable, ...]:
    answer = get(f"{url}/{start}/{end}/", params={"format": "json"})
    if answer.status == 404 and _says_no_data(answer):
        return ()
    if answer.status != 200:
        said = " ".join(answer.text().split())[:160]
        raise UpstreamError(f"NBP answered {answer.status} for {start} to {end}: {said!r}")
    body = answer.json()
    if not isinstance(body, dict) or str(body.get("table")).upper() != "A":
        raise UpstreamError(f"NBP's answer for {start} to {end} is not table A")
    if str(body.get("code")).upper() != currency.upper():
        raise UpstreamError(f"NBP was asked for {currency.upper()} and answered with {str(body.get('code'))[:20]}")
    return _tables(body.get("rates"), start, end, "NBP", rate="mid", number="no", day="effectiveDate")


def _says_no_data(answer: Answer) -> bool:
    """A weekend, a holiday or a table to come; a 404 of anything between NBP and us is not that."""
    said = answer.text()[:200]
    return "<" not in said and ("NotFound" in said or "Brak danych" in said)


def _tables(rows: Any, start: date, end: date, who: str, *, rate: str, number: str, day: str) -> tuple[RateTable, ...]:
    if not isinstance(rows, list):
        raise UpstreamError(f"{who} answered without a list of rates")
    tables: dict[date, RateTable] = {}
    for row in rows:
        table = _table(row, who, rate, number, day)
        if not start <= table.effective_date <= end:
            raise UpstreamError(f"{who} was asked for {start} to {end} and answered with {table.effective_date}")
        if tables.setdefault(table.effective_date, table) != table:
            raise UpstreamError(f"{who} told two rates for {table.effective_date}")
    return tuple(sorted(tables.values()))


def _table(row: Any, who: str, rate: str, number: str, day: str) -> RateTable:
    try:
        effective, told, table_no = parse_day(row[day]), row[rate], str(row[number])
        value = told if isinstance(told, Decimal) else Decimal(told) if isinstance(told, (int, str)) else None
    except (KeyError, TypeError, ArithmeticError, BadValue):
        value = None
    if value is None or isinstance(told, bool) or not value.is_finite() or not 0 < value < _DEAREST:
        raise UpstreamError(f"{who} told a rate that is none: {str(row)[:120]}")
    match = _TABLE_NO.fullmatch(table_no)
    if match is None or int(match[1]) != effective.year:
        raise UpstreamError(f"{who} told a table number that is none: {table_no[:40]!r} of {effective}")
    return RateTable(effective, _as_published(value), table_no)


def _as_published(rate: Decimal) -> Decimal:
    """NBP publishes at least four places; JSON numbers lose the zeros at their end."""
    return rate if int(rate.as_tuple().exponent) <= -4 else rate.quantize(Decimal("0.0001"))
