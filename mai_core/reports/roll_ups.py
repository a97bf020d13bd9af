"""Sums of the rows of a sealed day, beside them in the lake: by person, and by model.

Most questions need no more than one of the two, and read a tenth of the rows: they name `usage_people` or
`usage_models` instead of `usage`. Files that were sealed before there were sums are read row by row, as are open days,
and everything when a filter asks for what the sums do without.
"""

from __future__ import annotations

import json
import re
from functools import lru_cache

from mai_core.reports.engine import Connection, literal
from mai_core.reports.lake import Half
from mai_core.reports.relation import columns, sealed_parts
from mai_core.reports.snapshot import SealedFile, Snapshot

_WITHOUT = {"people": {"model", "provider"}, "models": {"person", "user_id"}}
_KEYS = {"facet", "client_org_id", "day", "person", "user_id", "model", "provider", "rate", "rate_table"}

KINDS = tuple(_WITHOUT)
FOREIGN_FACET = {"people": "model", "models": "user"}
"""A filter of this kind cannot be answered from the sums."""


def columns_of(kind: str, with_cost: bool) -> tuple[str, ...]:
    return tuple(name for name in columns(with_cost) if name not in _WITHOUT[kind])


@lru_cache(maxsize=256)
def relations_in(sql: str) -> dict[str, str | None]:
    """What a question reads, with the kind of sums that it is: `usage` is none."""
    named = {"usage": None, **{f"usage_{kind}": kind for kind in KINDS}}
    return {name: kind for name, kind in named.items() if re.search(rf"\b{name}\b", sql)}


def summing_sql(kind: str, relation: str) -> str:
    """The sums of a period's rows, with raw cost."""
    return f"SELECT {', '.join(map(_summed, columns_of(kind, True)))} FROM {relation} GROUP BY ALL"


def _summed(name: str) -> str:
    if name in _KEYS:
        return name
    if name == "last_at_ms":
        return "max(last_at_ms) AS last_at_ms"
    if name == "charged_ppln":
        return "whole_sum(charged_ppln)::BIGINT AS charged_ppln"
    return f"bool_or({name}) AS {name}" if name == "provisional" else f"sum({name})::BIGINT AS {name}"


def create_roll_up(cursor: Connection, kind: str, snapshot: Snapshot, half: Half, with_cost: bool) -> None:
    """The view `all_<kind>` beside `all_usage`; needs `open_rows`."""
    names, first, last = ", ".join(columns_of(kind, with_cost)), snapshot.first, snapshot.last
    summed = [file for file in snapshot.files if _has(file, half, kind)]
    others = [file for file in snapshot.files if not _has(file, half, kind)]
    sealed = sealed_parts(summed, first, last, lambda file: half.locate(kind, file))
    sealed += sealed_parts(others, first, last, lambda file: half.locate("days", file))
    fresh = f"open_rows WHERE day BETWEEN {literal(first)} AND {literal(last)}"
    parts = [f"SELECT {names} FROM {part}" for part in (fresh, *sealed)]
    cursor.execute(f"CREATE OR REPLACE TEMP VIEW all_{kind} AS {' UNION ALL '.join(parts)}")


def _has(file: SealedFile, half: Half, kind: str) -> bool:
    return f"{half.name}/{kind}" in json.loads(file.sha256)
