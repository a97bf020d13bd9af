"""Rows as OpenRouter lists them."""

from __future__ import annotations

from typing import Any


def model(name: str = "acme/large", *, slug: str | None = None, **pricing: Any) -> dict[str, Any]:
    return {
        "id": name,
        "canonical_slug": slug or name,
        "name": f"{name} by name",
        "created": 1692901234,
        "context_length": 8192,
        "pricing": {"prompt": "0.000003", "completion": "0.000015", **pricing},
    }
