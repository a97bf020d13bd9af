"""Generations of a day: from the ledger while they are there, from their archive after that."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc

from mai_core.reports.engine import literal
from mai_core.reports.source import DAY, TEXT, WHOLE, arrow_table

if TYPE_CHECKING:
    from mai_core.installation import Installation
    from mai_core.store import Db

GENERATION_SCHEMA: dict[str, pa.DataType] = {
    "client_org_id": TEXT,
    "day": DAY,
    "generation_id": TEXT,
    "at_ms": WHOLE,
    "person": TEXT,
    "model": TEXT,
    "provider": TEXT,
    "input_tokens": WHOLE,
    "output_tokens": WHOLE,
    "cached_tokens": WHOLE,
    "reasoning_tokens": WHOLE,
    "charged_pusd": WHOLE,
}
_IN_LEDGER = {"day": "usage_date", "person": "external_user"}


def generations_of_days(installation: Installation, db: Db, client: str, days: Sequence[date]) -> pa.Table:
    """Without raw cost: what may go into the shared lake."""
    from mai_core import archive
    from mai_core.store import archives

    if not days:
        return pa.table({name: pa.array([], kind) for name, kind in GENERATION_SCHEMA.items()})
    live = arrow_table(db.execute(_live(client, min(days), max(days))), GENERATION_SCHEMA)
    parts = [live.filter(pc.is_in(live["day"], value_set=pa.array(days, DAY)))]
    for row in archives.event_files(db, client, min(days).isoformat(), max(days).isoformat()):
        if date.fromisoformat(row["usage_date"]) in days:
            parts.append(_archived(archive.read(archive.events_path(installation, row["file"]))))
    return pa.concat_tables(parts)


def _live(client: str, first: date, last: date) -> str:
    columns = ", ".join(_IN_LEDGER.get(name, name) for name in GENERATION_SCHEMA)
    return (
        f"SELECT {columns} FROM usage_events WHERE client_org_id = {literal(client)} "
        f"AND usage_date BETWEEN {literal(first)} AND {literal(last)} AND held = 0"
    )


def _archived(events: pa.Table) -> pa.Table:
    counted = events.filter(pc.equal(events["held"], 0))
    columns = {
        name: counted[_IN_LEDGER.get(name, name)].cast(kind) if kind != DAY else _days(counted["usage_date"])
        for name, kind in GENERATION_SCHEMA.items()
    }
    return pa.table(columns)


def _days(texts: pa.ChunkedArray) -> pa.Array:
    return pa.array([date.fromisoformat(text) for text in texts.to_pylist()], DAY)
