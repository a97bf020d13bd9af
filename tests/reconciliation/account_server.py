"""A simulated OpenRouter account on loopback: it knows what it billed, and tells it as the real one does."""

from __future__ import annotations

import json
from collections import defaultdict
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

MANAGEMENT_KEY = "sk-or-v1-management"


@dataclass(frozen=True)
class Billed:
    """One generation as OpenRouter has it."""

    id: str
    at: datetime
    cost: str
    model: str = "openai/gpt-4o"
    provider: str = "OpenAI"
    user: str = "mai_client_63a4eb6d_user_11112222"
    key_hash: str = "hash-acme"
    input_tokens: int = 100
    output_tokens: int = 50


@dataclass
class SimulatedAccount:
    server: HTTPServer
    generations: dict[str, Billed] = field(default_factory=dict)
    today: str = "2026-10-15"
    most_rows: int = 1000
    tells_ids: bool = True
    forgotten: set[str] = field(default_factory=set)
    """Ids for which `/generation` answers 404."""

    def __post_init__(self) -> None:
        for method, path, answer in (
            ("GET", "/activity", self._activity),
            ("GET", "/credits", self._credits),
            ("GET", "/keys", self._keys),
            ("POST", "/analytics/query", self._analytics),
            ("GET", "/generation", self._generation),
        ):
            self.server.expect_request(path, method=method).respond_with_handler(self._guarded(answer))

    @property
    def url(self) -> str:
        return self.server.url_for("").rstrip("/")

    def bill(self, *generations: Billed) -> None:
        self.generations.update({one.id: one for one in generations})

    def change_cost(self, generation_id: str, cost: str) -> None:
        self.generations[generation_id] = replace(self.generations[generation_id], cost=cost)

    def _guarded(self, answer: Any) -> Any:
        def handler(request: Request) -> Response:
            if request.headers.get("Authorization") != f"Bearer {MANAGEMENT_KEY}":
                return Response("forbidden", 403)
            return answer(request)

        return handler

    def _of_key(self, key_hash: str | None) -> list[Billed]:
        return [one for one in self.generations.values() if key_hash in (None, one.key_hash)]

    def _activity(self, request: Request) -> Response:
        days: dict[tuple[str, str, str], list[Billed]] = defaultdict(list)
        for one in self._of_key(request.args.get("api_key_hash")):
            if (day := f"{one.at:%Y-%m-%d}") < self.today:
                days[day, one.model, one.provider].append(one)
        rows = [
            {
                "date": day,
                "model": model,
                "model_permaslug": f"{model}-2025-01-01",
                "endpoint_id": "e",
                "provider_name": provider,
                "usage": _number(sum(Decimal(one.cost) for one in billed)),
                "byok_usage_inference": 0,
                "requests": len(billed),
                "prompt_tokens": sum(one.input_tokens for one in billed),
                "completion_tokens": sum(one.output_tokens for one in billed),
                "reasoning_tokens": 0,
            }
            for (day, model, provider), billed in days.items()
        ]
        return _json({"data": rows})

    def _credits(self, request: Request) -> Response:
        used = sum(Decimal(one.cost) for one in self.generations.values())
        return _json({"data": {"total_credits": 100.5, "total_usage": _number(used)}})

    def _keys(self, request: Request) -> Response:
        hashes = sorted({one.key_hash for one in self.generations.values()})
        keys = [
            {"hash": key, "name": key, "label": f"sk-or-v1-{key[:3]}...{key[-4:]}", "usage": 1.5, "limit": None}
            for key in hashes
        ]
        return _json({"data": keys if request.args.get("offset", "0") == "0" else []})

    def _analytics(self, request: Request) -> Response:
        if not self.tells_ids:
            return _json({"error": {"message": "dimension generation_id is not available"}}, 400)
        wish = json.loads(request.data)
        key = next((one["value"] for one in wish.get("filters", []) if one["field"] == "api_key_id"), None)
        start, end = (datetime.fromisoformat(wish["time_range"][name]) for name in ("start", "end"))
        found = [one for one in self._of_key(key) if start <= one.at < end]
        limit = min(wish["limit"], self.most_rows)
        rows = [
            {
                "generation_id": one.id,
                "model": one.model,
                "total_usage": _number(Decimal(one.cost)),
                "request_count": "1",
            }
            for one in found[:limit]
        ]
        metadata = {"query_time_ms": 1, "row_count": len(rows), "truncated": len(found) > limit}
        return _json({"data": {"data": rows, "metadata": metadata}})

    def _generation(self, request: Request) -> Response:
        one = self.generations.get(request.args["id"])
        if one is None or one.id in self.forgotten:
            return _json({"error": {"message": "not found"}}, 404)
        return _json(
            {
                "data": {
                    "id": one.id,
                    "created_at": one.at.astimezone(UTC).isoformat(),
                    "model": one.model,
                    "provider_name": one.provider,
                    "total_cost": _number(Decimal(one.cost)),
                    "usage": _number(Decimal(one.cost)),
                    "is_byok": False,
                    "native_tokens_prompt": one.input_tokens,
                    "native_tokens_completion": one.output_tokens,
                    "external_user": one.user,
                    "streamed": True,
                    "cancelled": False,
                    "finish_reason": "stop",
                }
            }
        )


def _number(value: Decimal | int) -> float:
    return float(value)


def _json(body: Any, status: int = 200) -> Response:
    return Response(json.dumps(body), status, content_type="application/json")
