"""One person: how much, which models, which days, at what times."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from mai_core.reports.lines import shown_total, to_the_grosz
from pages.parts import day_charts, frame, markup
from pages.parts.markup import Column, Html, escape
from pages.parts.palette import ModelColours, model_colours
from pages.parts.periods import Period
from pages.parts.reading import Row
from pages.parts.view import View

_IN_CHART = 6


def show(view: View) -> None:
    words = view.words
    wanted = st.query_params.get("id", "")
    frame.draw(
        Html(f'<div class="m-links no-print">{markup.link(view.link("users"), "← " + words("person.back")).text}</div>')
    )
    if not wanted:
        frame.heading(view, words("nav.person"))
        frame.draw(markup.notice(words("person.choose")))
        return
    title = st.container()
    period = frame.period_only(view)
    (everybody, totals), _ = view.read(period, "by_person", "totals")
    row = next((row for row in everybody if row["user_id"] == wanted), None)
    if row is None:
        with title:
            frame.heading(view, words("nav.person"))
        frame.draw(markup.notice(words("person.missing")))
        return
    with title:
        below = f"{row['department'] or words('department.none')} · {words.span(period.first, period.last)}"
        frame.heading(view, view.person(row), below)
    _content(view, period, row, totals[0])


def _content(view: View, period: Period, row: Row, total: Row) -> None:
    words = view.words
    person = (row["user_id"],)
    (days, models, hours), _ = view.read(period, "by_day_model", "by_model", "heat_map", people=person)
    (before,), _ = view.read_days(*period.previous, "totals", people=person)
    frame.draw(markup.cards(_figures(view, period, row, total, before[0])))
    shown = model_colours(view)
    with st.container(key="card_person_days"):
        who, top = person[0], [found["model"] for found in models[:_IN_CHART]]
        others = len(models) > len(top)
        frame.draw(
            Html(f'<h2 class="m-section">{escape(words("person.days"))}</h2>'),
            day_charts.legend(view, period, top, shown, with_others=others, person=who),
        )
        figure = day_charts.by_model(view, period, days, top, shown)
        day_charts.followed(
            view, figure, "person_days", words("person.days"),
            lambda: day_charts.table_by_day(view, days, person=who), person=who,
        )  # fmt: skip
    frame.draw(
        markup.panel(words("person.models"), _models(view, period, models, shown, person[0])),
        markup.panel(words("person.hours"), _hours(view, hours)),
    )


def _figures(view: View, period: Period, row: Row, total: Row, before: Row) -> list[Html]:
    words = view.words
    requests = int(row["requests"])
    each = (
        words.money(int(row["charged_ppln"]) // requests, "PLN", 4)
        if row["charged_ppln"] and requests
        else words("none")
    )
    share = int(row["charged_pusd"]) / int(total["charged_pusd"]) if total["charged_pusd"] else 0.0
    was = words("overview.before", value=words.money(int(before["charged_ppln"] or 0), "PLN"))
    where = view.explain(period.first, period.last, person=row["user_id"])
    used_on = words("person.used_on", n=int(row["days_active"]))
    tokens = f"{words('column.tokens')}: {words.compact(row['total_tokens'])}"
    return [
        markup.card(
            words("overview.spent"), view.pln(row), view.usd(row), was,
            href=where, title=words("explain.link"), wide=True,
        ),
        markup.card(words("person.share"), words.percent(share, 1), markup.meter(share, words.percent(share, 1))),
        markup.card(words("overview.requests"), words.count(requests), used_on),
        markup.card(words("overview.per_request"), each, tokens, href=where, title=words("explain.link")),
    ]  # fmt: skip


def _models(view: View, period: Period, models: Sequence[Row], shown: ModelColours, person: str) -> Html:
    words = view.words
    rows = to_the_grosz(models)
    most = max((int(row["charged_pusd"]) for row in rows), default=0) or 1
    columns = [
        Column("name", words("column.model"), "text"), Column("bar", words("column.share"), "bar"),
        Column("pln", words("amount.pln"), "num"), Column("requests", words("column.requests"), "num"),
        Column("input", words("column.input"), "num"), Column("output", words("column.output"), "num"),
    ]  # fmt: skip
    body = [
        {
            "name": markup.model(row["model"], shown[row["model"]]),
            "bar": markup.bar(int(row["charged_pusd"]) / most),
            "pln": view.amount(
                period.first, period.last, view.pln(row, "shown_ppln"), person=person, model=row["model"]
            ),
            "requests": words.count(row["requests"]),
            "input": words.compact(row["input_tokens"]),
            "output": words.compact(row["output_tokens"]),
        }
        for row in rows
    ]  # fmt: skip
    total = view.pln({"shown_ppln": shown_total(rows)}, "shown_ppln")
    foot = {
        "name": words("total"),
        "pln": view.amount(period.first, period.last, total, person=person),
        "requests": words.count(sum(row["requests"] for row in rows)),
    }
    return markup.table(columns, body, foot)


def _hours(view: View, rows: Sequence[Row]) -> Html:
    """Requests by weekday and hour; the darker, the more. Each cell says its number."""
    words = view.words
    counts = {(row["weekday"], row["hour"]): int(row["requests"]) for row in rows}
    most = max(counts.values(), default=0) or 1
    head = "".join(f"<span>{hour if hour % 3 == 0 else ''}</span>" for hour in range(24))
    lines = []
    for weekday in range(1, 8):
        cells = "".join(
            f'<i style="opacity:{0.06 + 0.94 * counts.get((weekday, hour), 0) / most:.2f}" '
            f'title="{escape(_hour_title(view, weekday, hour, counts.get((weekday, hour), 0)))}"></i>'
            for hour in range(24)
        )
        lines.append(f"<span>{escape(words.weekday_short(weekday - 1))}</span>{cells}")
    label = escape(words("person.hours"))
    return Html(f'<div class="m-heat" role="img" aria-label="{label}"><span></span>{head}{"".join(lines)}</div>')


def _hour_title(view: View, weekday: int, hour: int, n: int) -> str:
    return f"{view.words.weekday(weekday - 1)} {hour}:00 – {view.words('requests.count', n=n)}"
