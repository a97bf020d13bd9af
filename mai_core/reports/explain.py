"""From any displayed amount down to the generations it is made of, recomputed while it is read.

    with reporting.open(viewer, day, day, client, people=("u-1",), models=("openai/gpt-4o",)) as page:
        explanation = explain(page)

A period is taken apart into days, a day into its rows (person, model, provider), a row into generations. Each part
is computed again from what lies below it; `equal` says whether it is the same to the last unit. A manager's tree ends
at the sale price; an operator's goes on to price, markup and reported cost.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, Literal

from mai_core.language import Words
from mai_core.money import divide_half_up, multiply
from mai_core.reports.origins import origins_of_day
from mai_core.reports.reporting import Page

Row = dict[str, Any]
Level = Literal["days", "rows", "generations"]

MOST_GENERATIONS = 5000
"""More than these of one day, person and model are counted and summed, and only the first are listed."""


@dataclass(frozen=True, slots=True)
class RateUse:
    """An NBP table, and how much of the amount stands at it."""

    rate: str | None
    table_no: str | None
    provisional: bool
    charged_pusd: int
    charged_ppln: int | None
    first_day: date
    last_day: date


@dataclass(frozen=True, slots=True)
class Explanation:
    level: Level
    """What the parts are."""
    start: date
    end: date
    requests: int
    total_tokens: int
    charged_pusd: int
    charged_ppln: int | None
    """None while no exchange rate is known."""
    provisional: bool
    rates: tuple[RateUse, ...]
    parts: tuple[Row, ...]
    """Each with `equal`: whether computing it again from below gave the same."""
    listed: int
    """How many of the parts are listed; the sums are of all."""
    recomputed_pusd: int
    recomputed_ppln: int | None
    sale_prices: tuple[Row, ...] = ()
    imported: bool = False
    """Some of it is history brought in from an older system: there are no generations below it."""

    @property
    def equal(self) -> bool:
        """The parts add up to the whole to the last unit, and each of them to what it is made of."""
        same = (self.recomputed_pusd, self.recomputed_ppln) == (self.charged_pusd, self.charged_ppln)
        return same and all(part["equal"] for part in self.parts)

    def sentence(self, words: Words) -> str:
        """'412,18 zł = 1 204 zapytania × średnio 0,0937 USD × 3,6543 (NBP 199/A/NBP/2026)'."""
        if not self.requests:
            return words("explain.nothing")
        average = divide_half_up(self.charged_pusd, self.requests)
        told: dict[str, object] = {
            "n": self.requests,
            "usd": words.money(self.charged_pusd, "USD"),
            "average": words.money(average, "USD", 4),
        }
        if self.charged_ppln is None:
            return words("explain.sentence.no_rate", **told)
        told["pln"] = words.money(self.charged_ppln, "PLN")
        if len(self.rates) == 1:
            used = self.rates[0]
            rate = str(used.rate).replace(".", "," if words.language == "pl" else ".")
            text = words("explain.sentence.one_rate", rate=rate, table=used.table_no, **told)
        else:
            text = words("explain.sentence.many_rates", tables=len(self.rates), **told)
        return f"{text} {words('explain.provisional')}" if self.provisional else text


def explain(page: Page) -> Explanation:
    """Of the page's period and filters: the figure that `totals` shows for them."""
    (whole,) = page.rows("totals")
    days = page.rows("explain_days")
    level = _level(page)
    if level == "days":
        parts = [_checked_day(row) for row in days]
        return _explanation(page, whole, days, level, parts, imported=False)
    rows = page.rows("explain_rows")
    imported = any(row["facet"] != "event" for row in rows)
    parts = [_checked_row(row) for row in rows]
    if level == "rows" or imported:
        return _explanation(page, whole, days, "rows", parts, imported=imported)
    return _generations(page, whole, days, parts)


def _level(page: Page) -> Level:
    if page.start != page.end:
        return "days"
    one = len(page.filters.people) == 1 and len(page.filters.models) == 1
    return "generations" if one and len(page.snapshot.client_ids) == 1 else "rows"


def _checked_day(row: Row) -> Row:
    """A day is the sum of its rows, each converted and rounded once."""
    return {**row, "equal": row["converted_again_ppln"] == row["charged_ppln"]}


def _checked_row(row: Row) -> Row:
    expected = None if row["rate"] is None else multiply(row["charged_pusd"], Decimal(row["rate"]))
    return {**row, "equal": expected == row["charged_ppln"]}


def _explanation(
    page: Page,
    whole: Row,
    days: list[Row],
    level: Level,
    parts: list[Row],
    *,
    imported: bool,
    recomputed: tuple[int, int | None] | None = None,
    sale_prices: tuple[Row, ...] = (),
) -> Explanation:
    return Explanation(
        level=level,
        start=page.start,
        end=page.end,
        requests=whole["requests"],
        total_tokens=whole["total_tokens"],
        charged_pusd=whole["charged_pusd"],
        charged_ppln=whole["charged_ppln"],
        provisional=whole["provisional"],
        rates=_rates(days),
        parts=tuple(parts[:MOST_GENERATIONS]),
        listed=min(len(parts), MOST_GENERATIONS),
        recomputed_pusd=recomputed[0] if recomputed else sum(part["charged_pusd"] for part in parts),
        recomputed_ppln=recomputed[1] if recomputed else _sum(part["charged_ppln"] for part in parts),
        sale_prices=sale_prices,
        imported=imported,
    )


def _sum(amounts: Any) -> int | None:
    known = list(amounts)
    return None if None in known else sum(known)


def _rates(days: list[Row]) -> tuple[RateUse, ...]:
    groups: dict[tuple[Any, ...], list[Row]] = {}
    for row in days:
        groups.setdefault((row["rate"], row["rate_table"], row["provisional"]), []).append(row)
    return tuple(
        RateUse(
            rate,
            table,
            provisional,
            sum(row["charged_pusd"] for row in rows),
            _sum(row["charged_ppln"] for row in rows),
            min(row["day"] for row in rows),
            max(row["day"] for row in rows),
        )
        for (rate, table, provisional), rows in groups.items()
    )


def _generations(page: Page, whole: Row, days: list[Row], rows: list[Row]) -> Explanation:
    """The row's generations; their sum, converted row by row, is the row again."""
    listed = page.rows("generations", most=10_000_000)
    origins = origins_of_day(page, listed)
    parts = [_checked_generation(row, origins.of(row["generation_id"])) for row in listed]
    by_provider: dict[tuple[str, str], int] = {}
    for part in parts:
        key = (part["person"], part["provider"])
        by_provider[key] = by_provider.get(key, 0) + part["charged_pusd"]
    rates = {(row["person"], row["provider"]): row["rate"] for row in rows}
    converted = [
        None if rates.get(key) is None else multiply(units, Decimal(rates[key])) for key, units in by_provider.items()
    ]
    recomputed = (sum(by_provider.values()), _sum(converted))
    return _explanation(
        page,
        whole,
        days,
        "generations",
        parts,
        imported=False,
        recomputed=recomputed,
        sale_prices=origins.sale_prices,
    )


def _checked_generation(row: Row, origin: Row) -> Row:
    """For operators: charged is raw times the markup, or the sale price; a given amount stands as it was given."""
    equal = True
    if "raw_pusd" in origin and origin["markup_from"] not in ("sale_price", "given"):
        equal = multiply(origin["raw_pusd"], Decimal(origin["markup"])) == row["charged_pusd"]
    return {**row, **origin, "equal": equal}
