"""What the doctor says of prices and exchange rates."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from mai_core.conversion import Answered, RateTable
from mai_core.days import parse_instant_ms
from mai_core.doctor.prices import price_lines, rate_lines
from mai_core.pricing import Plan
from mai_core.store import Store, prices, rates

NOW = parse_instant_ms("2026-11-20T18:00:00Z")
HOUR = 3_600_000


def told(store: Store, now_ms: int = NOW) -> tuple[list[tuple[str, str]], list[tuple[str, str]]]:
    with store.read() as db:
        of_prices = [(line.level, line.text) for line in price_lines(db, now_ms)]
        return of_prices, [(line.level, line.text) for line in rate_lines(db, now_ms)]


def tables(*days: tuple[int, str]) -> Answered:
    rows = tuple(RateTable(date(2026, 11, day), Decimal(rate), f"{day}/A/NBP/2026") for day, rate in days)
    return Answered(rows, date(2026, 11, 1), date(2026, 11, 20))


def test_nothing_known_yet(store: Store) -> None:
    (price,), (rate,) = told(store)
    assert (price[0], "never asked" in price[1]) == ("warning", True)
    assert rate == ("error", "no NBP rate is known, amounts in PLN are missing")


def test_all_is_well(store: Store) -> None:
    with store.write() as db:
        prices.apply(db, Plan((), ()), 400, NOW - HOUR)
        rates.record(db, NOW, tables((20, "3.65")))
    assert told(store) == (
        [("ok", "source openrouter_api, 400 models, last good answer 2026-11-20 17:00 UTC")],
        [("ok", "the last table is 20/A/NBP/2026 of 2026-11-20")],
    )


def test_the_reason_of_a_failure_is_said(store: Store) -> None:
    with store.write() as db:
        prices.failed(db, NOW, "OpenRouter answered with HTML")
        rates.record_error(db, NOW, "NBP redirects in circles")
    (price,), (rate,) = told(store)
    assert price == ("warning", "source fallback; the last refresh failed: OpenRouter answered with HTML")
    assert rate[1].endswith("are missing: NBP redirects in circles")
    with store.write() as db:
        rates.record(db, NOW, tables((20, "3.65")))
        rates.record_error(db, NOW, "NBP redirects in circles")
    assert told(store)[1] == [
        ("warning", "the last table is 20/A/NBP/2026 of 2026-11-20; the last question failed: NBP redirects in circles")
    ]


def test_what_is_old_or_held_is_said(store: Store) -> None:
    with store.write() as db:
        prices.apply(db, Plan((), ()), 400, NOW - 25 * HOUR)
        rates.record(db, NOW, tables((12, "3.65"), (13, "4.40")))
    (price,), (held, old) = told(store)
    assert (price[0], price[1].endswith("older than a day")) == ("warning", True)
    assert held == ("warning", "the rate of 2026-11-13 is held: 15 % off the one before")
    assert (old[0], old[1].endswith("that is long ago")) == ("warning", True)
