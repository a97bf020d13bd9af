"""Amounts day by day, as columns or as areas per model; a pressed point leads to what it is made of."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date, timedelta
from typing import Any

import streamlit as st

from mai_core.days import days_between
from mai_core.language import Words
from pages.parts import frame, markup
from pages.parts.charts import (
    UNMARKED,
    both,
    day_range,
    day_ticks,
    dressed,
    hatched,
    in_pln,
    main_colour,
    pln_axis,
    safe,
    show,
)
from pages.parts.figure import Figure
from pages.parts.markup import Column, Html
from pages.parts.palette import ModelColours
from pages.parts.periods import Period
from pages.parts.reading import Row
from pages.parts.view import View

_FEWEST_FOR_AREA = 4
"""Whole days; fewer are columns, because an area needs a left and a right."""

Series = tuple[str, str, str | None, Mapping[date, Mapping[str, Any]]]
"""Name, colour, model that its points are explained by (None: all), rows by day."""


def days(view: View, period: Period, rows: Sequence[Row]) -> Figure:
    """One column per day of the period."""
    series: Series = (view.words("amount.pln"), main_colour(view), None, {row["day"]: row for row in rows})
    return _dated(view, days_between(period.first, period.last), [series], columns=True, height=240)


def by_model(view: View, period: Period, rows: Sequence[Row], top: Sequence[str], shown: ModelColours) -> Figure:
    """The largest models in their colours, the rest together; the largest at the bottom, on a straight base."""
    every = days_between(period.first, period.last)
    series = _model_series(view.words, rows, top, shown)
    whole = [day for day in every if day != view.today]
    return _dated(view, every, series, columns=len(whole) < _FEWEST_FOR_AREA, height=280)


def _model_series(words: Words, rows: Sequence[Row], top: Sequence[str], shown: ModelColours) -> list[Series]:
    by_name: dict[str, dict[date, Row]] = {name: {} for name in (*top, "")}
    for row in rows:
        name = row["model"] if row["model"] in by_name else ""
        before = by_name[name].get(row["day"])
        by_name[name][row["day"]] = row if before is None else _added(before, row)
    series: list[Series] = [(name, shown[name], name, by_name[name]) for name in top]
    if by_name[""]:
        series.append((words("model.other"), shown.others, None, by_name[""]))
    return series


def _added(one: Row, other: Row) -> Row:
    return {key: (one.get(key) or 0) + (other.get(key) or 0) for key in ("charged_ppln", "charged_pusd", "requests")}


def _dated(view: View, every: Sequence[date], series: Sequence[Series], *, columns: bool, height: int) -> Figure:
    words, figure = view.words, dressed(view, height)
    top = 0.0
    for one in series:
        if columns:
            _add_columns(view, figure, every, one)
        else:
            _add_area(view, figure, [day for day in every if day != view.today], one)
            top = _add_today(view, figure, one, top) if view.today in every else top
    figure.update_layout(barmode="stack", uirevision="keep", margin={"r": 24})
    figure.update_xaxes(
        **day_ticks(words, every), range=day_range(every[0], every[-1], half=columns),
        unifiedhovertitle={"text": "<b>%{x|%d.%m.%Y}</b>"},
    )  # fmt: skip
    figure.update_yaxes(**pln_axis(words))
    return figure


def _told(view: View, series: Series, shown: Sequence[date]) -> dict[str, Any]:
    """What a series says on its days, in whichever shape: where it stands, whose it is, what its tooltip tells. A
    stack has a point of every series on every day, also where there is nothing to tell."""
    name, _, model, rows = series
    found = [rows.get(day) for day in shown]
    return {
        "x": [day.isoformat() for day in shown],
        "y": [in_pln(row.get("charged_ppln")) if row else None for row in found],
        "customdata": [both(view.words, row) if row else view.words("none") for row in found],
        "name": safe(name), "meta": model, "hovertemplate": f"{safe(name)}: %{{customdata}}<extra></extra>",
    }  # fmt: skip


def _add_columns(view: View, figure: Figure, every: Sequence[date], series: Series) -> None:
    _, colour, _, _ = series
    figure.add_bar(
        **_told(view, series, every),
        marker={"color": colour, "line": {"width": 0}, "cornerradius": 2,
                "pattern": hatched(view, [day == view.today for day in every])},
        unselected={"marker": {"opacity": 0.7}},
    )  # fmt: skip


def _add_area(view: View, figure: Figure, shown: Sequence[date], series: Series) -> None:
    _, colour, _, _ = series
    figure.add_scatter(
        **_told(view, series, shown), stackgroup="whole", mode="lines+markers", fillcolor=colour,
        line={"color": colour, "width": 1}, marker={"color": colour, "size": 7, "opacity": 0}, **UNMARKED,
    )  # fmt: skip


def _add_today(view: View, figure: Figure, series: Series, top: float) -> float:
    """The running day is hatched: it is not a fall. Its area begins at yesterday and says nothing; its point does.
    Returns how high the areas stand now."""
    _, colour, _, rows = series
    edge, today = ((in_pln(rows[day].get("charged_ppln")) or 0.0) if day in rows else 0.0
                   for day in (view.today - timedelta(days=1), view.today))  # fmt: skip
    figure.add_scatter(
        x=[(view.today - timedelta(days=1)).isoformat(), view.today.isoformat()], y=[edge, today],
        stackgroup="running", mode="lines", line={"color": colour, "width": 1}, hoverinfo="skip",
        fillpattern={"shape": "/", "size": 5, "solidity": 0.35, "fgcolor": colour, "bgcolor": "rgba(0,0,0,0)"},
    )  # fmt: skip
    if view.today in rows:
        figure.add_scatter(
            **{**_told(view, series, [view.today]), "y": [top + today]}, mode="markers",
            marker={"color": colour, "size": 7, "opacity": 0}, **UNMARKED,
        )  # fmt: skip
    return top + today


def legend(
    view: View, period: Period, top: Sequence[str], shown: ModelColours, *, with_others: bool, **filters: str
) -> Html:
    """Which colour is which model; each name leads to its amount's explanation."""
    items = [
        markup.link(
            view.explain(period.first, period.last, **{**filters, "model": name}),
            markup.joined(markup.swatch(shown[name]), name.rpartition("/")[2] or "–"),
        )
        for name in top
    ]
    if with_others:
        items.append(markup.joined(markup.swatch(shown.others), view.words("model.other")))
    if period.is_running:
        items.append(markup.joined(Html('<span class="m-swatch m-hatched"></span>'), view.words("chart.partial")))
    return Html(f'<div class="m-legend" dir="auto">{"".join(f"<span>{item.text}</span>" for item in items)}</div>')


