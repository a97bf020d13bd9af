"""Which models, what they cost, what their tokens are made of, what they are sold for, and what if."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

import streamlit as st

from mai_core.money import divide_half_up, units_of
from mai_core.reports.lines import shown_total, to_the_grosz
from pages.parts import charts, frame, markup, price_list, url_state
from pages.parts.downloads import Field, buttons
from pages.parts.markup import Column, Html, escape
from pages.parts.palette import ModelColours, model_colours
from pages.parts.periods import Period
from pages.parts.reading import Row
from pages.parts.view import View


def show(view: View) -> None:
    words = view.words
    period = frame.heading_with_period(view, words("nav.models"))
    (models, providers, days, totals), _ = view.read(period, "by_model", "by_provider", "by_day_model", "totals")
    if not models:
        frame.nothing_here(view, period)
        return
    models = to_the_grosz(models)
    (earlier,), _ = view.read_days(*period.previous, "by_model")
    shown = model_colours(view)
    prices = price_list.sold(view)
    frame.draw(markup.cards(_figures(view, models, totals[0])))
    with st.container(key="card_models"):
        frame.draw(Html(f'<h2 class="m-section">{escape(words("models.cost"))}</h2>'))
        _table(view, period, models, {row["model"]: int(row["charged_ppln"] or 0) for row in earlier}, shown)
        buttons(view, "models", _fields(view), lambda: [_file_row(row) for row in models])
    with st.container(key="card_models_days"):
        frame.draw(Html(f'<h2 class="m-section">{escape(words("overview.by_model"))}</h2>'))
        figure = charts.by_model(view, period, days, [row["model"] for row in models[:8]], shown)
        charts.show_days(view, figure, "models_days", words("overview.by_model"))
    frame.draw(
        markup.side_by_side(
            markup.panel(words("models.prices"), _prices(view, models, prices, shown)),
            markup.panel(words("models.providers"), _providers(view, period, providers)),
        )
    )
    _what_if(view, models, prices)


def _figures(view: View, models: Sequence[Row], total: Row) -> list[Html]:
    words = view.words
    cached = total["cached_tokens"] / total["input_tokens"] if total["input_tokens"] else 0.0
    reasoning = total["reasoning_tokens"] / total["output_tokens"] if total["output_tokens"] else 0.0
    tokens = int(total["total_tokens"])
    per_million = (
        words.money(divide_half_up(int(total["charged_ppln"]) * 10**6, tokens), "PLN")
        if total["charged_ppln"] and tokens
        else words("none")
    )
    return [
        markup.card(words("models.count"), words.count(len(models))),
        markup.card(words("models.per_million"), per_million),
        markup.card(words("models.cached"), words.percent(cached), words("models.cached.of")),
        markup.card(words("models.reasoning"), words.percent(reasoning), words("models.reasoning.of")),
    ]


def _table(view: View, period: Period, models: Sequence[Row], before: Mapping[str, int], shown: ModelColours) -> None:
    words = view.words
    most = int(models[0]["charged_pusd"]) or 1
    columns = [
        Column("name", words("column.model"), "text"), Column("bar", words("column.share")),
        Column("pln", words("amount.pln"), "num"), Column("usd", words("amount.usd"), "num"),
        Column("requests", words("column.requests"), "num"), Column("people", words("overview.people"), "num"),
        Column("input", words("column.input"), "num"), Column("cached", words("column.cached"), "num"),
        Column("output", words("column.output"), "num"), Column("change", words("column.change"), "num"),
    ]  # fmt: skip
    body = [
        {
            "name": markup.model(row["model"], shown[row["model"]]),
            "bar": markup.bar(int(row["charged_pusd"]) / most),
            "pln": markup.amount_link(
                view.explain(period.first, period.last, model=row["model"]), view.pln(row, "shown_ppln"),
                words("explain.link"),
            ),
            "usd": view.usd(row),
            "requests": words.count(row["requests"]),
            "people": words.count(row["people"]),
            "input": words.compact(row["input_tokens"]),
            "cached": words.percent(row["cached_tokens"] / row["input_tokens"] if row["input_tokens"] else 0),
            "output": words.compact(row["output_tokens"]),
            "change": markup.change(words, int(row["charged_ppln"] or 0), before.get(row["model"])),
        }
        for row in models
    ]  # fmt: skip
    foot = {
        "name": words("total"),
        "pln": view.pln({"shown_ppln": shown_total(models)}, "shown_ppln"),
        "usd": words.money(sum(int(row["charged_pusd"]) for row in models), "USD"),
        "requests": words.count(sum(row["requests"] for row in models)),
    }
    frame.draw(markup.table(columns, body, foot))


def _providers(view: View, period: Period, providers: Sequence[Row]) -> Html:
    words = view.words
    most = max((int(row["charged_pusd"]) for row in providers), default=0) or 1
    columns = [
        Column("name", words("column.provider"), "text"), Column("bar", words("column.share")),
        Column("requests", words("column.requests"), "num"), Column("pln", words("amount.pln"), "num"),
    ]  # fmt: skip
    body = [
        {
            "name": markup.name(row["provider"] or words("provider.none")),
            "bar": markup.bar(int(row["charged_pusd"]) / most),
            "requests": words.count(row["requests"]),
            "pln": markup.amount_link(
                view.explain(period.first, period.last, provider=row["provider"]), view.pln(row), words("explain.link")
            ),
        }
        for row in providers
    ]
    return markup.table(columns, body)


def _prices(view: View, models: Sequence[Row], prices: Mapping[str, price_list.Price], shown: ModelColours) -> Html:
    words = view.words
    known = [(row["model"], prices[row["model"]]) for row in models if row["model"] in prices]
    if not known:
        return Html(f"<p>{escape(words('models.prices.none'))}</p>")
    columns = [
        Column("name", words("column.model"), "text"), Column("input", words("models.prices.input"), "num"),
        Column("output", words("models.prices.output"), "num"),
    ]  # fmt: skip
    body = [
        {
            "name": markup.model(model, shown[model]),
            "input": words.money(units_of(price.input_per_million), "USD"),
            "output": words.money(units_of(price.output_per_million), "USD"),
        }
        for model, price in known
    ]
    return markup.table(columns, body)


def _what_if(view: View, models: Sequence[Row], prices: Mapping[str, price_list.Price]) -> None:
    """The same tokens at another model's sale price; cached tokens count as plain input."""
    words = view.words
    if not prices:
        return
    with st.container(key="card_what_if"):
        frame.draw(Html(f'<h2 class="m-section">{escape(words("models.what_if"))}</h2>'))
        with st.container(horizontal=True):
            used = [row["model"] for row in models]
            here = url_state.choice(
                words("models.what_if.question"), used, "from_model", used[0], str, 320, visible=True
            )
            known = sorted(prices)
            there = url_state.choice(words("models.what_if.at"), known, "to_model", known[0], str, 320, visible=True)
        row = next((row for row in models if row["model"] == here), models[0])
        price = prices.get(there)
        if price is None:
            return
        tokens_in, tokens_out = Decimal(row["input_tokens"]), Decimal(row["output_tokens"])
        other = units_of((tokens_in * price.input_per_million + tokens_out * price.output_per_million) / 10**6)
        now = int(row["charged_pusd"])
        change = words.signed_percent(other / now - 1) if now else words("none")
        answer = words(
            "models.what_if.answer", there=words.money(other, "USD"), here=words.money(now, "USD"), change=change
        )
        frame.draw(markup.notice(answer))


def _fields(view: View) -> list[Field]:
    words = view.words
    return [
        Field("model", words("column.model")), Field("requests", words("column.requests"), "count"),
        Field("input_tokens", words("column.input"), "count"), Field("output_tokens", words("column.output"), "count"),
        Field("cached_tokens", words("column.cached"), "count"), Field("charged_pusd", words("amount.usd"), "money"),
        Field("charged_ppln", words("amount.pln"), "money"),
    ]  # fmt: skip


def _file_row(row: Row) -> dict[str, Any]:
    return dict(row)
