"""Rated again: the difference first, then the same ledger whatever was done in which order."""

from __future__ import annotations

import json
from datetime import date
from itertools import permutations
from pathlib import Path
from typing import Any

import pytest

from mai_core import archive, rebuilding
from mai_core.days import parse_instant_ms
from mai_core.errors import BadValue, NotFound
from mai_core.installation import Installation, open_installation
from mai_core.intake.booking import book
from mai_core.money import shortest_text, units_of
from mai_core.pricing import parse_models, plan_refresh
from mai_core.rerating import Rerated, rate_unpriced, rerate
from mai_core.settings import load_settings
from mai_core.store import archives, clients, dicts, global_settings, ledger, prices, rating_books, sale_prices
from tests.builders import CLIENT, NOON, make_arrival, make_client
from tests.pricing.listed import model

MONDAY, TUESDAY = date(2026, 10, 12), date(2026, 10, 13)
OTHER = "mai_client_other000"


def noon(day: date) -> int:
    return parse_instant_ms(f"{day}T10:00:00Z")


def prices_of(installation: Installation, prompt: str, since: date) -> None:
    """From midnight of a day on, acme/large costs this per token in, and five times as much out."""
    listing = parse_models([model("acme/large", prompt=prompt, completion=f"{float(prompt) * 5:.12f}")])
    with installation.store.write() as db:
        since_ms = parse_instant_ms(f"{since}T00:00:00Z")
        prices.apply(db, plan_refresh(prices.latest(db), listing, since_ms), 1, since_ms)


def deliver(installation: Installation, *arrivals: Any) -> None:
    with installation.store.write() as db:
        book(db, rating_books.load(db, installation.settings), arrivals, installation.now_ms())


def unpriced(generation: str, day: date = MONDAY, client: str = CLIENT, **told: Any) -> Any:
    at_ms = noon(day)
    values = {
        "cost": None,
        "model": "acme/large",
        "started_at_ms": at_ms,
        "input_tokens": 1000,
        "output_tokens": 0,
        **told,
    }
    return make_arrival(generation, client=client, received_at_ms=at_ms, **values)


@pytest.fixture
def acme(installation: Installation) -> Installation:
    """One generation without a price, one whose cost was reported, one given by hand, on two days."""
    make_client(installation.store)
    make_client(installation.store, OTHER, name="Other")
    deliver(
        installation,
        unpriced("gen-a"),
        unpriced("gen-b", TUESDAY),
        unpriced("gen-reported", cost="0.10"),
        unpriced("gen-given", given_charge_pusd=units_of("7")),
        unpriced("gen-other", client=OTHER),
    )
    return installation


def difference(result: Rerated) -> list[tuple[str, str, str, str, str]]:
    return [
        (
            line.client_org_id,
            line.day,
            line.model,
            shortest_text(line.charged_before),
            shortest_text(line.charged_after),
        )
        for line in result.lines
    ]


def all_of(installation: Installation, **how: Any) -> Rerated:
    return rerate(installation, MONDAY, TUESDAY, **how)


def amounts(installation: Installation) -> dict[str, tuple[str, str]]:
    with installation.store.read() as db:
        rows = dicts(db, "SELECT generation_id, charged_pusd, cost_basis FROM usage_events ORDER BY generation_id")
    return {row["generation_id"]: (shortest_text(row["charged_pusd"]), row["cost_basis"]) for row in rows}


def daily(installation: Installation) -> list[dict[str, Any]]:
    with installation.store.read() as db:
        return dicts(db, "SELECT * FROM usage_daily ORDER BY client_org_id, usage_date, model")


def ledger_bytes(installation: Installation) -> str:
    """Everything that amounts are made of, without the times at which it was written."""
    with installation.store.read() as db:
        events = dicts(db, "SELECT * FROM usage_events ORDER BY client_org_id, generation_id")
    kept = [{name: value for name, value in row.items() if name not in ("seq", "updated_at_ms")} for row in events]
    return json.dumps([kept, daily(installation)], sort_keys=True)


