"""The clients of a session, remembered for a few seconds; a form that changes them forgets them."""

from __future__ import annotations

from typing import Any

import streamlit as st

from mai_core.money import units_of
from pages.parts import api
from pages.parts.view import Client


@st.cache_data(ttl=5, show_spinner=False, max_entries=500)
def visible_clients(token: str) -> tuple[Client, ...]:
    """The clients of this session, as the API tells them: the token is part of the cache's key."""
    rows: list[dict[str, Any]] = api.call("GET", "/api/v1/clients", token)
    return tuple(
        Client(
            client_org_id=row["id"],
            name=row["name"],
            timezone=row["zone_now"],
            limit_pusd=units_of(row["monthly_limit"]) if row.get("monthly_limit") else None,
            fx_policy=row.get("fx_policy") or "daily",
        )
        for row in rows
        if row.get("is_active", True)
    )


def forget_clients() -> None:
    visible_clients.clear()
