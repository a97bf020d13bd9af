"""The small pure parts: periods, colours, markup, files."""

from __future__ import annotations

import csv
import io
from datetime import date

import openpyxl
import pytest

from mai_core.language import Words
from mai_core.money import units_of
from pages.parts import colours, markup
from pages.parts.downloads import Field, csv_bytes, xlsx_bytes
from pages.parts.periods import Period, period_of

TODAY = date(2026, 11, 21)
PL = Words("pl")


@pytest.mark.parametrize(
    ("choice", "first", "last", "previous"),
    [
        ("month", "2026-11-01", "2026-11-21", ("2026-10-01", "2026-10-21")),
        ("last_month", "2026-10-01", "2026-10-31", ("2026-09-01", "2026-09-30")),
        ("7d", "2026-11-15", "2026-11-21", ("2026-11-08", "2026-11-14")),
        ("90d", "2026-08-24", "2026-11-21", ("2026-05-26", "2026-08-23")),
        ("year", "2026-01-01", "2026-11-21", ("2025-02-10", "2025-12-31")),
        ("2026-02", "2026-02-01", "2026-02-28", ("2026-01-01", "2026-01-31")),
        ("nonsense", "2026-11-01", "2026-11-21", ("2026-10-01", "2026-10-21")),
        ("2027-01", "2026-11-01", "2026-11-21", ("2026-10-01", "2026-10-21")),
    ],
)
def test_periods(choice: str, first: str, last: str, previous: tuple[str, str]) -> None:
    period = period_of(choice, TODAY)
    assert (period.first.isoformat(), period.last.isoformat()) == (first, last)
    assert tuple(day.isoformat() for day in period.previous) == previous


@pytest.mark.parametrize(
    ("choice", "today", "previous"),
    [
        ("7d", date(2026, 6, 7), ("2026-05-25", "2026-05-31")),
        ("30d", date(2026, 7, 30), ("2026-06-01", "2026-06-30")),
        ("30d", date(2026, 9, 30), ("2026-08-02", "2026-08-31")),
    ],
)
def test_a_number_of_days_is_compared_with_as_many_before_also_when_it_starts_on_a_first(
    choice: str, today: date, previous: tuple[str, str]
) -> None:
    assert tuple(day.isoformat() for day in period_of(choice, today).previous) == previous


def test_an_own_period_may_be_given_backwards_and_ends_today() -> None:
    period = period_of("custom", TODAY, date(2026, 12, 24), date(2026, 11, 1))
    assert (period.first, period.last) == (date(2026, 11, 1), TODAY)
    assert period.query == {"period": "custom", "from": "2026-11-01", "to": "2026-11-21"}
    assert period.is_running
    assert period.is_one_month
    assert period.days == 21


def test_the_usual_period_leaves_the_link_clean() -> None:
    assert Period("month", TODAY, TODAY, TODAY).query == {}
    assert period_of("30d", TODAY).query == {"period": "30d"}


def test_a_model_keeps_its_colour_when_others_come_and_go() -> None:
    alone = colours.slots(["openai/gpt-4o"])
    among = colours.slots(["openai/gpt-4o", "b", "c", "d", "e"])
    assert alone["openai/gpt-4o"] == among["openai/gpt-4o"]
    assert len(set(among.values())) == 5
    many = colours.slots(str(n) for n in range(30))
    assert sorted(many.values()) == list(range(len(colours.LIGHT)))
    assert colours.colour(many, "not there", dark=True) == colours.OTHERS[True]
    assert colours.colour(among, "b", dark=False) in colours.LIGHT


def contrast(one: str, other: str) -> float:
    """WCAG's contrast ratio."""

    def light(colour: str) -> float:
        parts = [int(colour[n : n + 2], 16) / 255 for n in (1, 3, 5)]
        linear = [part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    high, low = sorted((light(one), light(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def test_columns_stand_out_from_their_card() -> None:
    """Graphics need 3:1 (WCAG 1.4.11); the mustard green is the lightest that is used."""
    assert all(contrast(colour, "#ffffff") > 2.7 for colour in colours.LIGHT)
    assert all(contrast(colour, "#1a202a") > 3 for colour in colours.DARK)


NASTY = '<b onclick="x">**a**</b> & \u202eabc'


def test_a_text_is_escaped_wherever_it_goes() -> None:
    drawn = [
        markup.name(NASTY, NASTY),
        markup.model(f"{NASTY}/{NASTY}", "#123456"),
        markup.link("/x?a=1&b=2", NASTY, NASTY),
        markup.card(NASTY, NASTY, NASTY, href='/"><script>', title=NASTY),
        markup.table([markup.Column("a", NASTY, "text")], [{"a": NASTY}], {"a": NASTY}, NASTY),
        markup.tag(NASTY),
        markup.notice(NASTY),
        markup.empty(NASTY, NASTY),
        markup.panel(NASTY, markup.name(NASTY)),
        markup.spark([1, 2], NASTY),
        markup.meter(1.2, NASTY),
    ]
    for part in drawn:
        assert "<b onclick" not in part.text
        assert "\u202e" not in part.text
        assert "<script>" not in part.text


def test_links_leave_out_what_is_empty() -> None:
    assert markup.address("users") == "/users"
    assert markup.address("users", q="a b&c", client=None, period="") == "/users?q=a+b%26c"


def test_a_change_is_told_with_its_direction() -> None:
    assert "▲ 50" in markup.change(PL, 150, 100).text
    assert "▼ 50" in markup.change(PL, 50, 100).text
    assert markup.change(PL, 50, None).text == ""


def test_the_running_day_is_marked_in_a_trend() -> None:
    drawn = markup.spark([1.0, 2.0, 0.5], "x", last_is_partial=True).text
    assert drawn.count('class="part"') == 1
    assert "height:100%" in drawn
    assert markup.spark([], "x").text.count("<i") == 0


FIELDS = [
    Field("name", "Osoba"),
    Field("n", "Zapytania", "count"),
    Field("pln", "Kwota", "money"),
    Field("day", "Dzień", "day"),
]
ROWS = [
    {"name": "=cmd()", "n": 3, "pln": units_of("1234.567890123456"), "day": date(2026, 11, 1)},
    {"name": "Żółć", "n": 4, "pln": None, "day": date(2026, 11, 2)},
]


def test_csv_opens_in_polish_excel_and_runs_nothing() -> None:
    raw = csv_bytes(FIELDS, ROWS, "pl")
    assert raw.startswith(b"\xef\xbb\xbf")
    rows = list(csv.reader(io.StringIO(raw.decode("utf-8-sig")), delimiter=";"))
    assert rows == [
        ["Osoba", "Zapytania", "Kwota", "Dzień"],
        ["'=cmd()", "3", "1234,567890123456", "2026-11-01"],
        ["Żółć", "4", "", "2026-11-02"],
    ]
    english = csv_bytes(FIELDS, ROWS, "en").decode("utf-8-sig")
    assert "1234.567890123456" in english


def test_xlsx_has_typed_cells_and_no_formula() -> None:
    sheet = openpyxl.load_workbook(io.BytesIO(xlsx_bytes(FIELDS, ROWS, "a/b[c]"))).active
    assert sheet is not None
    assert sheet["A2"].value == "=cmd()"
    assert sheet["A2"].data_type == "s"
    assert sheet["B2"].value == 3
    assert sheet["C2"].value == pytest.approx(1234.567890123456)
    assert sheet["C3"].value is None
    assert sheet["D2"].value.date() == date(2026, 11, 1)