@st.fragment
def followed(
    view: View,
    figure: Figure,
    key: str,
    alt: str,
    table: Callable[[], Html] | None = None,
    span: Callable[[date], tuple[date, date]] = lambda day: (day, day),
    ahead: Callable[[date], Html] | None = None,
    **filters: str,
) -> None:
    """A chart whose pressed point leads to what it is made of; the same as a table for whoever cannot press it.
    `ahead` tells of a day that has not come yet.

    What was pressed is remembered: a new event draws the chart anew, and Plotly then forgets."""
    state = show(view, figure, key, alt, select=True)
    points = state.selection.points if state and state.selection else []
    remembered = f"{key}_pressed"
    if points:
        st.session_state[remembered] = str(points[0].get("x", ""))[:10]
    pressed = st.session_state.get(remembered, "")
    if any(pressed in trace["x"] for trace in figure.data):
        if ahead is not None and pressed > view.today.isoformat():
            frame.draw(ahead(date.fromisoformat(pressed)))
        else:
            _draw_links(view, figure, pressed, span, filters)
    if table is not None and st.toggle(view.words("chart.table"), key=f"{key}_as_table"):
        frame.draw(table())


def _draw_links(
    view: View,
    figure: Figure,
    pressed: str,
    span: Callable[[date], tuple[date, date]],
    filters: Mapping[str, str],
) -> None:
    """The day as a whole, and each model of it: where areas are stacked a finger cannot choose among them."""
    try:
        first, last = span(date.fromisoformat(pressed))
    except ValueError:
        return
    if first > view.today:
        return
    words = view.words
    when = words.span(first, last)
    links = [markup.link(view.explain(first, last, **filters), f"{when}: {words('explain.link')}")]
    told = (trace for trace in figure.data if trace.get("meta") and pressed in trace["x"])
    for model in dict.fromkeys(trace["meta"] for trace in told if trace["y"][trace["x"].index(pressed)] is not None):
        where = view.explain(first, last, **{**filters, "model": model})
        links.append(markup.link(where, markup.name(str(model).rpartition("/")[2]), words("explain.link")))
    frame.draw(Html(f'<div class="m-links">{"".join(link.text for link in links)}</div>'))


def table_by_day(view: View, rows: Sequence[Row], **filters: str) -> Html:
    """The sums of a chart's days, the last first."""
    words = view.words
    sums: dict[date, Row] = {}
    for row in rows:
        sums[row["day"]] = _added(sums[row["day"]], row) if row["day"] in sums else row
    columns = [
        Column("day", words("column.day"), "text"), Column("requests", words("column.requests"), "num"),
        Column("usd", words("amount.usd"), "num"), Column("pln", words("amount.pln"), "num"),
    ]  # fmt: skip
    body = [
        {
            "day": words.day_with_weekday(day),
            "requests": words.count(sums[day]["requests"]),
            "usd": view.also(day, day, view.usd(sums[day]), **filters),
            "pln": view.amount(day, day, view.pln(sums[day]), **filters),
        }
        for day in sorted(sums, reverse=True)
    ]
    return markup.table(columns, body)
