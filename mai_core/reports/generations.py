"""Generations of a day: from the ledger while they are there, from their archive after that."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc

from mai_core.reports.snapshot import Span, span_values
from mai_core.reports.source import DAY, TEXT, WHOLE, Query, empty_table, query_of

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
    "sale_price_id": WHOLE,
}
_IN_LEDGER = {"day": "usage_date", "person": "external_user"}


def generations_of_days(installation: Installation, db: Db, client: str, days: Sequence[date]) -> pa.Table:
    """Without raw cost: what may go into the shared lake."""
    from mai_core import archive
    from mai_core.archive_file import read_file
    from mai_core.store import archives

    if not days:
        return empty_table(GENERATION_SCHEMA)
    live = read_generations(query_of(db), [(client, min(days), max(days))])
    parts = [live.filter(pc.is_in(live["day"], value_set=pa.array(days, DAY)))]
    for row in archives.event_files(db, client, min(days).isoformat(), max(days).isoformat()):
        if date.fromisoformat(row["usage_date"]) in days:
            parts.append(_archived(read_file(archive.events_path(installation, row["file"]))))
    return pa.concat_tables(parts)


def read_generations(query: Query, spans: Sequence[Span]) -> pa.Table:
    """What the ledger still has; events of an invoiced month that wait as a correction are no part of a day."""
    if not spans:
        return empty_table(GENERATION_SCHEMA)
    columns = ", ".join(f"e.{_IN_LEDGER.get(name, name)}" for name in GENERATION_SCHEMA)
    return query(
        span_values(spans) + f"SELECT {columns} FROM spans CROSS JOIN usage_events AS e "
        "WHERE e.client_org_id = spans.client AND e.usage_date BETWEEN spans.first AND spans.last AND e.held = 0",
        GENERATION_SCHEMA,
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
