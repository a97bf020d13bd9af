"""API tokens and the secrets of the ways in: made, shown once, ended."""

from __future__ import annotations

from typing import Any, get_args

import streamlit as st

from mai_core.reports.viewer import Role
from pages.parts import api, frame, markup, webhook_secrets
from pages.parts.markup import Column, Html, escape
from pages.parts.view import View


def show(view: View) -> None:
    words = view.words
    frame.heading(view, words("nav.tokens"))
    left, right = st.columns([1.7, 1], gap="small")
    with right, st.container(key="card_token_new"):
        _create(view)
    with left, st.container(key="card_tokens"):
        _table(view, api.call("GET", "/api/v1/admin/tokens", view.session.token))
    with st.container(key="card_webhook_secrets"):
        webhook_secrets.card(view)


def role_and_client(view: View, key: str) -> tuple[Role, str | None]:
    """Managers and analysts belong to a client, operators and accountants to none."""
    words = view.words
    roles = list(get_args(Role))
    role: Role = st.selectbox(
        words("column.role"), roles, roles.index("manager"), key=f"{key}_role",
        format_func=lambda name: words(f"role.{name}"),
    )  # fmt: skip
    if role in ("operator", "accountant"):
        return role, None
    names = {client.client_org_id: client.name for client in view.clients}
    client = st.selectbox(
        words("column.client"), list(names), key=f"{key}_client", format_func=lambda name: names[name][:80]
    )
    return role, client


def _create(view: View) -> None:
    words = view.words
    frame.draw(Html(f'<h2 class="m-section">{escape(words("tokens.new"))}</h2>'))
    name = st.text_input(words("tokens.name"), key="token_name", max_chars=200)
    role, client = role_and_client(view, "token")
    days = st.text_input(words("tokens.days"), key="token_days", max_chars=4)
    if st.button(words("tokens.create"), type="primary", key="token_make"):
        body: dict[str, Any] = {"name": name, "role": role, "client_org_id": client}
        if days.strip().isdigit():
            body["days"] = int(days)
        made = frame.act(view, "POST", "/api/v1/admin/tokens", json=body)
        if made:
            frame.draw(markup.notice(words("tokens.once")))
            st.code(made["token"], language=None)


def _table(view: View, rows: list[dict[str, Any]]) -> None:
    words = view.words
    if not rows:
        frame.draw(Html(f'<p class="m-sub">{escape(words("tokens.none"))}</p>'))
        return
    columns = [
        Column("name", words("column.name"), "text"), Column("role", words("column.role")),
        Column("client", words("column.client"), "text"), Column("ends", words("tokens.ends")),
        Column("state", words("column.state")),
    ]  # fmt: skip
    names = {client.client_org_id: client.name for client in view.clients}
    body = [
        {
            "name": markup.name(row["name"], f"…{row['last_four']}"),
            "role": words(f"role.{row['role']}"),
            "client": markup.name(names.get(row["client_org_id"] or "", "")),
            "ends": (row["expires_at"] or "")[:10],
            "state": markup.tag(words("tokens.revoked"))
            if row["revoked_at"]
            else markup.tag(words("tokens.live"), "good"),
        }
        for row in rows
    ]
    frame.draw(markup.table(columns, body))
    live = {row["id"]: row for row in rows if not row["revoked_at"]}
    if not live:
        return
    with st.container(horizontal=True, vertical_alignment="bottom"):
        chosen = st.selectbox(
            words("column.name"), list(live), key="token_choose", label_visibility="collapsed", width=260,
            format_func=lambda number: f"{live[number]['name'][:60]} …{live[number]['last_four']}",
        )  # fmt: skip
        if st.button(words("tokens.revoke"), key="token_revoke"):
            frame.act(view, "DELETE", f"/api/v1/admin/tokens/{chosen}")
            st.rerun()
