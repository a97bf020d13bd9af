"""What OpenRouter tells the holder of a management key about an account: days, balances, keys, single generations."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from mai_core.days import parse_day
from mai_core.errors import BadValue
from mai_core.money import units_of
from mai_core.upstream.http import UpstreamError, ask, ask_json

ACTIVITY_DAYS = 30
"""OpenRouter tells the last 30 completed UTC days; today is never among them."""

MOST_ROWS = 1000
_SHORTEST = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class ProviderDay:
    """One UTC day of one model at one provider, as OpenRouter billed it."""

    day: date
    model: str
    provider: str
    requests: int
    input_tokens: int
    output_tokens: int
    cost_pusd: int
    byok_pusd: int


@dataclass(frozen=True, slots=True)
class Key:
    hash: str
    name: str
    label: str
    """`sk-or-v1-0e6...1c96`: all that is shown of a key."""
    usage_pusd: int
    limit_pusd: int | None


@dataclass(frozen=True, slots=True)
class Credits:
    bought_pusd: int
    used_pusd: int


@dataclass(frozen=True, slots=True)
class Billed:
    """One generation and what was taken for it."""

    generation_id: str
    model: str
    cost_pusd: int


@dataclass(frozen=True, slots=True)
class Account:
    api_url: str
    management_key: str

    def activity(self, key_hash: str | None = None) -> list[ProviderDay]:
        """The completed days, of one key or of the whole account; rows of several endpoints of a provider as one."""
        params = {} if key_hash is None else {"api_key_hash": key_hash}
        rows = _rows(self._ask("GET", "/activity", params=params), "activity")
        days: dict[tuple[date, str, str], ProviderDay] = {}
        for row in rows:
            one = _provider_day(row)
            key = (one.day, one.model, one.provider)
            days[key] = _sum(days[key], one) if key in days else one
        return sorted(days.values(), key=lambda one: (one.day, one.model, one.provider))

    def credits(self) -> Credits:
        data = self._ask("GET", "/credits").get("data")
        if not isinstance(data, dict):
            raise UpstreamError("OpenRouter answered /credits without data")
        return Credits(_amount(data, "total_credits"), _amount(data, "total_usage"))

    def keys(self) -> list[Key]:
        found: list[Key] = []
        while True:
            params = {"offset": str(len(found)), "include_disabled": "true"}
            rows = _rows(self._ask("GET", "/keys", params=params), "keys")
            found += [_key(row) for row in rows]
            if len(rows) < 100:
                return found

    def generations(self, day: date, key_hash: str | None) -> list[Billed]:
        """Every generation of a UTC day with its cost; a truncated answer is asked for again in halves."""
        start = datetime(day.year, day.month, day.day, tzinfo=UTC)
        found = {one.generation_id: one for one in self._generations(start, start + timedelta(days=1), key_hash)}
        return sorted(found.values(), key=lambda one: one.generation_id)

    def _generations(self, start: datetime, end: datetime, key_hash: str | None) -> Iterator[Billed]:
        body: dict[str, Any] = {
            "metrics": ["total_usage", "request_count"],
            "dimensions": ["generation_id", "model"],
            "time_range": {"start": start.isoformat(), "end": end.isoformat()},
            "limit": MOST_ROWS,
        }
        if key_hash is not None:
            body["filters"] = [{"field": "api_key_id", "operator": "eq", "value": key_hash}]
        answer = self._ask("POST", "/analytics/query", body=body).get("data")
        if not isinstance(answer, dict) or not isinstance(answer.get("data"), list):
            raise UpstreamError("OpenRouter answered /analytics/query without data")
        metadata = answer.get("metadata")
        if isinstance(metadata, dict) and metadata.get("truncated"):
            if end - start <= _SHORTEST:
                raise UpstreamError(f"OpenRouter lists more than {MOST_ROWS} generations within one minute")
            middle = start + (end - start) / 2
            yield from self._generations(start, middle, key_hash)
            yield from self._generations(middle, end, key_hash)
            return
        for row in answer["data"]:
            if not isinstance(row, dict) or not row.get("generation_id"):
                raise UpstreamError("OpenRouter does not tell generation ids in /analytics/query")
            yield Billed(str(row["generation_id"]), str(row.get("model") or ""), _amount(row, "total_usage"))

    def generation(self, generation_id: str) -> bytes | None:
        """The record of one generation as it came; None when OpenRouter does not know it (any more)."""
        answer = ask("GET", f"{self.api_url}/generation", params={"id": generation_id}, headers=self._headers)
        if answer.status == 404:
            return None
        if answer.status != 200:
            raise UpstreamError(f"OpenRouter answered {answer.status} for generation {generation_id}")
        return answer.body

    @property
    def _headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.management_key}"}

    def _ask(self, method: str, path: str, **how: Any) -> dict[str, Any]:
        answer = ask_json(method, f"{self.api_url}{path}", headers=self._headers, **how)
        if not isinstance(answer, dict):
            raise UpstreamError(f"OpenRouter answered {path} with something else than an object")
        return answer


def _rows(answer: dict[str, Any], what: str) -> list[dict[str, Any]]:
    rows = answer.get("data")
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise UpstreamError(f"OpenRouter answered /{what} without a list of rows")
    return rows


def _provider_day(row: dict[str, Any]) -> ProviderDay:
    try:
        return ProviderDay(
            day=parse_day(str(row.get("date"))[:10]),
            model=str(row.get("model") or row.get("model_permaslug") or ""),
            provider=str(row.get("provider_name") or ""),
            requests=_count(row, "requests"),
            input_tokens=_count(row, "prompt_tokens"),
            output_tokens=_count(row, "completion_tokens"),
            cost_pusd=_amount(row, "usage"),
            byok_pusd=_amount(row, "byok_usage_inference"),
        )
    except BadValue as error:
        raise UpstreamError(f"OpenRouter's /activity cannot be read: {error}") from None


def _sum(one: ProviderDay, other: ProviderDay) -> ProviderDay:
    return ProviderDay(
        one.day,
        one.model,
        one.provider,
        one.requests + other.requests,
        one.input_tokens + other.input_tokens,
        one.output_tokens + other.output_tokens,
        one.cost_pusd + other.cost_pusd,
        one.byok_pusd + other.byok_pusd,
    )


def _key(row: dict[str, Any]) -> Key:
    limit = None if row.get("limit") is None else _amount(row, "limit")
    return Key(
        str(row.get("hash") or ""),
        str(row.get("name") or ""),
        str(row.get("label") or ""),
        _amount(row, "usage"),
        limit,
    )


def _amount(row: dict[str, Any], name: str) -> int:
    try:
        return units_of(row.get(name) or 0, name)
    except BadValue as error:
        raise UpstreamError(f"OpenRouter told an amount that is none: {error}") from None


def _count(row: dict[str, Any], name: str) -> int:
    """Counts may come as text."""
    try:
        value = int(row.get(name) or 0)
    except (TypeError, ValueError):
        raise UpstreamError(f"OpenRouter told {name} that is no count") from None
    if value < 0:
        raise UpstreamError(f"OpenRouter told a negative {name}")
    return value
