"""Secrets that open the ways in: made, shown once, ended. To rotate one, make another, enter it, end the old one."""

from __future__ import annotations

from typing import Any

import streamlit as st

from mai_core.days import parse_instant_ms
from pages.parts import api, frame, markup
from pages.parts.markup import Column, Html, escape
from pages.parts.view import View

_PATH = "/api/v1/admin/webhook-credentials"
LAST_MADE = "webhook_secret_made"
"""In the session on the server: the secret that this person has just made, so that it can be tried."""


def live(view: View) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = api.call("GET", _PATH, view.session.token)
    return found


def make(view: View, key: str) -> None:
    """For the client that is chosen in the menu; for all of them, the events say whose they are."""
    words = view.words
    with st.container(horizontal=True, vertical_alignment="bottom"):
        label = st.text_input(
            words("first.secret.label"), key=f"{key}_label", label_visibility="collapsed",
            placeholder=words("first.secret.label"), width=260, max_chars=200,
        )  # fmt: skip
        pressed = st.button(words("first.secret.make"), key=f"{key}_make", disabled=not label.strip())
    if pressed:
        body = {"label": label.strip(), "client_org_id": view.client_id}
        made = frame.act(view, "POST", _PATH, json=body)
        if made:
            st.session_state[LAST_MADE] = made["secret"]
            frame.draw(markup.notice(words("tokens.once")))
            st.code(made["secret"], language=None)


def card(view: View) -> None:
    words = view.words
    whose = view.client.name if view.client else words("client.all")
    frame.draw(
        Html(
            f'<h2 class="m-section">{escape(words("secrets.title"))}</h2>'
            f'<p class="m-sub">{escape(words("secrets.how", client=whose))}</p>'
        )
    )
    make(view, "secret")
    rows = live(view)
    if not rows:
        frame.draw(Html(f'<p class="m-sub">{escape(words("secrets.none"))}</p>'))
        return
    names = {client.client_org_id: client.name for client in view.clients}
    columns = [
        Column("label", words("column.name"), "text"), Column("client", words("column.client"), "text"),
        Column("since", words("clients.since"), "num"),
    ]  # fmt: skip
    body = [
        {
            "label": markup.name(row["label"]),
            "client": markup.name(names.get(row["client_org_id"] or "", words("client.all"))),
            "since": words.moment(view.local(parse_instant_ms(row["created_at"]))),
        }
        for row in rows
    ]
    frame.draw(markup.table(columns, body))
    by_id = {row["id"]: row["label"] for row in rows}
    with st.container(horizontal=True, vertical_alignment="bottom"):
        chosen = st.selectbox(
            words("column.name"), list(by_id), key="secret_choose", label_visibility="collapsed", width=260,
            format_func=lambda number: by_id[number][:80],
        )  # fmt: skip
        if st.button(words("secrets.end"), key="secret_end") and frame.act(view, "DELETE", f"{_PATH}/{chosen}"):
            st.rerun()
