"""The summary that a person gets by e-mail, from facts to words. Pure; `digests.py` gathers and sends."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from statistics import median
from typing import Literal

from mai_core.days import to_ms, usage_day, zone
from mai_core.language import Words
from mai_core.language.plain_text import one_line, undirected

Kind = Literal["week", "month"]

SENT_AT = time(7, 30)
LATEST_MS = 24 * 3600_000
"""A digest that could not be sent for a day is not news any more."""

ODD_FACTOR = 2
ODD_FLOOR_PUSD = 10**12
LOOKED_BACK_DAYS = 28


@dataclass(frozen=True, slots=True)
class Due:
    kind: Kind
    first: date
    last: date


@dataclass(frozen=True, slots=True)
class OddDay:
    day: date
    amount_pusd: int
    usual_pusd: int


@dataclass(frozen=True, slots=True)
class DigestFacts:
    due: Due
    name: str
    """The client, or the installation for those who see all."""
    charged_pusd: int
    charged_ppln: int | None
    previous_pusd: int
    expected_pusd: int | None
    """Where the running month is expected to end."""
    limit_pusd: int | None
    people: Sequence[tuple[str, int]]
    models: Sequence[tuple[str, int]]
    odd: OddDay | None
    link: str
    opt_out_link: str
    provisional_table: str | None = None
    """The NBP table at which some of the złoty stand for now; None: they are final."""


def due_digests(now_ms: int, zone_name: str) -> list[Due]:
    """What should have gone out within the last day: the past week on Monday, the past month on the 1st, at 07:30."""
    today = usage_day(now_ms, zone_name)
    due = []
    for day in (today - timedelta(days=1), today):
        at_ms = to_ms(datetime.combine(day, SENT_AT, zone(zone_name)))
        if not 0 <= now_ms - at_ms < LATEST_MS:
            continue
        if day.weekday() == 0:
            due.append(Due("week", day - timedelta(days=7), day - timedelta(days=1)))
        if day.day == 1:
            last = day - timedelta(days=1)
            due.append(Due("month", last.replace(day=1), last))
    return due


def odd_day(amounts: Mapping[date, int], first: date, last: date) -> OddDay | None:
    """The day of the period that stands out most against the four weeks before it; None when none does."""
    odd: OddDay | None = None
    for day, amount in sorted(amounts.items()):
        before = [amounts.get(day - timedelta(days=back), 0) for back in range(1, LOOKED_BACK_DAYS + 1)]
        worked = [value for value in before if value]
        if not first <= day <= last or len(worked) < 7:
            continue
        usual = int(median(worked))
        if amount < ODD_FACTOR * usual or amount - usual < ODD_FLOOR_PUSD:
            continue
        if odd is None or amount * odd.usual_pusd > odd.amount_pusd * usual:
            odd = OddDay(day, amount, usual)
    return odd


def compose(words: Words, facts: DigestFacts) -> tuple[str, str]:
    """(subject, plain text)."""
    period = words.span(facts.due.first, facts.due.last) if facts.due.kind == "week" else words.month(facts.due.first)
    amount = words.money(facts.charged_pusd, "USD")
    name = one_line(facts.name)
    subject = words("digest.subject", name=name, period=period, amount=amount)
    lines = [words("digest.intro", name=name, period=period), "", _amount_line(words, facts, amount)]
    lines += _outlook(words, facts)
    lines += _ranking(words, "digest.people", facts.people) + _ranking(words, "digest.models", facts.models)
    if facts.odd is not None:
        lines += ["", words(
            "digest.odd",
            day=words.day_with_weekday(facts.odd.day),
            amount=words.money(facts.odd.amount_pusd, "USD"),
            usual=words.money(facts.odd.usual_pusd, "USD"),
        )]  # fmt: skip
    lines += ["", words("digest.link", link=facts.link), "", words("digest.opt_out", link=facts.opt_out_link)]
    return plain(subject), plain("\n".join(lines))


def plain(text: str) -> str:
    """Without the unbreakable spaces of pages, which some mail programs show as boxes."""
    return undirected(text).replace("\u00a0", " ").replace("\u202f", " ")


def _amount_line(words: Words, facts: DigestFacts, amount: str) -> str:
    zloty = (
        "" if facts.charged_ppln is None else f" ({words.money(facts.charged_ppln, 'PLN')}{_provisional(words, facts)})"
    )
    if not facts.previous_pusd:
        return words("digest.amount", amount=amount, zloty=zloty)
    change = words.signed_percent((facts.charged_pusd - facts.previous_pusd) / facts.previous_pusd)
    return words("digest.amount_changed", amount=amount, zloty=zloty, change=change)


def _provisional(words: Words, facts: DigestFacts) -> str:
    if facts.provisional_table is None:
        return ""
    return f", {words('overview.spent.provisional', table=facts.provisional_table)}"


def _outlook(words: Words, facts: DigestFacts) -> list[str]:
    if facts.expected_pusd is None:
        return []
    expected = words.money(facts.expected_pusd, "USD")
    if not facts.limit_pusd:
        return [words("digest.expected", expected=expected)]
    share = words.percent(facts.expected_pusd / facts.limit_pusd)
    return [
        words("digest.expected_of_limit", expected=expected, limit=words.money(facts.limit_pusd, "USD"), share=share)
    ]


def _ranking(words: Words, key: str, entries: Sequence[tuple[str, int]]) -> list[str]:
    if not entries:
        return []
    ranked = enumerate(entries, 1)
    lines = [f"  {place}. {one_line(name)}: {words.money(amount, 'USD')}" for place, (name, amount) in ranked]
    return ["", words(key), *lines]