def test_a_price_that_became_known_is_shown_first_and_nothing_is_written(acme: Installation) -> None:
    prices_of(acme, "0.000003", MONDAY)
    before = ledger_bytes(acme)
    result = all_of(acme)
    assert difference(result) == [
        (CLIENT, "2026-10-12", "acme/large", "0", "0.0039"),
        (CLIENT, "2026-10-13", "acme/large", "0", "0.0039"),
        (OTHER, "2026-10-12", "acme/large", "0", "0.0039"),
    ]
    assert (result.events, result.details, result.applied) == (5, 1, False)
    assert ledger_bytes(acme) == before


def test_applied_it_stands_in_event_and_day_and_a_second_run_finds_nothing(acme: Installation) -> None:
    prices_of(acme, "0.000003", MONDAY)
    assert all_of(acme, apply=True).applied
    assert amounts(acme) == {
        "gen-a": ("0.0039", "price_book"),
        "gen-b": ("0.0039", "price_book"),
        "gen-given": ("7", "given"),
        "gen-other": ("0.0039", "price_book"),
        "gen-reported": ("0.13", "reported"),
    }
    monday = daily(acme)[0]
    assert shortest_text(monday["charged_pusd"]) == "7.1339"
    assert (monday["requests"], monday["unpriced_requests"]) == (3, 0)
    with acme.store.read() as db:
        (trail, *_) = dicts(db, "SELECT * FROM audit_log WHERE action = 'day.rerate' ORDER BY id")
    before, after = (json.loads(trail[side])["charged_pusd"] for side in ("before", "after"))
    assert (trail["subject"], trail["actor"], after - before) == ("2026-10-12", "system", units_of("0.0039"))
    standing = ledger_bytes(acme)
    again = all_of(acme, apply=True)
    assert (again.lines, again.details) == ((), 0)
    assert ledger_bytes(acme) == standing


def test_only_the_client_and_the_days_named_are_rated_again(acme: Installation) -> None:
    prices_of(acme, "0.000003", MONDAY)
    assert difference(rerate(acme, TUESDAY, TUESDAY, CLIENT, apply=True)) == [
        (CLIENT, "2026-10-13", "acme/large", "0", "0.0039")
    ]
    assert amounts(acme)["gen-a"] == ("0", "unpriced")
    with pytest.raises(NotFound, match="no client 'nobody'"):
        all_of(acme, client_org_id="nobody")
    with pytest.raises(BadValue, match="is after"):
        rerate(acme, TUESDAY, MONDAY)


def test_a_markup_agreed_backwards_reaches_what_was_reported_but_not_what_was_given(acme: Installation) -> None:
    with acme.store.write() as db:
        clients.update(db, acme.now_ms(), CLIENT, {"markup_rate": "2"}, markup_from_ms=noon(MONDAY) - 1)
    all_of(acme, apply=True)
    assert amounts(acme)["gen-reported"] == ("0.2", "reported")
    assert amounts(acme)["gen-given"] == ("7", "given")


def test_an_own_price_agreed_backwards(acme: Installation) -> None:
    with acme.store.write() as db:
        sale_prices.put(
            db,
            acme.now_ms(),
            model="acme/large",
            client_org_id=CLIENT,
            input_per_million="10",
            output_per_million="10",
            effective_from_ms=noon(TUESDAY),
            actor="anna",
        )
    result = all_of(acme, apply=True)
    assert difference(result) == [(CLIENT, "2026-10-13", "acme/large", "0", "0.01")]


def test_a_sealed_day_opens_again(acme: Installation) -> None:
    with acme.store.write() as db:
        db.execute("INSERT INTO sealed_days VALUES (?, '2026-10-12', 'f.parquet', 1, 1, '0', '0', 1)", (CLIENT,))
    prices_of(acme, "0.000003", MONDAY)
    all_of(acme)
    with acme.store.read() as db:
        assert dicts(db, "SELECT usage_date FROM sealed_days") == [{"usage_date": "2026-10-12"}]
    all_of(acme, apply=True)
    with acme.store.read() as db:
        assert dicts(db, "SELECT usage_date FROM sealed_days") == []
        (trail, *_) = dicts(db, "SELECT after FROM audit_log WHERE action = 'day.rerate' ORDER BY id")
    assert json.loads(trail["after"])["was_sealed"] is True


