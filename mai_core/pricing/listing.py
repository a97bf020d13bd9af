"""Reading OpenRouter's list of models: what can be taken is taken, what cannot is said."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from mai_core.errors import BadValue, MaiError
from mai_core.pricing.terms import Pricing, pricing_of

LONGEST_NAME = 200


@dataclass(frozen=True, slots=True)
class Listed:
    """One model of the list."""

    model: str
    pricing: Pricing
    canonical_slug: str | None = None
    name: str | None = None
    context_length: int | None = None
    alias_target: str | None = None

    @property
    def is_priced(self) -> bool:
        return all(self.pricing.base[key] >= 0 for key in ("prompt", "completion"))

    @property
    def is_free(self) -> bool:
        return self.is_priced and not any(self.pricing.base.values())


@dataclass(frozen=True, slots=True)
class Listing:
    """A whole answer: models, and the rows that could not be taken with the reason."""

    models: tuple[Listed, ...]
    refused: tuple[tuple[str, str], ...] = ()


def parse_models(rows: object) -> Listing:
    """The `data` of /models. Refuses a list of which nothing can be taken; a single bad row only drops itself."""
    if isinstance(rows, Mapping):
        rows = rows.get("data")
    if not isinstance(rows, Sequence) or isinstance(rows, str):
        raise MaiError("OpenRouter's answer is not a list of models")
    if not rows:
        raise MaiError("OpenRouter's list of models is empty")
    models: dict[str, Listed] = {}
    refused: list[tuple[str, str]] = []
    for place, row in enumerate(rows):
        name = str(row.get("id", f"row {place}"))[:LONGEST_NAME] if isinstance(row, Mapping) else f"row {place}"
        try:
            listed = _listed(row)
            models[listed.model] = listed
        except BadValue as error:
            refused.append((name, str(error)))
    if len(refused) * 5 > len(rows):
        raise MaiError(
            f"OpenRouter's list of models cannot be trusted: {len(refused)} of {len(rows)} rows are unusable "
            f"(first: {refused[0][0]}, {refused[0][1]})"
        )
    return Listing(tuple(models.values()), tuple(refused))


def _listed(row: Any) -> Listed:
    if not isinstance(row, Mapping):
        raise BadValue("model", "is not an object")
    pricing = pricing_of(row.get("pricing"))
    for key in ("prompt", "completion"):
        if key not in pricing.base:
            raise BadValue(key, "has no price")
    target = row.get("alias_target")
    length = row.get("context_length")
    return Listed(
        model=_required_text(row, "id"),
        pricing=pricing,
        canonical_slug=_text(row, "canonical_slug"),
        name=_text(row, "name"),
        context_length=length if isinstance(length, int) and 0 < length < 2**53 else None,
        alias_target=_text(target, "slug") if isinstance(target, Mapping) else None,
    )


def _required_text(row: Mapping[str, Any], key: str) -> str:
    text = _text(row, key)
    if text is None:
        raise BadValue(key, "is missing")
    return text


def _text(row: Mapping[str, Any], key: str) -> str | None:
    value = row.get(key)
    if not isinstance(value, str) or not value or len(value) > LONGEST_NAME or "\x00" in value:
        return None
    return value
