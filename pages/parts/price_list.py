"""What models cost the client that is shown, in USD per million tokens, as the API tells this viewer."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

import streamlit as st

from mai_core.errors import MaiError
from mai_core.money import exact_decimal
from mai_core.reports.what_if import Prices
from pages.parts import api
from pages.parts.view import View


@dataclass(frozen=True, slots=True)
class PriceList:
    by_model: dict[str, Prices]
    """Models without a price of their own, such as routers, are not in it."""
    is_sold: bool
    """What the client pays; otherwise what OpenRouter asks, before any markup."""


def price_list(view: View, at: date | None = None) -> PriceList:
    """Now, or as of a day. Empty when no price list can be had: the page then says so instead of failing."""
    try:
        return _asked(view.session.token, view.client_id, at.isoformat() if at else None)
    except api.SessionEnded:
        raise
    except MaiError:
        return PriceList({}, is_sold=False)


@st.cache_data(ttl=60, show_spinner=False, max_entries=100)
def _asked(token: str, client: str | None, at: str | None) -> PriceList:
    asked = {name: value for name, value in (("client", client), ("at", at)) if value}
    body: dict[str, Any] = api.call("GET", "/api/v1/usage-tracking/model-pricing", token, params=asked)
    prices = {
        model["id"]: Prices(
            _decimal(model["price_per_million_input"]),
            _decimal(model["price_per_million_output"]),
            None if model["price_per_million_cached"] is None else _decimal(model["price_per_million_cached"]),
            _decimal(model["price_per_request"]),
        )
        for model in body["models"]
        if model["price_per_million_input"] is not None and model["price_per_million_output"] is not None
    }
    return PriceList(prices, body["prices_are"] == "sold")


def forget_prices() -> None:
    """After a price was agreed on: the next page asks anew."""
    _asked.clear()


def _decimal(value: float) -> Decimal:
    return exact_decimal(value, "price")