def corrections(installation: Installation) -> list[tuple[str, str, str]]:
    with installation.store.read() as db:
        rows = dicts(db, "SELECT * FROM corrections ORDER BY id")
    return [(row["generation_id"], row["state"], shortest_text(row["delta_charged_pusd"])) for row in rows]


def test_an_invoiced_day_is_not_touched_the_difference_waits_as_a_correction(acme: Installation) -> None:
    with acme.store.write() as db:
        db.execute("INSERT INTO invoiced_months VALUES (?, '2026-10', 'FV/2026/10/0001', 1)", (CLIENT,))
    prices_of(acme, "0.000003", MONDAY)
    before = amounts(acme)
    result = all_of(acme, client_org_id=CLIENT, apply=True)
    assert [line.invoiced for line in result.lines] == [True, True]
    assert amounts(acme) == before
    assert corrections(acme) == [("gen-a", "waiting", "0.0039"), ("gen-b", "waiting", "0.0039")]
    assert all_of(acme, client_org_id=CLIENT, apply=True).lines == ()


def test_a_second_correction_starts_where_the_invoiced_one_ended(acme: Installation) -> None:
    with acme.store.write() as db:
        db.execute("INSERT INTO invoiced_months VALUES (?, '2026-10', 'FV/2026/10/0001', 1)", (CLIENT,))
    prices_of(acme, "0.000003", MONDAY)
    rerate(acme, MONDAY, MONDAY, CLIENT, apply=True)
    with acme.store.write() as db:
        db.execute("UPDATE corrections SET state = 'invoiced'")
    assert rerate(acme, MONDAY, MONDAY, CLIENT, apply=True).lines == ()
    with acme.store.write() as db:
        clients.update(db, acme.now_ms(), CLIENT, {"markup_rate": "2"}, markup_from_ms=noon(MONDAY) - 1)
    rerate(acme, MONDAY, MONDAY, CLIENT, apply=True)
    assert corrections(acme) == [
        ("gen-a", "invoiced", "0.0039"),
        ("gen-a", "waiting", "0.0021"),
        ("gen-reported", "waiting", "0.07"),
    ]


def test_what_arrived_after_the_invoice_stays_a_whole_correction(acme: Installation) -> None:
    with acme.store.write() as db:
        db.execute("INSERT INTO invoiced_months VALUES (?, '2026-10', 'FV/2026/10/0001', 1)", (CLIENT,))
    deliver(acme, unpriced("gen-late"))
    assert corrections(acme) == [("gen-late", "waiting", "0")]
    prices_of(acme, "0.000003", MONDAY)
    rerate(acme, MONDAY, MONDAY, CLIENT, apply=True)
    assert ("gen-late", "waiting", "0.0039") in corrections(acme)
    with acme.store.read() as db:
        assert json.loads(ledger.waiting_correction(db, CLIENT, "gen-late") or "")["cost_basis"] == "price_book"


def test_a_day_whose_events_are_in_the_archive_is_rated_from_there_and_brought_back(acme: Installation) -> None:
    rebuilding.rebuild_day(acme, CLIENT, MONDAY)
    archive.archive_day(acme, CLIENT, MONDAY)
    with acme.store.write() as db:
        archives.remove_events(db, CLIENT, MONDAY.isoformat(), 1)
    prices_of(acme, "0.000003", MONDAY)
    expected = [(CLIENT, "2026-10-12", "acme/large", "0", "0.0039")]
    assert difference(rerate(acme, MONDAY, MONDAY, CLIENT)) == expected
    assert "gen-a" not in amounts(acme)
    assert difference(rerate(acme, MONDAY, MONDAY, CLIENT, apply=True)) == expected
    assert amounts(acme)["gen-a"] == ("0.0039", "price_book")
    assert shortest_text(daily(acme)[0]["charged_pusd"]) == "7.1339"
    assert rerate(acme, MONDAY, MONDAY, CLIENT).lines == ()


