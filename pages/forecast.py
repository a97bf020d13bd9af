"""Where it is heading: the rest of the month, the next 90 days, the day of the limit, and how wrong this has been."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta

import streamlit as st

from mai_core import forecast
from mai_core.days import month_days, month_of
from mai_core.forecast import Forecast
from pages.parts import charts, day_charts, frame, markup, outlook, url_state
from pages.parts.markup import Column, Html, escape
from pages.parts.view import View

_SHOWN_HISTORY = 42
_SAME_WEEKDAYS = 4


def show(view: View) -> None:
    words = view.words
    frame.heading(view, words("nav.forecast"), view.client.name if view.client else words("client.all"))
    days = outlook.history(view, "charged_ppln")
    if not days:
        frame.draw(markup.empty(words("empty.title"), words("empty.ever")))
        return
    first, last = month_days(month_of(view.today))
    with st.container(key="toolbar_forecast", horizontal=True):
        horizon = url_state.choice(
            words("forecast.horizon"), ["month", "90"], "horizon", "month",
            lambda name: words(f"forecast.horizon.{name}"), 220,
        )  # fmt: skip
    steps = (last - view.today).days + 1 if horizon == "month" else 90
    ahead = forecast.forecast(days, view.today, steps)
    landing = forecast.landing(days, view.today, first, last)
    frame.draw(markup.cards(_figures(view, landing, ahead)))
    with st.container(key="card_forecast"):
        frame.draw(Html(f'<h2 class="m-section">{escape(words("forecast.chart"))}</h2>'), _legend(view))
        past = {day: amount for day, amount in days.items() if day > view.today - timedelta(days=_SHOWN_HISTORY)}
        figure = charts.outlook(view, past, ahead)
        day_charts.followed(
            view, figure, "forecast", words("forecast.chart"), lambda: _table(view, ahead),
            ahead=lambda day: _expected(view, ahead, days, day),
        )  # fmt: skip
        said = _sum(view, forecast.landing(days, view.today, view.today, ahead.days[-1].day))
        method = words(f"forecast.method.{ahead.method}")
        frame.draw(Html(f'<p><b>{escape(said)}</b></p><p class="m-sub">{escape(method)}</p>'))


def _legend(view: View) -> Html:
    words = view.words
    swatches = {
        "forecast.was": markup.swatch(charts.main_colour(view)),
        "forecast.expected": Html('<span class="m-swatch m-dotted"></span>'),
        "forecast.band": markup.swatch(charts.band_colour(view)),
    }
    items = "".join(f"<span>{swatch.text}{escape(words(name))}</span>" for name, swatch in swatches.items())
    return Html(f'<div class="m-legend">{items}</div>')


def _expected(view: View, ahead: Forecast, past: Mapping[date, int], day: date) -> Html:
    """What is expected of a day, and the last days of its weekday, which it is expected from."""
    words = view.words
    expected = next((one for one in ahead.days if one.day == day), None)
    if expected is None:
        return Html("")
    amount, low, high = (words.money_brief(units, "PLN") for units in (expected.expected, expected.low, expected.high))
    band = words("overview.landing.band", low=low, high=high)
    said = words("forecast.day", day=words.day_with_weekday(day), amount=amount, band=band)
    weeks = (day - view.today).days // 7 + 1
    before = [day - timedelta(weeks=weeks + n) for n in range(_SAME_WEEKDAYS)]
    links = [
        markup.link(view.explain(one, one), f"{words.day_short(one)}: {words.money(past[one], 'PLN')}").text
        for one in before
        if one in past
    ]
    return Html(
        f'<p class="m-sub">{escape(said)}</p>'
        f'<div class="m-links"><span>{escape(words("forecast.day.before"))}</span>{"".join(links)}</div>'
    )


def _sum(view: View, whole: forecast.Landing) -> str:
    """Of the days that are shown, today as a whole."""
    words = view.words
    amount, low, high = (words.money_brief(units, "PLN") for units in (whole.expected, whole.low, whole.high))
    if whole.method == "none":
        return words("forecast.sum", amount=amount)
    return words("forecast.sum.band", amount=amount, band=words("overview.landing.band", low=low, high=high))


def _figures(view: View, landing: forecast.Landing, ahead: Forecast) -> list[Html]:
    words = view.words
    band = words(
        "overview.landing.band", low=words.money_brief(landing.low, "PLN"), high=words.money_brief(landing.high, "PLN")
    )
    error = words("forecast.error.none") if ahead.error is None else words.percent(ahead.error)
    checked = words("forecast.error.why", n=min(forecast.ORIGINS, ahead.history_days))
    return [
        markup.card(
            words("forecast.landing"), words.money_brief(landing.expected, "PLN"), band, wide=True,
            href=view.explain(view.today.replace(day=1), view.today), title=words("explain.link"),
        ),
        *_limit_figures(view),
        markup.card(words("forecast.error"), error, checked if ahead.error is not None else None),
    ]  # fmt: skip


def _limit_figures(view: View) -> list[Html]:
    words = view.words
    limit = view.client.limit_pusd if view.client else None
    if not limit:
        return [
            markup.card(words("forecast.pace"), words("none"), words("forecast.pace.none")),
            markup.card(words("forecast.limit_day"), words("none"), words("forecast.pace.none")),
        ]
    state = outlook.limit_state(view, limit)
    _, last = month_days(month_of(view.today))
    gone = (view.today.day - 1 + (view.now.hour * 60 + view.now.minute) / 1440) / last.day
    pace = forecast.pace(state.spent_pusd, gone, limit)
    note = words("forecast.pace.on", spent=words.percent(state.spent_pusd / limit), time=words.percent(gone))
    reached = words.day_short(state.reached) if state.reached else words("forecast.limit_day.never")
    return [
        markup.card(words("forecast.pace"), words("none") if pace is None else f"{words.number(pace, 2)}×", note),
        markup.card(
            words("forecast.limit_day"), reached, words("overview.limit.of", limit=words.money(limit, "USD", 0))
        ),
    ]


def _table(view: View, ahead: Forecast) -> Html:
    words = view.words
    columns = [
        Column("day", words("column.day"), "text"), Column("expected", words("forecast.expected"), "num"),
        Column("low", words("forecast.low"), "num"), Column("high", words("forecast.high"), "num"),
    ]  # fmt: skip
    body = [
        {
            "day": words.day_with_weekday(day.day),
            "expected": words.money(day.expected, "PLN"),
            "low": words.money(day.low, "PLN"),
            "high": words.money(day.high, "PLN"),
        }
        for day in ahead.days
    ]
    return markup.table(columns, body)
