"""One catalogue, asked in one language."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal, cast

from mai_core.language import formats
from mai_core.language.catalogue import MESSAGES
from mai_core.language.plurals import plural_form

Language = Literal["pl", "en"]
LANGUAGES: tuple[Language, ...] = ("pl", "en")


def t(language: str, key: str, **values: object) -> str:
    """The text of `key`. `n` chooses the plural form and is shown with its thousands apart."""
    pl, en = MESSAGES[key]
    text = pl if language == "pl" else en
    if isinstance(text, dict):
        text = text[plural_form(language, cast(int, values["n"]))]
    shown = {name: formats.count(language, value) if name == "n" and isinstance(value, int) else value
             for name, value in values.items()}  # fmt: skip
    return text.format(**shown) if shown else text


def language_of(chosen: str | None, accepted: Iterable[str] = ()) -> Language:
    """The account's language, else the first of the browser's that we speak, else Polish."""
    for candidate in (chosen or "", *accepted):
        code = candidate.strip().lower()[:2]
        if code in LANGUAGES:
            return code
    return "pl"


def accepted_languages(header: str) -> list[str]:
    """`Accept-Language: en-GB,pl;q=0.8` in the order of preference."""
    weighted = []
    for place, part in enumerate(header.split(",")):
        name, _, quality = part.strip().partition(";q=")
        try:
            weighted.append((-float(quality or 1), place, name))
        except ValueError:
            continue
    return [name for _, _, name in sorted(weighted)]


@dataclass(frozen=True, slots=True)
class Words:
    """A language with everything that is said in it."""

    language: Language

    def __call__(self, key: str, **values: object) -> str:
        return t(self.language, key, **values)

    def count(self, value: int) -> str:
        return formats.count(self.language, value)

    def number(self, value: float, places: int = 1) -> str:
        return formats.number(self.language, value, places)

    def compact(self, value: int) -> str:
        return formats.compact(self.language, value)

    def money(self, units: int, currency: str, places: int = 2) -> str:
        return formats.money(self.language, units, currency, places)

    def money_brief(self, units: int, currency: str) -> str:
        return formats.money_brief(self.language, units, currency)

    def percent(self, share: float, places: int = 0) -> str:
        return formats.percent(self.language, share, places)

    def signed_percent(self, share: float, places: int = 0) -> str:
        return formats.signed_percent(self.language, share, places)

    def day(self, value: date) -> str:
        return formats.day(self.language, value)

    def day_short(self, value: date) -> str:
        return formats.day_short(self.language, value)

    def day_with_weekday(self, value: date) -> str:
        return formats.day_with_weekday(self.language, value)

    def weekday(self, index: int) -> str:
        return formats.weekday(self.language, index)

    def weekday_short(self, index: int) -> str:
        return formats.weekday_short(self.language, index)

    def month(self, value: date | str) -> str:
        return formats.month(self.language, value)

    def month_short(self, value: date | str) -> str:
        return formats.month_short(self.language, value)

    def span(self, first: date, last: date) -> str:
        return formats.span(self.language, first, last)

    def moment(self, at: datetime) -> str:
        return formats.moment(self.language, at)

    def ago(self, seconds: int) -> str:
        """'12 s temu', '5 min temu', '3 godz. temu', '2 dni temu'."""
        if seconds < 90:
            return self("ago.seconds", n=max(seconds, 0))
        if seconds < 90 * 60:
            return self("ago.minutes", n=round(seconds / 60))
        if seconds < 36 * 3600:
            return self("ago.hours", n=round(seconds / 3600))
        return self("ago.days", n=round(seconds / 86400))
