"""Numbers, amounts, days and durations as people write them. Money never passes through a float."""

from __future__ import annotations

from datetime import date, datetime

from mai_core.money import decimal_text, divide_half_up

HARD_SPACE = "\u00a0"
MINUS = "\u2212"


def _names(together: str) -> list[str]:
    return together.split()


_MONTHS = {
    "pl": _names("styczeń luty marzec kwiecień maj czerwiec lipiec sierpień wrzesień październik listopad grudzień"),
    "en": _names("January February March April May June July August September October November December"),
}
_MONTHS_OF = {
    "pl": _names("stycznia lutego marca kwietnia maja czerwca lipca sierpnia września października listopada grudnia"),
    "en": _MONTHS["en"],
}
_MONTHS_SHORT = {
    "pl": _names("sty lut mar kwi maj cze lip sie wrz paź lis gru"),
    "en": _names("Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec"),
}
_WEEKDAYS = {
    "pl": _names("poniedziałek wtorek środa czwartek piątek sobota niedziela"),
    "en": _names("Monday Tuesday Wednesday Thursday Friday Saturday Sunday"),
}
_WEEKDAYS_SHORT = {
    "pl": _names("pn wt śr czw pt sob nd"),
    "en": _names("Mon Tue Wed Thu Fri Sat Sun"),
}
_SCALES = {
    "pl": ((10**12, "bln"), (10**9, "mld"), (10**6, "mln"), (10**3, "tys.")),
    "en": ((10**12, "T"), (10**9, "B"), (10**6, "M"), (10**3, "k")),
}


def _grouped(plain: str, language: str) -> str:
    sign = MINUS if plain.startswith("-") else ""
    whole, _, fraction = plain.removeprefix("-").partition(".")
    separator, point = (HARD_SPACE, ",") if language == "pl" else (",", ".")
    groups = f"{int(whole):,}".replace(",", separator)
    return f"{sign}{groups}{point}{fraction}" if fraction else f"{sign}{groups}"


def count(language: str, number: int) -> str:
    """12 345 or 12,345."""
    return _grouped(str(number), language)


def number(language: str, value: float, places: int = 1) -> str:
    """For shares, averages and rates; never for money."""
    text = f"{value:.{places}f}"
    return _grouped("0" + text[2:] if text.startswith("-0") and float(text) == 0 else text, language)


def amount(language: str, units: int, places: int = 2) -> str:
    """Units of 10^-12 without a currency sign."""
    plain = decimal_text(units, places)
    return _grouped(plain.removeprefix("-") if not plain.strip("-0.") else plain, language)


def money(language: str, units: int, currency: str, places: int = 2) -> str:
    """'1 234,56 zł', '1 204,31 USD'; 'PLN 1,234.56', '$1,204.31'."""
    text = amount(language, units, places)
    if language == "pl":
        return f"{text}{HARD_SPACE}{'zł' if currency == 'PLN' else currency}"
    sign, digits = (MINUS, text[1:]) if text.startswith(MINUS) else ("", text)
    return f"{sign}${digits}" if currency == "USD" else f"{sign}{currency}{HARD_SPACE}{digits}"


def money_brief(language: str, units: int, currency: str) -> str:
    """An amount where space is short: whole units from a hundred upward, more places for the very small."""
    size = abs(units)
    places = 0 if size >= 100 * 10**12 else 2 if size >= 10**10 or not size else 4
    return money(language, units, currency, places)


def compact(language: str, value: int) -> str:
    """12,4 mln or 12.4M; exact below ten thousand."""
    if abs(value) < 10_000:
        return count(language, value)
    for size, suffix in _SCALES[language]:
        if abs(value) >= size:
            tenths = divide_half_up(value * 10, size)
            text = _grouped(f"{tenths // 10 if tenths >= 0 else -(-tenths // 10)}.{abs(tenths) % 10}", language)
            return f"{text}{HARD_SPACE}{suffix}" if language == "pl" else f"{text}{suffix}"
    return count(language, value)


def percent(language: str, share: float, places: int = 0) -> str:
    """0.123 -> '12%'. Polish puts no space before the sign either."""
    return f"{number(language, share * 100, places)}%"


def signed_percent(language: str, share: float, places: int = 0) -> str:
    text = percent(language, share, places)
    return text if text.startswith(MINUS) or share * 100 < 0.5 * 10**-places else f"+{text}"


def day(language: str, value: date) -> str:
    """21 listopada 2026 or 21 November 2026."""
    return f"{value.day}{HARD_SPACE}{_MONTHS_OF[language][value.month - 1]}{HARD_SPACE}{value.year}"


def day_short(language: str, value: date) -> str:
    """21 lis or 21 Nov."""
    return f"{value.day}{HARD_SPACE}{_MONTHS_SHORT[language][value.month - 1]}"


def day_with_weekday(language: str, value: date) -> str:
    return f"{_WEEKDAYS_SHORT[language][value.weekday()]}, {day_short(language, value)}"


def weekday(language: str, index: int) -> str:
    """0 is Monday."""
    return _WEEKDAYS[language][index]


def weekday_short(language: str, index: int) -> str:
    return _WEEKDAYS_SHORT[language][index]


def month(language: str, value: date | str) -> str:
    """listopad 2026 or November 2026."""
    first = date.fromisoformat(f"{value}-01") if isinstance(value, str) else value
    return f"{_MONTHS[language][first.month - 1]} {first.year}"


def month_short(language: str, value: date | str) -> str:
    first = date.fromisoformat(f"{value}-01") if isinstance(value, str) else value
    return f"{_MONTHS_SHORT[language][first.month - 1]} {first.year}"


def span(language: str, first: date, last: date) -> str:
    """1–21 listopada 2026; 28 paź – 3 lis 2026."""
    if first == last:
        return day(language, first)
    if (first.year, first.month) == (last.year, last.month):
        return f"{first.day}–{day(language, last)}"
    begin = day_short(language, first) if first.year == last.year else f"{day_short(language, first)} {first.year}"
    return f"{begin} – {day_short(language, last)} {last.year}"


def moment(language: str, at: datetime) -> str:
    """21 lis 2026, 14:05."""
    return f"{day_short(language, at.date())} {at.year}, {at:%H:%M}"
