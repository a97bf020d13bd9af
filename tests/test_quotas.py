from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from mai_core.conversion import Answered, RateTable
from mai_core.days import parse_instant_ms
from mai_core.errors import BadValue, NotFound
from mai_core.intake.booking import book
from mai_core.money import units_of
from mai_core.quotas import Decision, Quota, Standing, decide
from mai_core.settings import Settings
from mai_core.store import Db, Store, clients, months, quotas, rates, rating_books
from tests.builders import CLIENT, NOON, make_arrival, make_client

ANNA, BOB = f"{CLIENT}_user_11112222", f"{CLIENT}_user_33334444"


def standing(used: str | None, *, soft: str | None = None, hard: str | None = None, holder: str = "client") -> Standing:
    quota = Quota(holder, "USD", soft and units_of(soft), hard and units_of(hard))  # type: ignore[arg-type]
    return Standing(quota, None if used is None else units_of(used))


@pytest.mark.parametrize(
    ("standings", "allow", "warning", "reason"),
    [
        ([], True, False, "quota.none"),
        ([standing("9.99", hard="10")], True, False, "quota.within"),
        ([standing("10", hard="10")], False, False, "quota.hard.client"),
        ([standing("12", hard="10", holder="person")], False, False, "quota.hard.person"),
        ([standing("8", soft="8", hard="10")], True, True, "quota.soft"),
        ([standing("0", hard="0")], False, False, "quota.hard.client"),
        ([standing("10", hard="10"), standing("2", hard="1", holder="person")], False, False, "quota.hard.person"),
        ([standing("5", soft="4"), standing("2", hard="1", holder="person")], False, False, "quota.hard.person"),
        ([standing(None, hard="10")], True, True, "quota.no_rate"),
    ],
)
def test_a_hard_limit_stops_and_a_soft_one_warns(
    standings: list[Standing], allow: bool, warning: bool, reason: str
) -> None:
    decision = decide(standings)
    assert (decision.allow, decision.warning, decision.reason) == (allow, warning, reason)


def test_what_is_told_is_the_tightest_quota() -> None:
    person = standing("1", hard="10", holder="person")
    client = standing("950", hard="1000")
    assert decide([client, person]).standing == client


def test_a_closed_client_is_not_served() -> None:
    assert decide([], is_active=False) == Decision(False, False, "quota.closed", None)


def spend(db: Db, settings: Settings, *costs: tuple[str, str, str]) -> None:
    """(person, instant, raw cost): charged at the markup 1.3."""
    arrivals = [
        make_arrival(f"gen-{n}", external_user=who, started_at_ms=parse_instant_ms(at), cost=cost,
                     received_at_ms=parse_instant_ms("2026-10-31T23:30:00Z"))
        for n, (who, at, cost) in enumerate(costs)
    ]  # fmt: skip
    book(db, rating_books.load(db, settings), arrivals, parse_instant_ms("2026-10-31T23:30:00Z"), outbox=False)


def used(db: Db, person: str | None = None, at: str = "2026-10-31T22:30:00Z") -> list[int | None]:
    client = clients.require(db, CLIENT)
    return [each.used_units for each in quotas.standings(db, client, person, parse_instant_ms(at))]


def test_the_month_is_the_clients_local_month(store: Store, settings: Settings) -> None:
    """23:30 UTC on 30 September is October in Warsaw; 23:30 UTC on 31 October is November."""
    make_client(store, monthly_limit="100")
    with store.write() as db:
        spend(db, settings, (ANNA, "2026-09-30T23:30:00Z", "1"), (ANNA, "2026-10-14T10:00:00Z", "2"),
              (BOB, "2026-10-31T23:30:00Z", "4"))  # fmt: skip
        assert used(db) == [units_of("3.9")]
        assert used(db, at="2026-10-31T23:30:00Z") == [units_of("5.2")]
        client = clients.require(db, CLIENT)
        assert quotas.resets_at_ms(db, client, NOON) == parse_instant_ms("2026-10-31T23:00:00Z")


@pytest.mark.parametrize("zone_name", ["Asia/Kolkata", "America/St_Johns", "Pacific/Auckland"])
def test_a_new_time_zone_ends_no_month_before_the_midnight_from_which_it_counts(
    store: Store, settings: Settings, zone_name: str
) -> None:
    """20:00 on 31 October in Warsaw: in Kolkata and Auckland it is November already, and the limit is used up."""
    evening = parse_instant_ms("2026-10-31T19:00:00Z")
    make_client(store, monthly_limit="2")
    with store.write() as db:
        spend(db, settings, (ANNA, "2026-10-14T10:00:00Z", "2"))
        clients.update(db, evening, CLIENT, {"timezone": zone_name})
        client = clients.require(db, CLIENT)
        assert decide(quotas.standings(db, client, None, evening)).reason == "quota.hard.client"
        assert quotas.resets_at_ms(db, client, evening) >= parse_instant_ms("2026-10-31T23:00:00Z")


