"""Who uses it and for how much: everybody by name, with bars, trend and change; also who does not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import streamlit as st

from mai_core.days import days_between
from mai_core.money import divide_half_up
from mai_core.reports.lines import shown_total, to_the_grosz
from pages.parts import frame, markup, url_state
from pages.parts.downloads import Field, buttons
from pages.parts.markup import Column, Html, escape
from pages.parts.periods import Period
from pages.parts.reading import Row
from pages.parts.view import View

_AT_ONCE = 50
_SORTS = ("amount", "name", "requests", "change")


def show(view: View) -> None:
    words = view.words
    period = frame.heading_with_period(view, words("nav.people_usage"))
    (people, departments, days, idle), _ = view.read(
        period, "by_person", "by_department", "by_day_person", "unused_people"
    )
    (earlier,), _ = view.read_days(*period.previous, "by_person")
    if not people:
        frame.nothing_here(view, period)
        return
    people = to_the_grosz(people)
    before = {_key(row): int(row["charged_ppln"] or 0) for row in earlier}
    frame.draw(markup.cards(_figures(view, period, people, len(idle))))
    shown = _chosen(view, people, before)
    with st.container(key="card_users"):
        _table(view, period, shown, people, before, _trends(period, days))
        buttons(view, "users", _fields(view), lambda: [_file_row(view, period, row, before) for row in shown])
    frame.draw(
        markup.side_by_side(
            markup.panel(words("users.by_department"), _departments(view, period, departments)),
            markup.panel(_idle_title(view, idle), _idle(view, idle)),
        )
    )


def _key(row: Row) -> tuple[str, str]:
    return row["client_org_id"], row["user_id"]


def _explained(view: View, period: Period, row: Row) -> str:
    return view.explain(period.first, period.last, person=row["user_id"])


def _figures(view: View, period: Period, people: Sequence[Row], idle: int) -> list[Html]:
    words, where = view.words, view.explain(period.first, period.last)
    amounts = sorted((int(row["charged_ppln"] or 0) for row in people), reverse=True)
    named = [row for row in people if row["user_id"]]
    tenth = sum(amounts[: max(1, len(amounts) // 10)])
    whole = sum(amounts)
    average, explained = words.money(whole // len(amounts), "PLN"), words("explain.link")
    middle = amounts[(len(amounts) - 1) // 2] + amounts[len(amounts) // 2]
    median = words.money(divide_half_up(middle, 2), "PLN")
    top = words("users.top_share.note", n=max(1, len(amounts) // 10), amount=words.money_brief(tenth, "PLN"))
    return [
        markup.card(
            words("users.active"), words("people.count", n=len(named)), words("users.of", n=len(named) + idle)
        ),
        markup.card(words("users.average"), average, words("users.average.note"), href=where, title=explained),
        markup.card(words("users.median"), median, words("users.median.note"), href=where, title=explained),
        markup.card(words("users.top_share"), words.percent(tenth / whole if whole else 0), top),
    ]  # fmt: skip


def _chosen(view: View, people: Sequence[Row], before: Mapping[tuple[str, str], int]) -> list[Row]:
    """Search, department and order; all three stand in the URL."""
    words = view.words
    names = sorted({row["department"] for row in people if row["department"]})
    with st.container(key="toolbar_users", horizontal=True, vertical_alignment="bottom"):
        text = url_state.text(words("search"), "q", words("search.person"), 260)
        department = url_state.choice(
            words("users.department"), ["", *names], "department", "",
            lambda name: name or words("users.departments"), 220,
        )  # fmt: skip
        order = url_state.choice(
            words("users.sort"), _SORTS, "sort", _SORTS[0],
            lambda name: f"{words('users.sort')}: {words(f'users.sort.{name}')}", 220,
        )  # fmt: skip
    wanted = text.strip().casefold()
    rows = [
        row
        for row in people
        if (not department or row["department"] == department)
        and (not wanted or wanted in f"{view.person(row)} {row['department'] or ''} {row['user_id']}".casefold())
    ]
    keys: dict[str, Any] = {
        "amount": lambda row: -int(row["charged_pusd"]),
        "name": lambda row: view.person(row).casefold(),
        "requests": lambda row: -int(row["requests"]),
        "change": lambda row: before.get(_key(row), 0) - int(row["charged_ppln"] or 0),
    }
    return sorted(rows, key=keys[order])


def _trends(period: Period, days: Sequence[Row]) -> dict[tuple[str, str], list[float]]:
    """Amounts in at most 31 columns per person."""
    span = days_between(period.first, period.last)
    step = -(-len(span) // 31)
    place: dict[date, int] = {day: number // step for number, day in enumerate(span)}
    trends: dict[tuple[str, str], list[float]] = {}
    for row in days:
        values = trends.setdefault(_key(row), [0.0] * (place[span[-1]] + 1))
        values[place[row["day"]]] += float(row["charged_pusd"])
    return trends


def _table(
    view: View,
    period: Period,
    rows: Sequence[Row],
    people: Sequence[Row],
    before: Mapping[tuple[str, str], int],
    trends: Mapping[tuple[str, str], list[float]],
) -> None:
    words = view.words
    if not rows:
        frame.draw(markup.notice(words("users.nobody")))
        return
    limit = len(rows) if st.query_params.get("rows") == "all" else _AT_ONCE
    most = max(int(row["charged_pusd"]) for row in people) or 1
    columns = [
        Column("name", words("column.person"), "text"), Column("bar", words("column.share"), "bar"),
        Column("pln", words("amount.pln"), "num"), Column("usd", words("amount.usd"), "num"),
        Column("requests", words("column.requests"), "num"), Column("tokens", words("column.tokens"), "num"),
        Column("trend", words("column.trend")), Column("change", words("column.change"), "num"),
        Column("last", words("column.last"), "num"),
    ]  # fmt: skip
    body = [
        {
            "name": markup.link(
                view.link("person", period, id=row["user_id"]), markup.name(view.person(row), row["department"] or "")
            ),
            "bar": markup.bar(int(row["charged_pusd"]) / most),
            "pln": markup.amount_link(
                _explained(view, period, row), view.pln(row, "shown_ppln"), words("explain.link")
            ),
            "usd": markup.link(_explained(view, period, row), view.usd(row), words("explain.link")),
            "requests": words.count(row["requests"]),
            "tokens": words.compact(row["total_tokens"]),
            "trend": markup.spark(
                trends.get(_key(row), []), words("column.trend"), last_is_partial=period.is_running
            ),
            "change": markup.change(words, int(row["charged_ppln"] or 0), before.get(_key(row))),
            "last": words.day_short(row["last_day"]),
        }
        for row in rows[:limit]
    ]  # fmt: skip
    total = view.pln({"shown_ppln": shown_total(rows)}, "shown_ppln")
    in_usd = view.usd({"charged_pusd": sum(int(row["charged_pusd"]) for row in rows)})
    everybody = len(rows) == len(people)
    foot = {
        "name": words("total"),
        "pln": view.amount(period.first, period.last, total) if everybody else total,
        "usd": view.also(period.first, period.last, in_usd) if everybody else in_usd,
        "requests": words.count(sum(row["requests"] for row in rows)),
        "tokens": words.compact(sum(row["total_tokens"] for row in rows)),
    }
    frame.draw(markup.table(columns, body, foot))
    if len(rows) > limit:
        everyone = view.link("users", period, rows="all")
        frame.draw(Html(f'<div class="m-links">{markup.link(everyone, words("show_all", n=len(rows))).text}</div>'))


def _departments(view: View, period: Period, rows: Sequence[Row]) -> Html:
    words = view.words
    most = max((int(row["charged_pusd"]) for row in rows), default=0) or 1
    columns = [
        Column("name", words("column.department"), "text"), Column("bar", words("column.share"), "bar"),
        Column("people", words("overview.people"), "num"), Column("pln", words("amount.pln"), "num"),
    ]  # fmt: skip
    body = [
        {
            "name": markup.link(
                view.link("users", period, department=row["department"] or ""),
                markup.name(row["department"] or words("department.none")),
            ),
            "bar": markup.bar(int(row["charged_pusd"]) / most),
            "people": words.count(row["people"]),
            "pln": view.amount(
                period.first, period.last, view.pln(row, "shown_ppln"), department=row["department"] or ""
            ),
        }
        for row in to_the_grosz(rows)
    ]
    total = view.pln({"shown_ppln": shown_total(to_the_grosz(rows))}, "shown_ppln")
    foot = {"name": words("total"), "pln": view.amount(period.first, period.last, total)}
    return markup.table(columns, body, foot)


def _idle_title(view: View, idle: Sequence[Row]) -> str:
    words = view.words
    return f"{words('users.without')}: {words.count(len(idle))}" if idle else words("users.without")


def _idle(view: View, idle: Sequence[Row]) -> Html:
    words = view.words
    if not idle:
        return Html(f"<p>{escape(words('users.everybody_used'))}</p>")
    columns = [Column("name", words("column.person"), "text"), Column("department", words("column.department"), "text")]
    return markup.table(
        columns,
        [
            {"name": markup.name(view.person(row)), "department": markup.name(row["department"] or "")}
            for row in idle[:_AT_ONCE]
        ],
    )


def _fields(view: View) -> list[Field]:
    words = view.words
    return [
        Field("user_id", "user_id"), Field("name", words("column.person")),
        Field("department", words("column.department")), Field("requests", words("column.requests"), "count"),
        Field("tokens", words("column.tokens"), "count"), Field("usd", words("amount.usd"), "money"),
        Field("pln", words("amount.pln"), "money"), Field("before", words("column.change"), "money"),
        Field("link", words("explain.link")),
    ]  # fmt: skip


def _file_row(view: View, period: Period, row: Row, before: Mapping[tuple[str, str], int]) -> dict[str, Any]:
    return {
        "user_id": row["user_id"],
        "name": view.person(row),
        "department": row["department"] or "",
        "requests": row["requests"],
        "tokens": row["total_tokens"],
        "usd": int(row["charged_pusd"]),
        "pln": row["charged_ppln"],
        "before": int(row["charged_ppln"] or 0) - before.get(_key(row), 0),
        "link": frame.public_url() + _explained(view, period, row),
    }
