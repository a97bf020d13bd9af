"""Sale prices agreed on instead of a markup: which are in force, which will be, and for operators what they are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from decimal import Decimal
from typing import Any, Literal

import streamlit as st

from mai_core.days import parse_instant_ms
from mai_core.money import units_of
from mai_core.reports.what_if import Prices
from pages.parts import api, frame, markup, rates
from pages.parts.markup import Cell, Column, Html, escape
from pages.parts.price_list import forget_prices, price_list
from pages.parts.view import View

_PRICES = "/api/v1/sale-prices"
_USED_DAYS = 90

Agreed = Mapping[str, Any]
State = Literal["now", "later", "replaced", "ended"]


def show(view: View) -> None:
    words = view.words
    whose = view.client.name if view.client else words("prices.for_all")
    frame.heading(view, words("nav.prices"), whose)
    asked = {"client": view.client_id} if view.client_id else {}
    agreed: list[Agreed] = api.call("GET", _PRICES, view.session.token, params=asked)
    states = states_of(agreed, view.now_ms)
    with st.container(key="card_prices"):
        frame.draw(Html(f'<p class="m-sub">{escape(words("prices.how"))}</p>'))
        past = any(state in ("replaced", "ended") for state in states)
        everything = past and st.toggle(words("prices.past"), key="prices_past")
        shown = [
            (price, state)
            for price, state in zip(agreed, states, strict=True)
            if everything or state in ("now", "later")
        ]
        to_markups = markup.link(view.link("clients"), words("prices.markups"))
        frame.draw(_table(view, shown), Html(f'<div class="m-links m-below">{to_markups.text}</div>'))
    if view.session.role == "operator":
        with st.container(key="card_price_set", width=640):
            _form(view, agreed, states)


def states_of(agreed: Sequence[Agreed], now_ms: int) -> list[State]:
    """Of each price what it is now. They come in the order of time: of one client and model the last that has begun
    is the one that counts."""
    last: dict[tuple[str | None, str], int] = {}
    for place, price in enumerate(agreed):
        if parse_instant_ms(price["since"]) <= now_ms:
            last[_whose(price)] = place
    states: list[State] = []
    for place, price in enumerate(agreed):
        counting = last.get(_whose(price), -1)
        if place > counting:
            states.append("later")
        elif place < counting:
            states.append("replaced")
        else:
            states.append("ended" if price["ended"] else "now")
    return states


def _whose(price: Agreed) -> tuple[str | None, str]:
    return price["client_org_id"], price["model"]


def _table(view: View, shown: Sequence[tuple[Agreed, State]]) -> Html:
    words = view.words
    if not shown:
        return Html(f"<p>{escape(words('prices.none'))}</p>")
    names = {client.client_org_id: client.name for client in view.clients}
    columns = [
        Column("model", words("column.model"), "text"), Column("whose", words("column.client"), "text"),
        Column("input", words("models.prices.input"), "num"), Column("cached", words("models.prices.cached"), "num"),
        Column("output", words("models.prices.output"), "num"), Column("request", words("prices.request"), "num"),
        Column("since", words("clients.since"), "text"), Column("state", words("column.state")),
    ]  # fmt: skip
    body: list[dict[str, Cell]] = [
        {
            "model": markup.name(price["model"]),
            "whose": markup.name(names.get(price["client_org_id"], price["client_org_id"] or words("prices.for_all"))),
            **_amounts(view, price),
            "since": markup.name(words.moment(view.local(parse_instant_ms(price["since"]))), price["set_by"]),
            "state": _state(view, price, state),
        }
        for price, state in shown
    ]
    return markup.table(columns, body, long=True)


def _amounts(view: View, price: Agreed) -> dict[str, Cell]:
    if price["ended"]:
        return {}
    cached = price["cached_per_million"] or price["input_per_million"]
    return {
        "input": _money(view, price["input_per_million"]), "cached": _money(view, cached),
        "output": _money(view, price["output_per_million"]), "request": _money(view, price["per_request"]),
    }  # fmt: skip


def _money(view: View, price: str | Decimal) -> str:
    """As exactly as it was agreed."""
    places = -int(Decimal(price).normalize().as_tuple().exponent)
    return view.words.money(units_of(price), "USD", min(max(places, 2), 12))


def _state(view: View, price: Agreed, state: State) -> Html:
    words = view.words
    if state == "later" and price["ended"]:
        return markup.tag(words("prices.state.ends"), "warn")
    return markup.tag(words(f"prices.state.{state}"), "good" if state == "now" else "")


def _form(view: View, agreed: Sequence[Agreed], states: Sequence[State]) -> None:
    words = view.words
    whose = view.client.name if view.client else words("prices.for_all")
    frame.draw(Html(f'<h2 class="m-section">{escape(words("prices.set", whose=whose))}</h2>'))
    listed = price_list(view).by_model
    model = st.selectbox(words("column.model"), _models(view, agreed, listed), key="price_model")
    own = {price["model"]: price for price, state in zip(agreed, states, strict=True)
           if state == "now" and price["client_org_id"] == view.client_id}  # fmt: skip
    standing = own.get(model)
    frame.draw(Html(f'<p class="m-sub">{escape(_now(view, listed.get(model), standing))}</p>'))
    body = _terms(view, model, standing)
    if body and frame.act(view, "POST", _PRICES, json=body):
        forget_prices()
        st.rerun()
    if standing and st.button(words("prices.end"), key="price_end"):
        ended = {"model": model, "client_org_id": view.client_id}
        if frame.act(view, "POST", f"{_PRICES}/end", json=ended):
            forget_prices()
            st.rerun()


def _models(view: View, agreed: Sequence[Agreed], listed: Mapping[str, Prices]) -> list[str]:
    """Those that were used come first; the rest of the list, and what has a price already, follow by name."""
    (used,), _ = view.read_days(view.today - timedelta(days=_USED_DAYS), view.today, "by_model")
    first = [row["model"] for row in used if row["model"]]
    return list(dict.fromkeys([*first, *sorted({*listed, *(price["model"] for price in agreed)})]))


def _now(view: View, price: Prices | None, standing: Agreed | None) -> str:
    words = view.words
    if standing:
        return words("prices.now.own", **_amounts(view, standing))
    if price is None:
        return words("prices.now.unknown")
    cached = price.input_per_million if price.cached_per_million is None else price.cached_per_million
    return words(
        "prices.now.sold" if view.client else "prices.now.listed", input=_money(view, price.input_per_million),
        cached=_money(view, cached), output=_money(view, price.output_per_million),
    )  # fmt: skip


def _terms(view: View, model: str, standing: Agreed | None) -> dict[str, Any] | None:
    """What was typed, once it is to be saved."""
    words, before = view.words, standing or {}
    with st.form(f"price_{model}", border=False):
        one, two = st.columns(2)
        typed = {}
        for place, name in ((one, "input_per_million"), (two, "output_per_million"),
                            (one, "cached_per_million"), (two, "per_request")):  # fmt: skip
            with place:
                typed[name] = st.text_input(
                    words(f"prices.{name}"), rates.shown(words, before.get(name)), key=f"price_{name}_{model}",
                    help=words(f"prices.{name}.how") if name in ("cached_per_million", "per_request") else None,
                )  # fmt: skip
        since = frame.day_input(view, words("prices.since"), f"price_since_{model}", words("prices.since.how"))
        if not st.form_submit_button(words("save"), type="primary"):
            return None
    given = {name: rates.decimal_of(text) for name, text in typed.items()}
    return {
        "model": model, "client_org_id": view.client_id, "since": since,
        **{name: value for name, value in given.items() if value is not None},
    }  # fmt: skip
