"""Usage days: every instant lies in exactly one, whatever the clocks do."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import available_timezones

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from mai_core.days import (
    DAY_MS,
    day_bounds_ms,
    day_start_ms,
    from_ms,
    month_days,
    month_of,
    next_midnight_ms,
    noon_ms,
    parse_day,
    parse_instant_ms,
    to_ms,
    usage_day,
    zone,
)
from mai_core.errors import BadValue

ZONES = ("Europe/Warsaw", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe")
"""Lord Howe moves its clocks by half an hour, Kolkata lies half an hour beside the full one."""

FIRST, LAST = date(2020, 1, 1), date(2029, 12, 31)
HOUR_MS = 3_600_000


@pytest.mark.parametrize("name", ZONES)
def test_ten_years_of_days_follow_each_other_without_gap_or_overlap(name: str) -> None:
    day, lengths = FIRST, set()
    start, end = day_bounds_ms(day, name)
    while day <= LAST:
        assert usage_day(start, name) == day
        assert usage_day(end - 1, name) == day
        assert usage_day(start - 1, name) == day - timedelta(days=1)
        lengths.add((end - start) / HOUR_MS)
        day += timedelta(days=1)
        following = day_bounds_ms(day, name)
        assert following[0] == end
        start, end = following
    expected = {
        "Europe/Warsaw": {23, 24, 25},
        "America/New_York": {23, 24, 25},
        "Asia/Kolkata": {24},
        "Australia/Lord_Howe": {23.5, 24, 24.5},
    }
    assert lengths == expected[name]


@given(
    st.sampled_from(ZONES),
    st.integers(to_ms(datetime(2020, 1, 1, tzinfo=UTC)), to_ms(datetime(2030, 1, 1, tzinfo=UTC))),
)
def test_every_event_lies_in_exactly_one_day(name: str, at_ms: int) -> None:
    day = usage_day(at_ms, name)
    inside = [
        candidate
        for candidate in (day - timedelta(days=1), day, day + timedelta(days=1))
        if day_bounds_ms(candidate, name)[0] <= at_ms < day_bounds_ms(candidate, name)[1]
    ]
    assert inside == [day]


@pytest.mark.parametrize(
    ("instant", "day"),
    [
        ("2026-10-13T21:59:59.999Z", "2026-10-13"),
        ("2026-10-13T22:00:00Z", "2026-10-14"),
        ("2026-01-13T22:30:00Z", "2026-01-13"),
        ("2026-01-13T23:00:00Z", "2026-01-14"),
    ],
)
def test_midnight_in_warsaw(instant: str, day: str) -> None:
    assert usage_day(parse_instant_ms(instant), "Europe/Warsaw").isoformat() == day


@given(
    st.sampled_from(sorted(available_timezones())),
    st.dates(date(1970, 1, 3), date(2100, 1, 1)),
    st.integers(-31_000, 31_000),
)
@example("Africa/Monrovia", date(1971, 6, 1), -1)
@example("Africa/Monrovia", date(1971, 6, 1), 0)
@example("America/St_Johns", date(2010, 11, 7), 59_999)
@example("America/St_Johns", date(2010, 11, 7), 60_000)
def test_around_any_midnight_a_remembered_day_is_the_day_of_the_clock(name: str, day: date, beside: int) -> None:
    """Liberia's midnight was at 00:44:30 UTC; Newfoundland turned its clocks one minute after midnight."""
    at_ms = to_ms(datetime.combine(day, time(0), zone(name))) + beside
    clock = datetime.fromtimestamp(at_ms // 1000, zone(name)).date()
    assert usage_day(at_ms, name) == clock


def test_the_days_of_the_clock_change_have_23_and_25_hours() -> None:
    def hours(day: str) -> float:
        start, end = day_bounds_ms(parse_day(day), "Europe/Warsaw")
        return (end - start) / HOUR_MS

    assert [hours(day) for day in ("2026-03-28", "2026-03-29", "2026-10-25", "2026-10-26")] == [24, 23, 25, 24]


def test_where_midnight_is_skipped_the_day_starts_at_the_first_instant_there_is() -> None:
    start = day_start_ms(date(2018, 11, 4), "America/Sao_Paulo")
    assert from_ms(start).astimezone(zone("America/Sao_Paulo")).isoformat() == "2018-11-04T01:00:00-02:00"
    assert usage_day(start - 1, "America/Sao_Paulo") == date(2018, 11, 3)


def test_a_zone_counts_from_its_instant_and_moves_no_earlier_day() -> None:
    change = parse_instant_ms("2026-06-01T00:00:00Z")
    zones = ((0, "Europe/Warsaw"), (change, "America/New_York"))
    assert usage_day(change - 1, zones).isoformat() == "2026-06-01"
    assert usage_day(change, zones).isoformat() == "2026-05-31"


@pytest.mark.parametrize(
    ("day", "starts"),
    [
        ("2026-10-31", "2026-10-30T23:00:00Z"),
        ("2026-11-01", "2026-10-31T23:00:00Z"),
        ("2026-11-02", "2026-11-01T18:30:00Z"),
    ],
)
def test_a_day_starts_by_the_zone_in_force_then(day: str, starts: str) -> None:
    """From Warsaw to Kolkata at midnight: where it was 4:30 already, the first of November lacks those hours."""
    zones = ((0, "Europe/Warsaw"), (parse_instant_ms("2026-10-31T23:00:00Z"), "Asia/Kolkata"))
    start = day_start_ms(parse_day(day), zones)
    assert start == parse_instant_ms(starts)
    assert [usage_day(at, zones).isoformat() for at in (start, start - 1)] == [
        day,
        (parse_day(day) - timedelta(days=1)).isoformat(),
    ]


def test_noon_and_next_midnight_are_local() -> None:
    assert from_ms(noon_ms(date(2026, 7, 1), "Europe/Warsaw")).hour == 10
    at_ms = parse_instant_ms("2026-10-24T23:30:00Z")
    assert next_midnight_ms(at_ms, "Europe/Warsaw") == parse_instant_ms("2026-10-25T23:00:00Z")
    assert next_midnight_ms(at_ms, "Europe/Warsaw") - at_ms < 26 * HOUR_MS
    assert DAY_MS == 24 * HOUR_MS


@pytest.mark.parametrize("text", ["", "2026-1-1", "2026-02-30", "20260101", "2026-W01-1", "2026-01-01T00:00", "heute"])
def test_a_day_is_written_in_one_way(text: str) -> None:
    with pytest.raises(BadValue, match="is not a day such as"):
        parse_day(text)


def test_an_instant_without_an_offset_is_utc() -> None:
    assert parse_instant_ms("2026-11-21T13:00:00") == parse_instant_ms("2026-11-21T14:00:00+01:00")
    with pytest.raises(BadValue, match="is not an instant"):
        parse_instant_ms("soon")


def test_a_naive_instant_is_refused() -> None:
    with pytest.raises(BadValue, match="has no time zone"):
        to_ms(datetime(2026, 1, 1))  # noqa: DTZ001


@pytest.mark.parametrize("name", ["", "Mars/Olympus", "../../etc/passwd", "Europe"])
def test_a_zone_that_does_not_exist_is_refused(name: str) -> None:
    with pytest.raises(BadValue, match="IANA"):
        zone(name)


def test_months() -> None:
    assert month_days("2028-02") == (date(2028, 2, 1), date(2028, 2, 29))
    assert month_days("2026-12") == (date(2026, 12, 1), date(2026, 12, 31))
    assert month_of(date(2026, 3, 9)) == "2026-03"


@given(st.integers(-(10**12), 4 * 10**12))
def test_milliseconds_survive_the_way_there_and_back(at_ms: int) -> None:
    assert to_ms(from_ms(at_ms)) == at_ms
