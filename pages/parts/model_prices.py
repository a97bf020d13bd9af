"""What a million tokens of a model is sold for, now and when the period began, and what other prices would make."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

import streamlit as st

from mai_core.money import divide_half_up, units_of
from mai_core.reports.what_if import Prices, at_prices
from pages.parts import frame, markup, url_state
from pages.parts.markup import Cell, Column, Html, escape
from pages.parts.palette import ModelColours
from pages.parts.periods import Period
from pages.parts.price_list import price_list
from pages.parts.reading import Row
from pages.parts.view import View


def panel(view: View, period: Period, models: Sequence[Row], shown: ModelColours) -> Html:
    words = view.words
    now, then = price_list(view), price_list(view, period.first)
    title = words("models.prices" if now.is_sold else "models.prices.listed")
    known = [row["model"] for row in models if row["model"] in now.by_model]
    if not known:
        return markup.panel(title, Html(f"<p>{escape(words('models.prices.none'))}</p>"))
    columns = [
        Column("name", words("column.model"), "text"), Column("input", words("models.prices.input"), "num"),
        Column("cached", words("models.prices.cached"), "num"), Column("output", words("models.prices.output"), "num"),
    ]  # fmt: skip
    body = []
    for model in known:
        price = now.by_model[model]
        before = then.by_model.get(model, price)
        body.append(
            {
                "name": markup.model(model, shown[model]),
                "input": _price(view, price.input_per_million, before.input_per_million),
                "cached": _price(view, _cached(price), _cached(before)),
                "output": _price(view, price.output_per_million, before.output_per_million),
            }
        )
    said = words("models.prices.now_and_then", day=words.day(period.first))
    return markup.panel(title, Html(f'<p class="m-sub">{escape(said)}</p>'), markup.table(columns, body))


def _cached(price: Prices) -> Decimal:
    return price.input_per_million if price.cached_per_million is None else price.cached_per_million


def _price(view: View, now: Decimal, then: Decimal) -> Cell:
    words = view.words
    shown = money(view, now)
    if then == now:
        return shown
    css = "m-up" if now > then else "m-down"
    was = escape(words("models.prices.was", price=money(view, then)))
    return markup.joined(shown, Html(f'<small class="{css}">{was}</small>'))


def money(view: View, price: Decimal) -> str:
    """To the cent, or as exactly as was agreed up to a hundredth of one."""
    places = -int(price.normalize().as_tuple().exponent)
    return view.words.money(units_of(price), "USD", min(max(places, 2), 4))


def what_if(view: View, period: Period, models: Sequence[Row]) -> None:
    """The same tokens and requests at another model's sale prices, cached tokens at its price for those."""
    words = view.words
    with st.container(key="card_what_if"):
        frame.draw(Html(f'<h2 class="m-section">{escape(words("models.what_if"))}</h2>'))
        prices = price_list(view)
        if not prices.is_sold:
            frame.draw(Html(f'<p class="m-sub">{escape(words("models.what_if.one_client"))}</p>'))
            return
        used = [row["model"] for row in models]
        known = sorted(prices.by_model)
        others = [model for model in used[1:] if model in prices.by_model]
        with st.container(key="toolbar_what_if", horizontal=True):
            here = url_state.choice(
                words("models.what_if.question"), used, "from_model", used[0], str, 320, visible=True
            )
            there = url_state.choice(
                words("models.what_if.at"), known, "to_model", others[0] if others else known[0], str, 320,
                visible=True,
            )  # fmt: skip
        row = next(row for row in models if row["model"] == here)
        frame.draw(_answer(view, period, row, there, at_prices([row], prices.by_model[there])))


def _answer(view: View, period: Period, row: Row, there: str, other_pusd: int) -> Html:
    words, now_pusd = view.words, int(row["charged_pusd"])
    in_pln = None
    if row["charged_ppln"] and now_pusd:
        in_pln = divide_half_up(other_pusd * int(row["charged_ppln"]), now_pusd)
    change = words.signed_percent(other_pusd / now_pusd - 1) if now_pusd else words("none")
    about = words("none") if in_pln is None else f"≈ {words.money(in_pln, 'PLN')}"
    mix = words(
        "models.what_if.mix", input=words.compact(row["input_tokens"]), cached=words.compact(row["cached_tokens"]),
        output=words.compact(row["output_tokens"]),
    )  # fmt: skip
    return markup.cards(
        [
            markup.card(
                words("models.what_if.now"), view.pln(row), view.usd(row), row["model"],
                href=view.explain(period.first, period.last, model=row["model"]), title=words("explain.link"),
            ),
            markup.card(words("models.what_if.then"), about, words.money(other_pusd, "USD"), there),
            markup.card(words("column.change"), change, words.money(other_pusd - now_pusd, "USD"), mix),
        ]
    )  # fmt: skip
