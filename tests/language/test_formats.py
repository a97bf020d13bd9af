"""Numbers, amounts and dates as a Polish and as an English reader expects them."""

from __future__ import annotations

from datetime import date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mai_core.language import Words, language_of, t
from mai_core.language.plurals import plural_form
from mai_core.language.words import accepted_languages
from mai_core.money import units_of

PL, EN = Words("pl"), Words("en")


def plain(text: str) -> str:
    """Hard spaces and the minus sign as a keyboard has them."""
    return text.replace("\u00a0", " ").replace("\u2212", "-")


@pytest.mark.parametrize(
    ("n", "polish", "english"),
    [
        (0, "0 osób", "0 people"),
        (1, "1 osoba", "1 person"),
        (2, "2 osoby", "2 people"),
        (4, "4 osoby", "4 people"),
        (5, "5 osób", "5 people"),
        (12, "12 osób", "12 people"),
        (14, "14 osób", "14 people"),
        (22, "22 osoby", "22 people"),
        (112, "112 osób", "112 people"),
        (1001, "1 001 osób", "1,001 people"),
        (1002, "1 002 osoby", "1,002 people"),
    ],
)
def test_people_are_counted(n: int, polish: str, english: str) -> None:
    assert plain(PL("people.count", n=n)) == polish
    assert plain(EN("people.count", n=n)) == english


@pytest.mark.parametrize(
    ("value", "currency", "places", "polish", "english"),
    [
        ("1234.56", "PLN", 2, "1 234,56 zł", "PLN 1,234.56"),
        ("1204.31", "USD", 2, "1 204,31 USD", "$1,204.31"),
        ("0.005", "PLN", 2, "0,01 zł", "PLN 0.01"),
        ("-0.005", "PLN", 2, "-0,01 zł", "-PLN 0.01"),
        ("-0.001", "PLN", 2, "0,00 zł", "PLN 0.00"),
        ("-1234567.8", "USD", 2, "-1 234 567,80 USD", "-$1,234,567.80"),
        ("0.00106674", "USD", 8, "0,00106674 USD", "$0.00106674"),
    ],
)
def test_amounts(value: str, currency: str, places: int, polish: str, english: str) -> None:
    assert plain(PL.money(units_of(value), currency, places)) == polish
    assert plain(EN.money(units_of(value), currency, places)) == english


@pytest.mark.parametrize(
    ("value", "polish", "english"),
    [(9999, "9 999", "9,999"), (12_345, "12,3 tys.", "12.3k"), (12_400_000, "12,4 mln", "12.4M"),
     (3_000_000_000, "3,0 mld", "3.0B"), (-12_345, "-12,3 tys.", "-12.3k")],
)  # fmt: skip
def test_large_counts_are_short(value: int, polish: str, english: str) -> None:
    assert plain(PL.compact(value)) == polish
    assert plain(EN.compact(value)) == english


def test_brief_amounts_keep_what_matters() -> None:
    assert plain(PL.money_brief(units_of("1234.56"), "PLN")) == "1 235 zł"
    assert plain(PL.money_brief(units_of("12.345"), "PLN")) == "12,35 zł"
    assert plain(PL.money_brief(units_of("0.00123"), "PLN")) == "0,0012 zł"
    assert plain(EN.money_brief(0, "USD")) == "$0.00"


def test_days_months_and_spans() -> None:
    day = date(2026, 11, 21)
    assert plain(PL.day(day)) == "21 listopada 2026"
    assert plain(EN.day(day)) == "21 November 2026"
    assert plain(PL.day_with_weekday(day)) == "sob, 21 lis"
    assert PL.month("2026-11") == "listopad 2026"
    assert EN.month_short(day) == "Nov 2026"
    assert plain(PL.span(date(2026, 11, 1), day)) == "1–21 listopada 2026"
    assert plain(PL.span(date(2026, 10, 28), date(2026, 11, 3))) == "28 paź – 3 lis 2026"
    assert plain(EN.span(date(2025, 12, 30), date(2026, 1, 2))) == "30 Dec 2025 – 2 Jan 2026"
    assert plain(EN.span(day, day)) == "21 November 2026"
    assert plain(PL.moment(datetime(2026, 11, 21, 14, 5))) == "21 lis 2026, 14:05"  # noqa: DTZ001
    assert (PL.weekday(2), EN.weekday_short(6)) == ("środa", "Sun")


@pytest.mark.parametrize(
    ("seconds", "polish", "english"),
    [(12, "12 s temu", "12 s ago"), (600, "10 min temu", "10 min ago"), (7200, "2 godz. temu", "2 h ago"),
     (3 * 86400, "3 dni temu", "3 days ago"), (-5, "0 s temu", "0 s ago")],
)  # fmt: skip
def test_how_long_ago(seconds: int, polish: str, english: str) -> None:
    assert plain(PL.ago(seconds)) == polish
    assert plain(EN.ago(seconds)) == english


def test_shares() -> None:
    assert plain(PL.percent(0.1234, 1)) == "12,3%"
    assert plain(EN.signed_percent(0.05)) == "+5%"
    assert plain(EN.signed_percent(-0.05)) == "-5%"
    assert plain(EN.signed_percent(0.001)) == "0%"


def test_the_account_decides_the_language_then_the_browser_then_polish() -> None:
    assert language_of("en", ["pl"]) == "en"
    assert language_of(None, accepted_languages("de-DE,en;q=0.7,pl;q=0.9")) == "pl"
    assert language_of("", ["en-GB"]) == "en"
    assert language_of(None, ["de", ""]) == "pl"
    assert accepted_languages("en;q=x, pl") == ["pl"]


def test_what_every_text_can_be_asked_through_words() -> None:
    assert PL.number(-0.04) == "0,0"
    assert plain(EN.compact(-9_999)) == "-9,999"
    assert plain(PL.ago(40 * 3600)) == "2 dni temu"
    assert (PL.day_short(date(2026, 2, 1)).replace("\u00a0", " "), EN.weekday(0)) == ("1 lut", "Monday")


def test_values_are_put_in_and_braces_in_them_stay() -> None:
    assert t("en", "person.unnamed", label="{x}") == "Person {x}"
    assert t("pl", "logout") == "Wyloguj"


@given(st.integers(min_value=0, max_value=10**7))
def test_polish_forms_follow_the_last_digits(n: int) -> None:
    expected = "one" if n == 1 else "few" if n % 10 in (2, 3, 4) and n % 100 not in (12, 13, 14) else "many"
    assert plural_form("pl", n) == expected
    assert plural_form("en", n) == ("one" if n == 1 else "other")


@given(st.integers(min_value=-(10**15), max_value=10**15))
def test_a_count_reads_back_as_itself(n: int) -> None:
    assert int(plain(PL.count(n)).replace(" ", "")) == n
    assert int(plain(EN.count(n)).replace(",", "")) == n
