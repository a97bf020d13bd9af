"""One generation, several ways in, one rule for every field: the highest rank wins, equals take the smaller value.

(rank, value) pairs form a lattice, so any order of arrivals ends in the same fields.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from mai_core.model import Observation

MERGED_FIELDS = (
    "started_at_ms",
    "external_user",
    "model",
    "provider",
    "input_tokens",
    "output_tokens",
    "cached_tokens",
    "cache_write_tokens",
    "cache_write_1h_tokens",
    "reasoning_tokens",
    "audio_tokens",
    "output_images",
    "searches",
    "reported_pusd",
    "upstream_pusd",
    "estimated_pusd",
    "given_charge_pusd",
    "is_byok",
    "cancelled",
    "streamed",
    "finish_reason",
    "session_id",
    "api_key_name",
)

_FIRST_MERGED = Observation.__struct_fields__.index(MERGED_FIELDS[0])
_AFTER_MERGED = _FIRST_MERGED + len(MERGED_FIELDS)
if Observation.__struct_fields__[_FIRST_MERGED:_AFTER_MERGED] != MERGED_FIELDS:
    raise AssertionError("MERGED_FIELDS and the fields of Observation are in one order")

Values = dict[str, Any]
"""field -> value; a field nobody told is absent."""

Ranked = dict[str, tuple[int, Any]]
"""field -> (rank that told it, value); a field nobody told is absent."""


@dataclass(frozen=True, slots=True)
class Disagreement:
    """Two sources of one rank differ about a field."""

    field: str
    rank: int
    values: tuple[Any, Any]


def values_of(observation: Observation) -> Values:
    told = msgspec.structs.astuple(observation)[_FIRST_MERGED:_AFTER_MERGED]
    return {field: value for field, value in zip(MERGED_FIELDS, told, strict=True) if value is not None}


def fields_of(observation: Observation) -> Ranked:
    rank = int(observation.rank)
    return {field: (rank, value) for field, value in values_of(observation).items()}


def values_in(fields: Ranked) -> Values:
    return {field: value for field, (_, value) in fields.items()}


def merge(
    known: Mapping[str, tuple[int, Any]], told: Mapping[str, tuple[int, Any]]
) -> tuple[Ranked, list[Disagreement]]:
    """What stands after both, and where sources of one rank disagree."""
    merged: Ranked = dict(known)
    disagreements: list[Disagreement] = []
    for field, (rank, value) in told.items():
        if field not in merged or rank > merged[field][0]:
            merged[field] = (rank, value)
        elif rank == merged[field][0] and value != merged[field][1]:
            standing = merged[field][1]
            disagreements.append(Disagreement(field, rank, (standing, value)))
            merged[field] = (rank, min(standing, value))
    return merged, disagreements
