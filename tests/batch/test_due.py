"""Exactly one 13:00 batch a day, whatever the clocks of a zone do."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mai_core.batch.due import batch_instant_ms, due_days, next_batch_ms, spread_ms
from mai_core.days import parse_instant_ms, to_ms, usage_day, zone

WARSAW = "Europe/Warsaw"
ONE = time(13)
ZONES = (WARSAW, "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe")


@pytest.mark.parametrize(
    ("now", "last_done", "days"),
    [
        ("2026-10-14T10:59:59Z", "2026-10-12", []),
        ("2026-10-14T11:00:00Z", "2026-10-12", ["2026-10-13"]),
        ("2026-10-14T11:00:00Z", "2026-10-13", []),
        ("2026-10-14T11:00:00Z", "2026-10-09", ["2026-10-10", "2026-10-11", "2026-10-12", "2026-10-13"]),
        ("2026-10-14T03:00:00Z", "2026-10-10", ["2026-10-11", "2026-10-12"]),
        # Winter: 13:00 in Warsaw is an hour later in UTC.
        ("2026-12-14T11:30:00Z", "2026-12-12", []),
        ("2026-12-14T12:00:00Z", "2026-12-12", ["2026-12-13"]),
    ],
)
def test_what_is_due(now: str, last_done: str, days: list[str]) -> None:
    due = due_days(parse_instant_ms(now), ONE, WARSAW, date.fromisoformat(last_done))
    assert [day.isoformat() for day in due] == days


def test_a_first_start_closes_the_latest_day_only() -> None:
    assert due_days(parse_instant_ms("2026-10-14T11:00:00Z"), ONE, WARSAW, None) == [date(2026, 10, 13)]


def test_a_container_further_down_the_spread_waits() -> None:
    now_ms = parse_instant_ms("2026-10-14T11:00:00Z")
    assert due_days(now_ms, ONE, WARSAW, date(2026, 10, 12), delay_ms=60_000) == []
    assert due_days(now_ms + 60_000, ONE, WARSAW, date(2026, 10, 12), delay_ms=60_000) == [date(2026, 10, 13)]


@pytest.mark.parametrize("zone_name", ZONES)
def test_ten_years_have_one_batch_per_date(zone_name: str) -> None:
    """From 2020 to 2030: a moment before 13:00 on the wall nothing is due, at 13:00 exactly the day before."""
    for n in range(3653):
        today = date(2020, 1, 1) + timedelta(days=n)
        instant = batch_instant_ms(today, ONE, zone_name)
        local = datetime.fromtimestamp(instant / 1000, zone(zone_name))
        assert (local.date(), local.time()) == (today, ONE)
        yesterday, before = today - timedelta(days=1), today - timedelta(days=2)
        assert due_days(instant - 1, ONE, zone_name, before) == []
        assert due_days(instant, ONE, zone_name, before) == [yesterday]
        assert due_days(instant + 10 * 3_600_000, ONE, zone_name, yesterday) == []


@pytest.mark.parametrize(("at", "shown"), [(time(2, 30), "03:30"), (time(1, 59), "01:59"), (time(3, 0), "03:00")])
def test_a_time_that_the_clock_jumps_over_still_comes_once(at: time, shown: str) -> None:
    """29 March 2026: 02:00 to 03:00 does not exist in Warsaw."""
    at_ms = batch_instant_ms(date(2026, 3, 29), at, WARSAW)
    assert f"{datetime.fromtimestamp(at_ms / 1000, zone(WARSAW)):%H:%M}" == shown


def test_a_time_that_comes_twice_counts_once() -> None:
    """25 October 2026: 02:30 comes twice in Warsaw; the first one counts."""
    assert batch_instant_ms(date(2026, 10, 25), time(2, 30), WARSAW) == parse_instant_ms("2026-10-25T00:30:00Z")


@settings(max_examples=100, deadline=None)
@given(
    at_ms=st.integers(parse_instant_ms("2020-01-01T00:00:00Z"), parse_instant_ms("2030-01-01T00:00:00Z")),
    minute=st.integers(0, 24 * 60 - 1),
    zone_name=st.sampled_from(ZONES),
)
def test_after_a_run_nothing_is_due_until_the_next_instant(at_ms: int, minute: int, zone_name: str) -> None:
    at = time(minute // 60, minute % 60)
    last_done = due_days(at_ms, at, zone_name, None)[-1]
    assert due_days(at_ms, at, zone_name, last_done) == []
    following = next_batch_ms(at_ms, at, zone_name)
    assert due_days(following - 1, at, zone_name, last_done) == []
    assert due_days(following, at, zone_name, last_done) == [last_done + timedelta(days=1)]


def test_the_spread_is_a_fixed_place_within_its_minutes() -> None:
    places = {spread_ms(f"mai_client_{n:08x}", 30) for n in range(50)}
    assert len(places) > 40
    assert all(0 <= place < 30 * 60_000 for place in places)
    assert spread_ms("mai_client_63a4eb6d", 30) == spread_ms("mai_client_63a4eb6d", 30)
    assert spread_ms("mai_client_63a4eb6d", 0) == 0


def test_a_days_batch_is_after_the_day_in_every_zone() -> None:
    for zone_name in ZONES:
        for n in range(3653):
            day = date(2020, 1, 1) + timedelta(days=n)
            instant = batch_instant_ms(day, ONE, zone_name)
            assert usage_day(instant, zone_name) == day
            assert instant == to_ms(datetime.combine(day, ONE, zone(zone_name)))
