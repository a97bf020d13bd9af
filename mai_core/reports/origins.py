"""What stands behind a generation's amount: the sale price for everybody; for operators cost, markup and price row."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mai_core.archive_file import ArchiveBroken, read_file
from mai_core.errors import MaiError
from mai_core.reports.engine import literal, literals
from mai_core.reports.reporting import Page
from mai_core.reports.source import TEXT, WHOLE, Query

Row = dict[str, Any]

COST_COLUMNS = {
    "generation_id": TEXT,
    "raw_pusd": WHOLE,
    "reported_pusd": WHOLE,
    "upstream_pusd": WHOLE,
    "estimated_pusd": WHOLE,
    "priced_pusd": WHOLE,
    "cost_basis": TEXT,
    "markup": TEXT,
    "markup_from": TEXT,
    "price_id": WHOLE,
    "is_byok": WHOLE,
    "flags": TEXT,
    "source": TEXT,
}
_SALE_PRICE = {
    "id": WHOLE,
    "model": TEXT,
    "effective_from_ms": WHOLE,
    "input_per_million": TEXT,
    "output_per_million": TEXT,
    "cached_per_million": TEXT,
    "per_request": TEXT,
}
_PRICE = {"price_id": WHOLE, "price_model": TEXT, "pricing": TEXT, "price_valid_from_ms": WHOLE, "price_source": TEXT}


@dataclass(frozen=True, slots=True)
class Origins:
    sale_prices: tuple[Row, ...] = ()
    costs: dict[str, Row] = field(default_factory=dict)
    """By generation id; empty for every role but operator."""

    def of(self, generation_id: str) -> Row:
        return self.costs.get(generation_id, {})


def origins_of_day(page: Page, generations: Sequence[Row]) -> Origins:
    """Of generations of one client and day."""
    sale_ids = {row["sale_price_id"] for row in generations if row["sale_price_id"] is not None}
    with page.reporting.source.snapshot() as query:
        sale_prices = _sale_prices(query, sale_ids)
        if not page.viewer.sees_cost or not generations:
            return Origins(sale_prices)
        client, day = generations[0]["client_org_id"], page.start
        where = f"WHERE client_org_id = {literal(client)} AND usage_date = {literal(day)}"
        names = ", ".join(COST_COLUMNS)
        costs = query(f"SELECT {names} FROM usage_events {where}", COST_COLUMNS).to_pylist()
        archived = query(
            f"SELECT file FROM archives {where} AND events_removed_at_ms IS NOT NULL", {"file": TEXT}
        ).to_pylist()
    for row in archived:
        costs += _archived_costs(page, row["file"])
    with page.reporting.source.snapshot() as query:
        prices = _prices(query, {row["price_id"] for row in costs if row["price_id"] is not None})
    return Origins(sale_prices, {row["generation_id"]: {**row, **prices.get(row["price_id"], {})} for row in costs})


def _sale_prices(query: Query, ids: set[int]) -> tuple[Row, ...]:
    if not ids:
        return ()
    rows = query(f"SELECT {', '.join(_SALE_PRICE)} FROM sale_prices WHERE id IN ({literals(sorted(ids))})", _SALE_PRICE)
    return tuple(rows.to_pylist())


def _prices(query: Query, ids: set[int]) -> dict[int, Row]:
    if not ids:
        return {}
    rows = query(
        f"SELECT id, model, pricing, valid_from_ms, source FROM model_prices WHERE id IN ({literals(sorted(ids))})",
        _PRICE,
    )
    return {row["price_id"]: row for row in rows.to_pylist()}


def _archived_costs(page: Page, file: str) -> list[Row]:
    path = Path(page.reporting.archive.locate("events", file))
    try:
        rows: list[Row] = read_file(path).select(list(COST_COLUMNS)).to_pylist()
    except ArchiveBroken as error:
        raise MaiError(f"{error}; restore the file from a backup") from None
    return rows
