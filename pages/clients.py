"""Clients: onboard, change the terms, close, reopen."""

from __future__ import annotations

from typing import Any

import streamlit as st

from mai_core.days import parse_instant_ms
from mai_core.money import units_of
from pages.parts import api, frame, markup, rates, shell_cache
from pages.parts.markup import Column, Html, escape
from pages.parts.view import View

_FX = ("daily", "period_end")


def show(view: View) -> None:
    words = view.words
    frame.heading(view, words("nav.clients"))
    rows: list[dict[str, Any]] = api.call("GET", "/api/v1/admin/clients", view.session.token)
    if rows:
        with st.container(key="card_clients"):
            frame.draw(_table(view, rows))
    if view.session.role != "operator":
        return
    left, right = st.columns(2, gap="small")
    with left, st.container(key="card_client_change"):
        if rows:
            _change(view, rows)
    with right, st.container(key="card_client_new"):
        _create(view)


def _table(view: View, rows: list[dict[str, Any]]) -> Html:
    words = view.words
    columns = [
        Column("name", words("column.name"), "text"), Column("markup", words("clients.markup"), "num"),
        Column("limit", words("clients.limit"), "num"), Column("fx", words("clients.fx")),
        Column("key", words("clients.key")), Column("state", words("column.state")),
    ]  # fmt: skip
    body = [
        {
            "name": markup.name(row["name"], row["id"]),
            "markup": rates.shown(words, row["markup_rate"]) or words("clients.markup.default"),
            "limit": _limit(view, row["monthly_limit"]),
            "fx": words(f"clients.fx.{row['fx_policy']}"),
            "key": words("clients.key.set" if row["has_openrouter_key"] else "clients.key.none"),
            "state": markup.tag(words("clients.active"), "good")
            if row["is_active"]
            else markup.tag(words("clients.closed")),
        }
        for row in rows
    ]
    return markup.table(columns, body, long=True)


def _limit(view: View, amount: str | None) -> str:
    return view.words("none") if amount is None else view.words.money(units_of(amount), "USD")


def _create(view: View) -> None:
    words = view.words
    frame.draw(Html(f'<h2 class="m-section">{escape(words("clients.new"))}</h2>'))
    with st.form("client_new", border=False, clear_on_submit=False):
        name = st.text_input(words("clients.name"), key="new_name", max_chars=500)
        terms = _terms(view, "new", {})
        if st.form_submit_button(words("clients.create"), type="primary"):
            made = frame.act(view, "POST", "/api/v1/admin/clients", json={"name": name, **terms})
            if made:
                shell_cache.forget_clients()


def _terms(view: View, prefix: str, row: dict[str, Any]) -> dict[str, Any]:
    """The inputs of what can be agreed; None where nothing is: on a standing client that clears."""
    words = view.words
    one, two = st.columns(2)
    with one:
        rate = st.text_input(
            words("clients.markup"), rates.shown(words, row.get("markup_rate")), key=f"{prefix}_markup"
        )
        email = st.text_input(words("clients.email"), row.get("billing_email") or "", key=f"{prefix}_email")
        fx = st.selectbox(
            words("clients.fx"), _FX, _FX.index(row.get("fx_policy", "daily")), key=f"{prefix}_fx",
            format_func=lambda policy: words(f"clients.fx.{policy}"),
        )  # fmt: skip
    with two:
        limit = st.text_input(
            words("clients.limit"), rates.shown(words, row.get("monthly_limit")), key=f"{prefix}_limit"
        )
        zone = st.text_input(words("clients.timezone"), row.get("timezone") or "Europe/Warsaw", key=f"{prefix}_zone")
        key = st.text_input(words("clients.key"), key=f"{prefix}_key", type="password", autocomplete="off")
    byok = st.checkbox(
        words("clients.byok"), bool(row.get("byok_include_upstream")), key=f"{prefix}_byok",
        help=words("clients.byok.how"),
    )  # fmt: skip
    terms = {
        "markup_rate": rates.decimal_of(rate), "monthly_limit": rates.decimal_of(limit),
        "billing_email": email.strip() or None, "timezone": zone.strip() or "Europe/Warsaw", "fx_policy": fx,
        "byok_include_upstream": byok,
    }  # fmt: skip
    return {**terms, "openrouter_api_key": key} if key else terms


def _change(view: View, rows: list[dict[str, Any]]) -> None:
    words = view.words
    frame.draw(Html(f'<h2 class="m-section">{escape(words("clients.change"))}</h2>'))
    by_id = {row["id"]: row for row in rows}
    chosen = st.selectbox(
        words("column.client"), list(by_id), key="client_edit", format_func=lambda key: by_id[key]["name"][:80],
        label_visibility="collapsed",
    )  # fmt: skip
    row = by_id[chosen]
    with st.form(f"client_change_{chosen}", border=False):
        terms = _terms(view, f"change_{chosen}", row)
        how = words("clients.markup.from.how")
        since = frame.day_input(view, words("clients.markup.from"), f"change_{chosen}_since", how)
        if st.form_submit_button(words("save"), type="primary"):
            changed = {name: value for name, value in terms.items() if row.get(name) != value}
            if "markup_rate" in changed and since:
                changed["markup_from"] = since
            if changed and frame.act(view, "PATCH", f"/api/v1/admin/clients/{chosen}", json=changed):
                shell_cache.forget_clients()
    action = "close" if row["is_active"] else "reopen"
    if st.button(words(f"clients.{action}"), key=f"client_{action}"):
        frame.act(view, "POST", f"/api/v1/admin/clients/{chosen}/{action}")
        shell_cache.forget_clients()
    _history(view, chosen)


def _history(view: View, chosen: str) -> None:
    words = view.words
    detail = api.call("GET", f"/api/v1/admin/clients/{chosen}", view.session.token)
    with st.expander(words("clients.history")):
        columns = [
            Column("since", words("clients.since"), "text"), Column("markup", words("clients.markup"), "num"),
            Column("by", words("clients.by"), "text"),
        ]  # fmt: skip
        body = [
            {
                "since": _moment(view, line["since"]),
                "markup": rates.shown(words, line["markup"]) or words("clients.markup.default"),
                "by": line["set_by"],
            }
            for line in detail["markups"]
        ]
        frame.draw(markup.table(columns, body))


def _moment(view: View, since: str | None) -> str:
    words = view.words
    return words.moment(view.local(parse_instant_ms(since))) if since else words("clients.always")
