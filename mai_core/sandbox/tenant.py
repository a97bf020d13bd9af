"""Writes one tenant's relations, for one period, as the files that a cell copies into its memory."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from pathlib import Path

from mai_core.reports import Page, Reporting, Viewer
from mai_core.reports.engine import Connection, literal
from mai_core.sandbox.analyst_sql import MOST_GENERATIONS, Base, selects
from mai_core.sandbox.relations import RELATIONS, RelationFile

EVERYTHING = tuple(relation.name for relation in RELATIONS)


def write_relations(
    reporting: Reporting,
    client_org_id: str,
    start: date,
    end: date,
    folder: Path,
    names: Iterable[str] = EVERYTHING,
    *,
    open_days_only: bool = False,
) -> list[RelationFile]:
    """Charged amounts only, whoever asks: the viewer is always an analyst of this one client."""
    wanted = [relation for relation in RELATIONS if relation.name in set(names)]
    with reporting.open(Viewer("analyst", client_org_id), start, end) as page:

        def write(cursor: Connection) -> None:
            cursor.execute(
                f"CREATE OR REPLACE TEMP VIEW usage AS SELECT * FROM {'open_rows' if open_days_only else 'all_usage'}"
                f" WHERE facet IN ('event', 'client') AND day BETWEEN {literal(start)} AND {literal(end)}"
            )
            page.add_generations(cursor)
            if open_days_only:
                cursor.execute("CREATE OR REPLACE TEMP VIEW generations AS FROM live_generations")
            ready = {**selects(Base()), "data_through": _data_through(page)}
            for relation in wanted:
                limit = f" LIMIT {MOST_GENERATIONS}" if relation.name == "generations" else ""
                file = literal(str(folder / relation.name))
                cursor.execute(f"COPY ({ready[relation.name]}{limit}) TO {file} (FORMAT parquet)")

        page.answer({"client"}, write)
    return [
        RelationFile(
            relation.name,
            str(folder / relation.name),
            relation.meaning,
            {column.name: column.meaning for column in relation.columns},
        )
        for relation in wanted
    ]


def _data_through(page: Page) -> str:
    sealed = page.freshness.sealed_through
    return (
        f"SELECT DATE {literal(page.start)} AS first_day, DATE {literal(page.end)} AS last_day,"
        f" {f'DATE {literal(sealed)}' if sealed else 'NULL::DATE'} AS sealed_through"
    )
