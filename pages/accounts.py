"""Who can log in: invite, disable, a link for a new password."""

from __future__ import annotations

from typing import Any

import streamlit as st

from pages.parts import api, frame, markup
from pages.parts.markup import Column, Html, escape
from pages.parts.view import View
from pages.tokens import role_and_client

_PATH = "/api/v1/admin/accounts"


def show(view: View) -> None:
    words = view.words
    frame.heading(view, words("nav.accounts"))
    left, right = st.columns([1.7, 1], gap="small")
    with right, st.container(key="card_invite"):
        _invite(view)
    with left, st.container(key="card_accounts"):
        _table(view, api.call("GET", _PATH, view.session.token))


def _link(view: View, made: dict[str, Any] | None) -> None:
    if not made:
        return
    words = view.words
    if made["link"]:
        frame.draw(markup.notice(words("accounts.link")))
        st.code(made["link"], language=None)
    else:
        frame.draw(markup.notice(words("accounts.sent", email=made["email"])))


def _invite(view: View) -> None:
    words = view.words
    frame.draw(Html(f'<h2 class="m-section">{escape(words("accounts.invite"))}</h2>'))
    email = st.text_input(words("column.email"), key="invite_email", max_chars=320)
    name = st.text_input(words("column.name"), key="invite_name", max_chars=200)
    if view.session.role == "operator":
        role, client = role_and_client(view, "invite")
    else:
        role, client = "manager", view.session.client_org_id
    if st.button(words("accounts.send"), type="primary", key="invite_send"):
        body = {"email": email, "name": name, "role": role, "client_org_id": client}
        _link(view, frame.act(view, "POST", f"{_PATH}/invite", json=body))


def _state(view: View, row: dict[str, Any]) -> Html:
    words = view.words
    if not row["is_active"]:
        return markup.tag(words("accounts.disabled"))
    if not row["has_password"]:
        return markup.tag(words("accounts.waiting"), "warn")
    return markup.tag(words("accounts.active"), "good")


def _table(view: View, rows: list[dict[str, Any]]) -> None:
    words = view.words
    names = {client.client_org_id: client.name for client in view.clients}
    columns = [
        Column("name", words("column.name"), "text"), Column("role", words("column.role")),
        Column("client", words("column.client"), "text"), Column("state", words("column.state")),
    ]  # fmt: skip
    body = [
        {
            "name": markup.name(row["name"] or row["email"], row["email"]),
            "role": words(f"role.{row['role']}"),
            "client": markup.name(names.get(row["client_org_id"], "") if row["client_org_id"] else words("client.all")),
            "state": _state(view, row),
        }
        for row in rows
    ]
    frame.draw(markup.table(columns, body))
    if view.session.role != "operator" or not rows:
        return
    by_id = {row["id"]: row for row in rows}
    with st.container(horizontal=True, vertical_alignment="bottom"):
        chosen = st.selectbox(
            words("accounts.choose"), list(by_id), key="account_choose", label_visibility="collapsed", width=260,
            format_func=lambda number: by_id[number]["email"][:80],
        )  # fmt: skip
        active = by_id[chosen]["is_active"]
        if st.button(words("accounts.disable" if active else "accounts.enable"), key="account_switch"):
            frame.act(view, "PATCH", f"{_PATH}/{chosen}", json={"is_active": not active})
            st.rerun()
        if st.button(words("accounts.reset"), key="account_reset"):
            _link(view, frame.act(view, "POST", f"{_PATH}/{chosen}/reset-link"))