def test_the_monthly_limit_counts_until_a_quota_is_set(store: Store, settings: Settings) -> None:
    make_client(store, monthly_limit="3.9")
    with store.write() as db:
        spend(db, settings, (ANNA, "2026-10-14T10:00:00Z", "3"))
        client = clients.require(db, CLIENT)
        assert decide(quotas.standings(db, client, ANNA, NOON)).reason == "quota.hard.client"
        quotas.put(db, NOON, "op", CLIENT, "", "USD", None, units_of("4"))
        assert decide(quotas.standings(db, client, ANNA, NOON)).reason == "quota.within"
        quotas.remove(db, NOON, "op", CLIENT, "")
        assert decide(quotas.standings(db, client, ANNA, NOON)).reason == "quota.hard.client"


def test_a_persons_quota_counts_the_persons_usage_only(store: Store, settings: Settings) -> None:
    make_client(store)
    with store.write() as db:
        spend(db, settings, (ANNA, "2026-10-14T10:00:00Z", "3"), (BOB, "2026-10-14T10:00:00Z", "5"))
        quotas.put(db, NOON, "op", CLIENT, ANNA, "USD", None, units_of("3.9"))
        client = clients.require(db, CLIENT)
        assert decide(quotas.standings(db, client, ANNA, NOON)).reason == "quota.hard.person"
        assert decide(quotas.standings(db, client, BOB, NOON)).reason == "quota.none"


def test_pln_counts_every_day_at_its_rate(store: Store, settings: Settings) -> None:
    make_client(store)
    with store.write() as db:
        tables = (
            RateTable(date(2026, 10, 12), Decimal("4.0"), "198/A/NBP/2026"),
            RateTable(date(2026, 10, 13), Decimal("3.5"), "199/A/NBP/2026"),
        )
        rates.record(db, NOON, Answered(tables, date(2026, 10, 1), date(2026, 10, 13)))
        spend(db, settings, (ANNA, "2026-10-12T10:00:00Z", "10"), (ANNA, "2026-10-14T10:00:00Z", "20"))
        quotas.put(db, NOON, "op", CLIENT, "", "PLN", units_of("100"), units_of("143.00"))
        assert used(db) == [units_of("143.00")], "13 x 4.0 + 26 x 3.5, the second at the last known table"
        rates.fix_day_rates(db, NOON)
        assert used(db) == [units_of("143.00")]


def test_pln_without_any_rate_cannot_be_checked_and_says_so(store: Store, settings: Settings) -> None:
    make_client(store)
    with store.write() as db:
        quotas.put(db, NOON, "op", CLIENT, "", "PLN", None, units_of("1"))
        assert used(db) == [0]
        spend(db, settings, (ANNA, "2026-10-12T10:00:00Z", "10"))
        assert used(db) == [None]
        assert decide(quotas.standings(db, clients.require(db, CLIENT), None, NOON)).reason == "quota.no_rate"


def test_amounts_beyond_what_sqlite_can_sum_are_exact(store: Store) -> None:
    make_client(store)
    with store.write() as db:
        for model in "ab":
            db.execute(
                "INSERT INTO usage_daily VALUES (?, '2026-10-14', ?, ?, '', 1, 1, 1, 0, 0, 0, 0, ?, 0, 0, 0)",
                (CLIENT, ANNA, model, 2**63 - 1),
            )
        assert months.charged_by_day(db, CLIENT, [date(2026, 10, 14)]) == {date(2026, 10, 14): 2**64 - 2}


def test_past_days_are_remembered_for_a_minute_and_today_is_always_read(store: Store, settings: Settings) -> None:
    make_client(store, monthly_limit="100")
    memory = quotas.Memory()

    def used_at(at: str) -> int | None:
        client = clients.require(db, CLIENT)
        return quotas.standings(db, client, None, parse_instant_ms(at), memory)[0].used_units

    with store.write() as db:
        spend(db, settings, (ANNA, "2026-10-13T10:00:00Z", "1"), (ANNA, "2026-10-14T09:00:00Z", "2"))
        assert used_at("2026-10-14T10:00:00Z") == units_of("3.9")
        db.execute("UPDATE usage_daily SET charged_pusd = charged_pusd * 10")
        assert used_at("2026-10-14T10:00:59Z") == units_of("27.3"), "1.3 as remembered, 26 as read"
        assert used_at("2026-10-14T10:01:00Z") == units_of("39")
        assert used_at("2026-10-01T10:00:00Z") == 0


def test_a_quota_needs_a_limit_and_a_soft_one_below_the_hard_one(store: Store) -> None:
    make_client(store)
    with store.write() as db:
        with pytest.raises(BadValue, match="soft or a hard"):
            quotas.put(db, NOON, "op", CLIENT, "", "USD", None, None)
        with pytest.raises(BadValue, match="not be above"):
            quotas.put(db, NOON, "op", CLIENT, "", "USD", 2, 1)
        with pytest.raises(NotFound):
            quotas.remove(db, NOON, "op", CLIENT, "nobody")
