"""Writes one tenant's relations, for one period, as the files that a cell copies into its memory."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pyarrow as pa

from mai_core.reports import Page, Reporting, Viewer
from mai_core.reports.engine import Connection, literal
from mai_core.reports.source import DAY, TEXT, WHOLE
from mai_core.sandbox.relations import RELATIONS, RelationFile

MOST_GENERATIONS = 200_000
"""Newest first; what is older than these is in `usage` only."""

_EXACT = "({units}::DECIMAL(25, 0) * 0.000000000001::DECIMAL(13, 12))::DECIMAL(38, 12)"


def _amount(units: str) -> str:
    return _EXACT.format(units=units)


_WHO = "LEFT JOIN people AS p ON p.client_org_id = u.client_org_id AND p.person = u.person"

_SELECTS = {
    "usage": f"""
        SELECT u.day, coalesce(p.user_id, nullif(u.person, '')) AS user_id, p.user_name, p.department,
               nullif(u.model, '') AS model, nullif(u.provider, '') AS provider,
               sum(u.requests)::BIGINT AS requests, sum(u.input_tokens)::BIGINT AS input_tokens,
               sum(u.output_tokens)::BIGINT AS output_tokens, sum(u.cached_tokens)::BIGINT AS cached_tokens,
               sum(u.reasoning_tokens)::BIGINT AS reasoning_tokens,
               {_amount("sum(u.charged_pusd)")} AS charged_usd, {_amount("whole_sum(u.charged_ppln)")} AS charged_pln,
               max(u.rate_table) AS rate_table, bool_or(u.provisional) AS provisional
        FROM usage AS u {_WHO} GROUP BY ALL ORDER BY ALL""",
    "people": "SELECT DISTINCT user_id, user_name, department FROM people ORDER BY ALL",
    "models": """
        SELECT model, split_part(model, '/', 1) AS author, list_sort(list_distinct(list(provider))) AS providers,
               min(day) AS first_day, max(day) AS last_day
        FROM usage WHERE model <> '' GROUP BY model ORDER BY model""",
    "rates": """
        SELECT DISTINCT u.day, r.rate::DECIMAL(18, 8) AS rate, u.rate_table, u.provisional
        FROM (SELECT DISTINCT day, rate_table, provisional FROM usage) AS u
        LEFT JOIN known_tables AS r USING (rate_table)
        ORDER BY ALL""",
    "generations": f"""
        SELECT u.generation_id, make_timestamptz(u.at_ms * 1000) AS at, u.day,
               coalesce(p.user_id, nullif(u.person, '')) AS user_id, u.model, nullif(u.provider, '') AS provider,
               u.input_tokens, u.output_tokens, u.cached_tokens, u.reasoning_tokens,
               {_amount("u.charged_pusd")} AS charged_usd
        FROM newest_generations AS u {_WHO} ORDER BY u.at_ms DESC""",
}


def write_relations(
    reporting: Reporting, client_org_id: str, start: date, end: date, folder: Path
) -> list[RelationFile]:
    """Charged amounts only, whoever asks: the viewer is always an analyst of this one client."""
    with reporting.open(Viewer("analyst", client_org_id), start, end) as page:
        neighbours = _neighbours(page)

        def write(cursor: Connection) -> None:
            cursor.execute(
                "CREATE OR REPLACE TEMP VIEW usage AS SELECT * FROM all_usage WHERE facet IN ('event', 'client')"
                f" AND day BETWEEN {literal(start)} AND {literal(end)}"
            )
            for name, table in neighbours.items():
                cursor.register(name, table)
            for relation in RELATIONS:
                select = _SELECTS.get(relation.name) or _data_through(page)
                cursor.execute(f"COPY ({select}) TO {literal(str(folder / relation.name))} (FORMAT parquet)")

        page.answer({"client"}, write)
    return [
        RelationFile(
            relation.name,
            str(folder / relation.name),
            relation.meaning,
            {column.name: column.meaning for column in relation.columns},
        )
        for relation in RELATIONS
    ]


def _neighbours(page: Page) -> dict[str, pa.Table]:
    """What the relations need beside usage: NBP's tables, and the generations that the ledger still holds."""
    with page.reporting.source.snapshot() as query:
        tables = query(
            "SELECT table_no, rate FROM exchange_rates WHERE currency = 'USD'", {"rate_table": TEXT, "rate": TEXT}
        )
        generations = query(
            "SELECT generation_id, at_ms, usage_date, client_org_id, external_user, model, provider, input_tokens,"
            " output_tokens, cached_tokens, reasoning_tokens, charged_pusd FROM usage_events"
            f" WHERE client_org_id = {literal(page.viewer.client_org_id or '')} AND held = 0"
            f" AND usage_date BETWEEN {literal(page.start)} AND {literal(page.end)}"
            f" ORDER BY usage_date DESC LIMIT {MOST_GENERATIONS}",
            {
                "generation_id": TEXT,
                "at_ms": WHOLE,
                "day": DAY,
                "client_org_id": TEXT,
                "person": TEXT,
                "model": TEXT,
                "provider": TEXT,
                "input_tokens": WHOLE,
                "output_tokens": WHOLE,
                "cached_tokens": WHOLE,
                "reasoning_tokens": WHOLE,
                "charged_pusd": WHOLE,
            },
        )
    return {"known_tables": tables, "newest_generations": generations}


def _data_through(page: Page) -> str:
    sealed = page.freshness.sealed_through
    return (
        f"SELECT DATE {literal(page.start)} AS first_day, DATE {literal(page.end)} AS last_day,"
        f" {f'DATE {literal(sealed)}' if sealed else 'NULL::DATE'} AS sealed_through"
    )
