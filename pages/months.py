"""Month by month, and the days of one: which was the busiest, which the dearest, what is usual."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

import streamlit as st

from mai_core.days import month_days, month_of
from mai_core.reports.lines import shown_total, to_the_grosz
from pages.parts import charts, day_charts, frame, markup, url_state
from pages.parts.downloads import Field, buttons
from pages.parts.markup import Cell, Column, Html, escape
from pages.parts.periods import Period, period_of
from pages.parts.reading import Row
from pages.parts.view import View

_MONTHS_BACK = 24


def show(view: View) -> None:
    words = view.words
    frame.heading(view, words("nav.months"), view.client.name if view.client else words("client.all"))
    first = _months_ago(view.today, _MONTHS_BACK - 1)
    (months,), _ = view.read_days(first, view.today, "by_month")
    if not months:
        frame.draw(markup.empty(words("empty.title"), words("empty.ever")))
        return
    with st.container(key="card_months"):
        frame.draw(Html(f'<h2 class="m-section">{escape(words("months.each"))}</h2>'))
        day_charts.followed(
            view, charts.months(view, months), "months", words("months.each"),
            span=lambda day: (day, min(month_days(month_of(day))[1], view.today)),
        )  # fmt: skip
        frame.draw(_months_table(view, months))
        buttons(
            view,
            "months",
            _fields(view, "period"),
            lambda: [_file_row(view, row, *_month_of(view, row)) for row in months],
        )
    _detail(view, [month_of(row["period"]) for row in months])


def _months_ago(day: date, months: int) -> date:
    index = day.year * 12 + day.month - 1 - months
    return date(index // 12, index % 12 + 1, 1)


def _months_table(view: View, months: Sequence[Row]) -> Html:
    words = view.words
    columns = [
        Column("month", words("column.month"), "text"), Column("pln", words("amount.pln"), "num"),
        Column("usd", words("amount.usd"), "num"), Column("change", words("column.change"), "num"),
        Column("requests", words("column.requests"), "num"), Column("tokens", words("column.tokens"), "num"),
        Column("people", words("overview.people"), "num"),
    ]  # fmt: skip
    body = []
    for place in range(len(months) - 1, -1, -1):
        row = months[place]
        period = period_of(month_of(row["period"]), view.today)
        before = int(months[place - 1]["charged_ppln"] or 0) if place else None
        running = period.is_running
        mark = markup.joined(" ", markup.tag(words("months.running"))) if running else ""
        if row["provisional"]:
            mark = markup.joined(mark, " ", markup.tag(words("provisional"), "warn"))
        body.append(
            {
                "month": markup.joined(
                    markup.link(view.link("months", None, month=month_of(row["period"])), words.month(row["period"])),
                    mark,
                ),
                "pln": view.amount(period.first, period.last, view.pln(row)),
                "usd": view.also(period.first, period.last, view.usd(row)),
                "change": "" if running else markup.change(words, int(row["charged_ppln"] or 0), before),
                "requests": words.count(row["requests"]),
                "tokens": words.compact(row["total_tokens"]),
                "people": words.count(row["people"]),
            }
        )
    return markup.table(columns, body)


def _detail(view: View, known: Sequence[str]) -> None:
    words = view.words
    options = list(reversed(known))
    with st.container(key="toolbar_month", horizontal=True):
        month = url_state.choice(words("months.choose"), options, "month", options[0], words.month, 240)
    period = period_of(month, view.today)
    (days, models, totals), _ = view.read(period, "by_day", "by_model", "totals")
    if not days:
        frame.nothing_here(view, period)
        return
    frame.draw(markup.cards(_cards(view, period, days, totals[0])))
    with st.container(key="card_month_days"):
        title = words("months.detail", month=words.month(period.first))
        frame.draw(Html(f'<h2 class="m-section">{escape(title)}</h2>'))
        day_charts.followed(view, day_charts.days(view, period, days), "month_days", title)
        frame.draw(_days_table(view, period, days))
        buttons(
            view, "days", _fields(view, "day"), lambda: [_file_row(view, row, row["day"], row["day"]) for row in days]
        )
    top = [
        {"name": markup.name(row["model"]), "tokens": words.compact(row["total_tokens"])}
        for row in sorted(models, key=lambda row: -row["total_tokens"])[:3]
    ]
    columns = [Column("name", words("column.model"), "text"), Column("tokens", words("column.tokens"), "num")]
    frame.draw(
        markup.side_by_side(
            markup.panel(words("months.top_models"), markup.table(columns, top)),
            markup.panel(words("months.weekdays"), _weekdays(view, period, days)),
        )
    )


def _cards(view: View, period: Period, days: Sequence[Row], total: Row) -> list[Html]:
    """What the existing system's page tells of a month, and against what each figure stands."""
    words, explained = view.words, view.words("explain.link")
    pln, tokens = int(total["charged_ppln"] or 0), int(total["total_tokens"])
    busiest = max(days, key=lambda row: row["requests"])
    dearest = max(days, key=lambda row: int(row["charged_pusd"]))

    def each(amount: int, per: int) -> str:
        return words.money(amount // per, "PLN")

    used = words("months.per_used_day", amount=each(pln, len(days)))
    tokens_used = words("months.per_used_day", amount=words.compact(tokens // len(days)))
    whole = view.explain(period.first, period.last)
    return [
        markup.card(words("overview.spent"), view.pln(total), view.usd(total), href=whole, title=explained, wide=True),
        markup.card(words("months.average_day"), each(pln, period.days), used, href=whole, title=explained),
        markup.card(words("months.average_tokens"), words.compact(tokens // period.days), tokens_used),
        markup.card(
            words("overview.tokens"), words.compact(tokens), words("requests.count", n=int(total["requests"]))
        ),
        markup.card(
            words("months.busiest"), words.day_with_weekday(busiest["day"]),
            words("requests.count", n=int(busiest["requests"])),
            href=view.explain(busiest["day"], busiest["day"]), title=explained,
        ),
        markup.card(
            words("months.dearest"), words.day_with_weekday(dearest["day"]), view.pln(dearest),
            href=view.explain(dearest["day"], dearest["day"]), title=explained,
        ),
        markup.card(words("months.days_used"), words.count(len(days)), words("months.days_of", n=period.days)),
        markup.card(
            words("overview.people"), words.count(total["people"]), words("overview.all_people"),
            href=view.link("users", period), title=words("nav.people_usage"),
        ),
    ]  # fmt: skip


def _days_table(view: View, period: Period, days: Sequence[Row]) -> Html:
    words = view.words
    columns = [
        Column("day", words("column.day"), "text"),
        Column("pln", words("amount.pln"), "num"), Column("usd", words("amount.usd"), "num"),
        Column("requests", words("column.requests"), "num"), Column("tokens", words("column.tokens"), "num"),
        Column("people", words("overview.people"), "num"), Column("rate", words("column.table"), "num"),
    ]  # fmt: skip
    body = [
        {
            "day": words.day_with_weekday(row["day"]),
            "pln": view.amount(row["day"], row["day"], view.pln(row, "shown_ppln")),
            "usd": view.also(row["day"], row["day"], view.usd(row)),
            "requests": words.count(row["requests"]),
            "tokens": words.compact(row["total_tokens"]),
            "people": words.count(row["people"]),
            "rate": markup.joined(row["rate_table"] or "", " ", markup.tag(words("provisional"), "warn"))
            if row["provisional"]
            else row["rate_table"] or "",
        }
        for row in reversed(to_the_grosz(days))
    ]
    return markup.table(columns, body, _total(view, period.first, period.last, to_the_grosz(days), "day"))


def _total(view: View, first: date, last: date, rows: Sequence[Row], label: str) -> dict[str, Cell]:
    words = view.words
    whole = {key: sum(int(row[key] or 0) for row in rows) for key in ("charged_pusd", "requests", "total_tokens")}
    return {
        label: words("total"),
        "pln": view.amount(first, last, view.pln({"shown_ppln": shown_total(rows)}, "shown_ppln")),
        "usd": view.also(first, last, view.usd(whole)),
        "requests": words.count(whole["requests"]),
        "tokens": words.compact(whole["total_tokens"]),
    }


def _weekdays(view: View, period: Period, days: Sequence[Row]) -> Html:
    """Averages over every such weekday of the period, days without usage included; the running day left out."""
    words = view.words
    totals, counts = [0] * 7, [0] * 7
    day = period.first
    while day <= period.last:
        if day != view.today:
            counts[day.weekday()] += 1
        day += timedelta(days=1)
    for row in days:
        if row["day"] != view.today:
            totals[row["day"].weekday()] += int(row["charged_ppln"] or 0)
    averages = [total // count if count else 0 for total, count in zip(totals, counts, strict=True)]
    counted = min(period.last, view.today - timedelta(days=1))
    most = max(averages) or 1
    columns = [
        Column("day", words("column.weekday"), "text"), Column("bar", "", "bar"),
        Column("pln", words("amount.pln"), "num"),
    ]  # fmt: skip
    body = [
        {
            "day": words.weekday(place),
            "bar": markup.bar(average / most),
            "pln": _average(view, period.first, counted, average, totals[place], counts[place]),
        }
        for place, average in enumerate(averages)
    ]
    return markup.table(columns, body)


def _average(view: View, first: date, last: date, average: int, total: int, count: int) -> Cell:
    """With the sum and the number of days that it is made of; the link leads to these days."""
    words = view.words
    if not count:
        return words("none")
    made_of = words("months.weekdays.of", amount=words.money(total, "PLN"), n=count)
    return markup.joined(
        view.amount(first, last, words.money(average, "PLN")), Html(f"<small>{escape(made_of)}</small>")
    )


def _fields(view: View, key: str) -> list[Field]:
    words = view.words
    return [
        Field(key, words("column.month" if key == "period" else "column.day"), "day"),
        Field("requests", words("column.requests"), "count"), Field("total_tokens", words("column.tokens"), "count"),
        Field("charged_pusd", words("amount.usd"), "money"), Field("charged_ppln", words("amount.pln"), "money"),
        Field("link", words("explain.link")),
    ]  # fmt: skip


def _file_row(view: View, row: Row, first: date, last: date) -> dict[str, Any]:
    return {**row, "link": frame.public_url() + view.explain(first, last)}


def _month_of(view: View, row: Row) -> tuple[date, date]:
    period = period_of(month_of(row["period"]), view.today)
    return period.first, period.last
