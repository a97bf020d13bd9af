"""Which models, what they cost, what their tokens are made of, what they are sold for, and what if."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

from mai_core.money import divide_half_up
from mai_core.reports.lines import shown_total, to_the_grosz
from pages.parts import day_charts, frame, markup, model_prices
from pages.parts.downloads import Field, buttons
from pages.parts.markup import Column, Html, escape
from pages.parts.palette import ModelColours, model_colours
from pages.parts.periods import Period
from pages.parts.reading import Row
from pages.parts.view import View

_IN_CHART = 8
_SUMMED = ("charged_pusd", "requests", "input_tokens", "cached_tokens", "output_tokens")


def show(view: View) -> None:
    words = view.words
    period = frame.heading_with_period(view, words("nav.models"))
    (models, providers, split, days, totals), _ = view.read(
        period, "by_model", "by_provider", "by_model_provider", "by_day_model", "totals"
    )
    if not models:
        frame.nothing_here(view, period)
        return
    models = to_the_grosz(models)
    (earlier,), _ = view.read_days(*period.previous, "by_model")
    shown = model_colours(view)
    frame.draw(markup.cards(_figures(view, period, models, totals[0])))
    with st.container(key="card_models"):
        frame.draw(Html(f'<h2 class="m-section">{escape(words("models.cost"))}</h2>'))
        _table(view, period, models, {row["model"]: int(row["charged_ppln"] or 0) for row in earlier}, shown)
        buttons(view, "models", _fields(view), lambda: [_file_row(view, period, row) for row in models])
    with st.container(key="card_models_days"):
        top = [row["model"] for row in models[:_IN_CHART]]
        frame.draw(
            Html(f'<h2 class="m-section">{escape(words("overview.by_model"))}</h2>'),
            day_charts.legend(view, period, top, shown, with_others=len(models) > len(top)),
        )
        figure = day_charts.by_model(view, period, days, top, shown)
        alt = words("overview.by_model")
        day_charts.followed(view, figure, "models_days", alt, lambda: day_charts.table_by_day(view, days))
    frame.draw(
        markup.side_by_side(
            model_prices.panel(view, period, models, shown),
            markup.stacked(
                markup.panel(words("models.providers"), _providers(view, period, providers)),
                markup.panel(words("models.split"), _split(view, period, split, shown)),
            ),
        )
    )
    model_prices.what_if(view, period, models)


def _figures(view: View, period: Period, models: Sequence[Row], total: Row) -> list[Html]:
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
        markup.card(
            words("models.per_million"), per_million, href=view.explain(period.first, period.last),
            title=words("explain.link"),
        ),
        markup.card(words("models.cached"), words.percent(cached), words("models.cached.of")),
        markup.card(words("models.reasoning"), words.percent(reasoning), words("models.reasoning.of")),
    ]  # fmt: skip


def _table(view: View, period: Period, models: Sequence[Row], before: Mapping[str, int], shown: ModelColours) -> None:
    words = view.words
    most = int(models[0]["charged_pusd"]) or 1
    columns = [
        Column("name", words("column.model"), "text"), Column("bar", words("column.share"), "bar"),
        Column("pln", words("amount.pln"), "num"), Column("usd", words("amount.usd"), "num"),
        Column("requests", words("column.requests"), "num"), Column("people", words("overview.people"), "num"),
        Column("input", words("column.input"), "num"), Column("cached", words("column.cached"), "num"),
        Column("output", words("column.output"), "num"), Column("change", words("column.change"), "num"),
    ]  # fmt: skip
    body = [
        {
            "name": markup.model(row["model"], shown[row["model"]]),
            "bar": markup.bar(int(row["charged_pusd"]) / most),
            "pln": view.amount(period.first, period.last, view.pln(row, "shown_ppln"), model=row["model"]),
            "usd": view.also(period.first, period.last, view.usd(row), model=row["model"]),
            "requests": words.count(row["requests"]),
            "people": words.count(row["people"]),
            "input": words.compact(row["input_tokens"]),
            "cached": words.percent(row["cached_tokens"] / row["input_tokens"] if row["input_tokens"] else 0),
            "output": words.compact(row["output_tokens"]),
            "change": markup.change(words, int(row["charged_ppln"] or 0), before.get(row["model"])),
        }
        for row in models
    ]  # fmt: skip
    whole = {key: sum(int(row[key]) for row in models) for key in _SUMMED}
    foot = {
        "name": words("total"),
        "pln": view.amount(period.first, period.last, view.pln({"shown_ppln": shown_total(models)}, "shown_ppln")),
        "usd": view.also(period.first, period.last, view.usd(whole)),
        "requests": words.count(whole["requests"]),
        "input": words.compact(whole["input_tokens"]),
        "cached": words.percent(whole["cached_tokens"] / whole["input_tokens"] if whole["input_tokens"] else 0),
        "output": words.compact(whole["output_tokens"]),
    }
    frame.draw(markup.table(columns, body, foot))


def _providers(view: View, period: Period, providers: Sequence[Row]) -> Html:
    words = view.words
    most = max((int(row["charged_pusd"]) for row in providers), default=0) or 1
    columns = [
        Column("name", words("column.provider"), "text"), Column("bar", words("column.share"), "bar"),
        Column("requests", words("column.requests"), "num"), Column("pln", words("amount.pln"), "num"),
    ]  # fmt: skip
    body = [
        {
            "name": markup.name(row["provider"] or words("provider.none")),
            "bar": markup.bar(int(row["charged_pusd"]) / most),
            "requests": words.count(row["requests"]),
            "pln": view.amount(period.first, period.last, view.pln(row), provider=row["provider"]),
        }
        for row in providers
    ]
    return markup.table(columns, body)


def _split(view: View, period: Period, rows: Sequence[Row], shown: ModelColours) -> Html:
    """Who served the models that more than one provider serves, as shares of the model's amount."""
    words = view.words
    by_model: dict[str, list[Row]] = {}
    for row in rows:
        by_model.setdefault(row["model"], []).append(row)
    served = {model: found for model, found in by_model.items() if len(found) > 1}
    if not served:
        return Html(f"<p>{escape(words('models.split.none'))}</p>")
    columns = [Column("name", words("column.model"), "text"), Column("providers", words("models.providers"), "text")]
    body = []
    for model, found in sorted(served.items(), key=lambda item: -sum(int(row["charged_pusd"]) for row in item[1])):
        whole = sum(int(row["charged_pusd"]) for row in found)
        parts = [
            markup.link(
                view.explain(period.first, period.last, model=model, provider=row["provider"]),
                markup.joined(
                    row["provider"] or words("provider.none"),
                    f" {words.percent(int(row['charged_pusd']) / whole if whole else 0)}",
                ),
            )
            for row in found
        ]
        shares = markup.joined(
            *(markup.joined(part, " · " if place < len(parts) - 1 else "") for place, part in enumerate(parts))
        )
        body.append({"name": markup.model(model, shown[model]), "providers": shares})
    return markup.table(columns, body)


def _fields(view: View) -> list[Field]:
    words = view.words
    return [
        Field("model", words("column.model")), Field("requests", words("column.requests"), "count"),
        Field("input_tokens", words("column.input"), "count"), Field("output_tokens", words("column.output"), "count"),
        Field("cached_tokens", words("column.cached"), "count"), Field("charged_pusd", words("amount.usd"), "money"),
        Field("charged_ppln", words("amount.pln"), "money"), Field("link", words("explain.link")),
    ]  # fmt: skip


def _file_row(view: View, period: Period, row: Row) -> dict[str, Any]:
    return {**row, "link": frame.public_url() + view.explain(period.first, period.last, model=row["model"])}
