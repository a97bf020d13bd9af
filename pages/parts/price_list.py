"""What models cost the client that is shown, in USD per million tokens, as the API tells this viewer."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import streamlit as st

from mai_core.errors import MaiError
from mai_core.money import exact_decimal
from pages.parts import api
from pages.parts.view import View


@dataclass(frozen=True, slots=True)
class Price:
    input_per_million: Decimal
    output_per_million: Decimal


def sold(view: View) -> dict[str, Price]:
    """Empty when no price list can be had: the page then says so instead of failing."""
    try:
        return _sold(view.session.token, view.client_id)
    except api.SessionEnded:
        raise
    except MaiError:
        return {}


@st.cache_data(ttl=60, show_spinner=False, max_entries=100)
def _sold(token: str, client: str | None) -> dict[str, Price]:
    asked = {"client": client} if client else {}
    body: dict[str, Any] = api.call("GET", "/api/v1/usage-tracking/model-pricing", token, params=asked)
    return {
        model["id"]: Price(_decimal(model["price_per_million_input"]), _decimal(model["price_per_million_output"]))
        for model in body["models"]
        if model["price_per_million_input"] is not None and model["price_per_million_output"] is not None
    }


def _decimal(value: float) -> Decimal:
    return exact_decimal(value, "price")
