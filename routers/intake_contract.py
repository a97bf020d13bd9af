"""What the OpenAPI page says of the ways in, whose bodies are read without FastAPI's models."""

from __future__ import annotations

from typing import Any

_ERROR = {
    "type": "object",
    "required": ["error"],
    "properties": {"error": {"type": "string"}},
}
_COUNTS = {
    "type": "object",
    "required": ["accepted", "duplicates", "ignored", "quarantined"],
    "properties": {name: {"type": "integer"} for name in ("accepted", "duplicates", "ignored", "quarantined")},
}
_ITEMS = {
    "type": "array",
    "items": {
        "type": "object",
        "properties": {
            "index": {"type": "integer"},
            "code": {"type": "string"},
            "reason": {"type": "string"},
        },
    },
}
_REPORT = {
    "type": "object",
    "properties": {**_COUNTS["properties"], "witnesses": {"type": "integer"}, "in_quarantine": _ITEMS},  # type: ignore[dict-item]
}
_REFUSED = {
    "type": "object",
    "required": ["error", "errors"],
    "properties": {"error": {"type": "string"}, "errors": _ITEMS, **_REPORT["properties"]},  # type: ignore[dict-item]
}


def _json(description: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {"description": description, "content": {"application/json": {"schema": schema}}}


_COMMON: dict[int | str, dict[str, Any]] = {
    400: _json("Not readable at all (cut off, not gzip, not JSON)", _ERROR),
    401: _json("Missing or wrong secret", _ERROR),
    408: _json("The body came too slowly", _ERROR),
    413: _json("The body is too large, counted after gunzip", _ERROR),
    415: _json("Another content type or encoding than the ones listed", _ERROR),
    503: _json("Not stored (busy, disk full, queue full); see Retry-After", _ERROR),
}
PUSHED: dict[int | str, dict[str, Any]] = {
    200: _json("Durable: booked, known already, or in quarantine with its reason", _COUNTS),
    **_COMMON,
}
TOLD: dict[int | str, dict[str, Any]] = {
    200: _json("Durable", _REPORT),
    422: _json("Some items were refused; the others are stored", _REFUSED),
    **_COMMON,
}
CLOUD_EVENTS: dict[int | str, dict[str, Any]] = {204: {"description": "Durable"}, **TOLD}


def body_of(example: Any, *content_types: str) -> dict[str, Any]:
    """The request body for the OpenAPI page."""
    content = {name: {"schema": {}, "example": example} for name in content_types or ("application/json",)}
    return {"requestBody": {"required": True, "content": content}}