def test_the_same_events_in_any_order_and_at_any_time_are_identical_bytes(tmp_path: Path) -> None:
    """Booked before or after the price was known, in any order, rated again or not, day by day or at once."""
    events = [
        unpriced("gen-a"),
        unpriced("gen-b", TUESDAY, cached_tokens=300),
        unpriced("gen-c", reported_pusd=units_of("0.01")),
    ]
    seen = set()
    for number, order in enumerate(permutations(range(3))):
        environment = {"MAI_DATA_DIR": str(tmp_path / str(number)), "MAI_SECRET_KEY": "a key for tests"}
        installation = open_installation(load_settings(environment, tmp_path / ".env"))
        try:
            make_client(installation.store)
            early, late = order[: number % 4], order[number % 4 :]
            deliver(installation, *(events[place] for place in early))
            prices_of(installation, "0.000003", MONDAY)
            deliver(installation, *(events[place] for place in late))
            for day in (TUESDAY, MONDAY) if number % 2 else (MONDAY, TUESDAY):
                rerate(installation, day, day, apply=True)
            seen.add(ledger_bytes(installation))
        finally:
            installation.close()
    assert len(seen) == 1


def test_what_had_no_price_is_rated_once_one_is_known_and_nothing_else_moves(acme: Installation) -> None:
    """1000 tokens at 0.000003 are 0.003, at 1.3 charged 0.0039; what was reported or given stays."""
    assert rate_unpriced(acme, MONDAY) == 0
    prices_of(acme, "0.000003", MONDAY)
    assert rate_unpriced(acme, MONDAY) == 3
    assert amounts(acme) == {
        "gen-a": ("0.0039", "price_book"),
        "gen-b": ("0.0039", "price_book"),
        "gen-given": ("7", "given"),
        "gen-other": ("0.0039", "price_book"),
        "gen-reported": ("0.13", "reported"),
    }
    assert sum(row["unpriced_requests"] for row in daily(acme)) == 0
    assert rate_unpriced(acme, MONDAY) == 0


def test_what_had_no_price_on_an_invoiced_day_waits_as_a_correction(acme: Installation) -> None:
    with acme.store.write() as db:
        db.execute("INSERT INTO invoiced_months VALUES (?, '2026-10', 'FV/2026/10/0001', 1)", (CLIENT,))
    prices_of(acme, "0.000003", MONDAY)
    before = daily(acme)
    rate_unpriced(acme, MONDAY)
    assert corrections(acme) == [("gen-a", "waiting", "0.0039"), ("gen-b", "waiting", "0.0039")]
    assert [row for row in daily(acme) if row["client_org_id"] == CLIENT] == [
        row for row in before if row["client_org_id"] == CLIENT
    ]


def test_another_default_markup_moves_nothing_that_is_booked_one_that_is_agreed_does(
    installation: Installation,
) -> None:
    """0.10 at the default of 1.3 stays 0.13 when the default becomes 2; agreed at 1.5 from Monday on it is 0.15."""
    make_client(installation.store, markup_rate=None)
    deliver(installation, unpriced("gen-a", cost="0.10"))
    with installation.store.write() as db:
        global_settings.put(
            db,
            NOON,
            provisioning_key=None,
            default_markup_rate="2",
            billing_currency="USD",
            secrets=installation.secrets,
        )
    assert all_of(installation).lines == ()
    with installation.store.write() as db:
        clients.set_markup(db, CLIENT, "1.5", noon(MONDAY), "test")
    assert difference(all_of(installation, apply=True)) == [(CLIENT, "2026-10-12", "acme/large", "0.13", "0.15")]
    assert amounts(installation)["gen-a"] == ("0.15", "reported")
