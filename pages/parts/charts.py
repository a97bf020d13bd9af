"""Plotly in our own dress. A chart's y value may be a float; what its tooltip says comes from exact units."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from html import escape as quoted
from typing import Any

import streamlit as st

from mai_core.forecast import Forecast
from mai_core.language import Words
from mai_core.language.plain_text import undirected
from pages.parts import colours
from pages.parts.figure import Figure
from pages.parts.reading import Row
from pages.parts.view import View

_CONFIG = {"displayModeBar": False, "responsive": True, "scrollZoom": False, "doubleClick": False}
_MOST_TICKS = 6


def show(view: View, figure: Figure, key: str, alt: str, *, select: bool = False) -> Any:
    return st.plotly_chart(
        figure, theme=None, key=key, config=_CONFIG, alt=alt,
        on_select="rerun" if select else "ignore", selection_mode="points",
    )  # fmt: skip


def dressed(view: View, height: int = 280) -> Figure:
    """An empty figure with our fonts, colours, number format and no decoration."""
    dark = view.dark
    ink, line = ("#9fabbd", "#2b3440") if dark else ("#586173", "#e6e9ef")
    surface, text = ("#222a36", "#e8ecf3") if dark else ("#ffffff", "#171c26")
    figure = Figure()
    figure.update_layout(
        height=height, margin={"l": 4, "r": 8, "t": 8, "b": 4},
        paper_bgcolor="rgba(0,0,0,0)", plot_bgcolor="rgba(0,0,0,0)",
        font={"family": "Inter, sans-serif", "size": 12.5, "color": ink}, showlegend=False, dragmode=False,
        separators=",\u00a0" if view.words.language == "pl" else ".,", bargap=0.22, hovermode="x unified",
        hoverlabel={"bgcolor": surface, "bordercolor": line, "font": {"color": text, "size": 12.5, "family": "Inter"}},
        legend={"orientation": "h", "y": 1.08, "x": 0, "font": {"size": 12}},
    )  # fmt: skip
    figure.update_xaxes(
        showgrid=False, zeroline=False, linecolor=line, fixedrange=True, automargin=True, tickfont={"color": ink}
    )
    figure.update_yaxes(
        gridcolor=line, zeroline=True, zerolinecolor=line, rangemode="tozero", fixedrange=True, automargin=True,
        tickfont={"color": ink}, nticks=5, ticklabelstandoff=5,
    )  # fmt: skip
    return figure


def day_ticks(words: Words, days: Sequence[date], most: int = _MOST_TICKS) -> dict[str, Any]:
    """Dates in the reader's language, few enough to stand side by side on a phone."""
    if not days:
        return {}
    step = max(1, -(-len(days) // most))
    shown = days[::-1][::step][::-1]
    return {
        "type": "date",
        "tickmode": "array",
        "tickvals": [day.isoformat() for day in shown],
        "ticktext": [words.day_short(day) for day in shown],
        "hoverformat": "%d.%m.%Y",
        "tickangle": 0,
    }


def day_range(first: date, last: date, *, half: bool) -> list[str]:
    """From the first day to the last; `half` a day more on each side, where columns stand on them."""
    if not half:
        return [first.isoformat(), last.isoformat()]
    return [f"{first - timedelta(days=1)}T12:00", f"{last}T12:00"]


def in_pln(units: int | None) -> float | None:
    return None if units is None else units / 10**12


def both(words: Words, row: Mapping[str, Any]) -> str:
    """'412,18 zł · 103,02 USD' for a tooltip."""
    pln, usd = row.get("charged_ppln"), words.money(int(row.get("charged_pusd") or 0), "USD")
    return usd if pln is None else f"{words.money(int(pln), 'PLN')} · {usd}"


def safe(text: str, longest: int = 40) -> str:
    """Plotly reads some HTML in names (but no &quot;) and %{...} in tooltips: nothing of it comes from data."""
    short = text if len(text) <= longest else text[: longest - 1] + "…"
    return quoted(undirected(short), quote=False).replace("{", "&#123;")


def main_colour(view: View) -> str:
    return "#6ea3ff" if view.dark else "#2f6fde"


def band_colour(view: View) -> str:
    return "rgba(110,163,255,.18)" if view.dark else "rgba(47,111,222,.14)"


def hatched(view: View, running: Sequence[bool]) -> dict[str, Any]:
    """What has not ended yet is drawn as a part, not as a fall."""
    return {
        "shape": ["/" if one else "" for one in running], "fgcolor": "#1a202a" if view.dark else "#ffffff",
        "fillmode": "overlay", "size": 5, "solidity": 0.35,
    }  # fmt: skip


def months(view: View, rows: Sequence[Row]) -> Figure:
    """One column per month, its amount written on it; the running month is hatched."""
    words, figure = view.words, dressed(view, 240)
    running = view.today.replace(day=1)
    figure.add_bar(
        x=[row["period"].isoformat() for row in rows],
        y=[in_pln(row["charged_ppln"]) for row in rows],
        text=[words.money_brief(int(row["charged_ppln"]), "PLN") if row["charged_ppln"] else "" for row in rows],
        textposition="outside", cliponaxis=False,
        marker={
            "color": main_colour(view), "cornerradius": 3,
            "pattern": hatched(view, [row["period"] == running for row in rows]),
        },
        customdata=[both(words, row) for row in rows],
        hovertemplate="%{customdata}<extra></extra>",
    )  # fmt: skip
    figure.update_xaxes(
        type="category", tickmode="array", tickangle=0, tickvals=[row["period"].isoformat() for row in rows],
        ticktext=[_month_tick(words, row["period"], place) for place, row in enumerate(rows)],
    )  # fmt: skip
    figure.update_yaxes(showticklabels=False, showgrid=False)
    # On a phone a label would shrink with its column until nobody can read it.
    figure.update_layout(margin={"t": 24}, uniformtext={"mode": "hide", "minsize": 9})
    return figure


def _month_tick(words: Words, month: date, place: int) -> str:
    """'lis', with the year below where it begins."""
    name, year = words.month_short(month).split(" ")
    return f"{name}<br>{year}" if place == 0 or month.month == 1 else name


UNMARKED = {"selected": {"marker": {"opacity": 0}}, "unselected": {"marker": {"opacity": 0}}}
"""Points that are there to be pressed and never seen."""


def outlook(view: View, past: Mapping[date, int], ahead: Forecast) -> Figure:
    """What was, as columns; what is expected, as a dashed line with its band."""
    words, figure = view.words, dressed(view, 320)
    main, soft = main_colour(view), band_colour(view)
    before, after = sorted(past), ahead.days
    figure.add_bar(
        x=[day.isoformat() for day in before], y=[in_pln(past[day]) for day in before], name=words("forecast.was"),
        marker={"color": main, "cornerradius": 2, "opacity": 0.75,
                "pattern": hatched(view, [day == view.today for day in before])},
        unselected={"marker": {"opacity": 0.5}},
        customdata=[words.money(past[day], "PLN") for day in before],
        hovertemplate=f"{words('forecast.was')}: %{{customdata}}<extra></extra>",
    )  # fmt: skip
    days = [item.day.isoformat() for item in after]
    figure.add_scatter(
        x=days + days[::-1], y=[in_pln(item.high) for item in after] + [in_pln(item.low) for item in reversed(after)],
        mode="lines", fill="toself", fillcolor=soft, line={"width": 0}, hoverinfo="skip", name=words("forecast.band"),
    )  # fmt: skip
    figure.add_scatter(
        x=days, y=[in_pln(item.expected) for item in after], mode="lines+markers", name=words("forecast.expected"),
        line={"color": main, "width": 2.2, "dash": "dot"}, marker={"color": main, "size": 7, "opacity": 0}, **UNMARKED,
        customdata=[
            f"{words.money(item.expected, 'PLN')} ({words.money(item.low, 'PLN')} – {words.money(item.high, 'PLN')})"
            for item in after
        ],
        hovertemplate=f"{words('forecast.expected')}: %{{customdata}}<extra></extra>",
    )  # fmt: skip
    first = before[0] if before else view.today
    figure.update_xaxes(
        **day_ticks(words, [first + timedelta(days=n) for n in range((after[-1].day - first).days + 1)], most=6),
        range=day_range(first, after[-1].day, half=True),
    )
    figure.update_yaxes(**pln_axis(words))
    figure.update_layout(margin={"r": 24})
    return figure


def of_result(view: View, axis: Sequence[str], series: Mapping[str, Sequence[float | None]]) -> Figure:
    """A query's numbers against its first other column."""
    figure = dressed(view, 320)
    palette = colours.DARK if view.dark else colours.LIGHT
    for place, (name, values) in enumerate(series.items()):
        figure.add_bar(
            x=[safe(text) for text in axis], y=list(values), name=safe(name), marker={"color": palette[place]}
        )
    figure.update_layout(showlegend=len(series) > 1, barmode="group")
    figure.update_xaxes(type="category", nticks=_MOST_TICKS)
    return figure


def pln_axis(words: Words) -> dict[str, str]:
    return {"ticksuffix": " zł"} if words.language == "pl" else {"tickprefix": "PLN "}
