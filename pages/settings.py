"""The own account; for operators also how the installation is set."""

from __future__ import annotations

import streamlit as st

from mai_core.settings import settings_rows
from pages.parts import api, frame, installation, markup, rates, sessions
from pages.parts.markup import Column, Html, escape
from pages.parts.view import View

_GLOBAL = "/api/v1/admin/settings"


def show(view: View) -> None:
    words = view.words
    frame.heading(view, words("nav.settings"))
    left, right = st.columns(2, gap="small")
    with left, st.container(key="card_own"):
        _own(view)
    with right, st.container(key="card_password"):
        _password(view)
    if view.session.role == "operator":
        with st.container(key="card_for_all"):
            _for_all(view)
        with st.container(key="card_installation"):
            _installation(view)


def _own(view: View) -> None:
    words = view.words
    frame.draw(Html(f'<h2 class="m-section">{escape(words("settings.own"))}</h2>'))
    with st.form("own", border=False):
        name = st.text_input(words("column.name"), view.session.name, max_chars=200)
        languages = ["pl", "en"]
        language = st.selectbox(
            words("settings.language"), languages, languages.index(words.language),
            format_func=lambda code: words(f"settings.language.{code}"),
        )  # fmt: skip
        digest = st.checkbox(words("settings.digest"), view.session.digest)
        if st.form_submit_button(words("save"), type="primary"):
            body = {"name": name, "language": language, "digest": digest}
            if frame.act(view, "PATCH", "/auth/account", json=body):
                sessions.forget(view.session.token)
                st.rerun()


def _password(view: View) -> None:
    words = view.words
    frame.draw(Html(f'<h2 class="m-section">{escape(words("settings.password"))}</h2>'))
    with st.form("password", border=False, clear_on_submit=True):
        old = st.text_input(words("settings.password.old"), type="password", autocomplete="current-password")
        new = st.text_input(
            words("password.new"), type="password", autocomplete="new-password", help=words("password.rule")
        )
        if st.form_submit_button(words("settings.password.change")):
            body = {"old_password": old, "password": new}
            if frame.act(view, "POST", "/auth/password/change", json=body):
                sessions.forget(view.session.token)
                frame.leave("/login")


def _for_all(view: View) -> None:
    """What counts for a client with whom nothing else is agreed."""
    words = view.words
    standing = api.call("GET", _GLOBAL, view.session.token)
    frame.draw(Html(f'<h2 class="m-section">{escape(words("settings.for_all"))}</h2>'))
    with st.form("for_all", border=False):
        one, two = st.columns(2)
        with one:
            markup_typed = st.text_input(
                words("settings.markup"), rates.shown(words, standing["default_markup_rate"]),
                key="settings_markup", help=words("settings.markup.how"),
            )  # fmt: skip
        with two:
            key = st.text_input(
                words("settings.management_key"), type="password", autocomplete="off", key="settings_key",
                placeholder=words("clients.key.set" if standing["has_provisioning_key"] else "clients.key.none"),
            )  # fmt: skip
        saved = st.form_submit_button(words("save"), type="primary")
    counts = words("settings.markup.counts", markup=rates.shown(words, standing["effective_markup"]))
    frame.draw(Html(f'<p class="m-sub">{escape(counts)}</p>'))
    if saved:
        body = {"default_markup_rate": rates.decimal_of(markup_typed)}
        if frame.act(view, "PATCH", _GLOBAL, json={**body, "openrouter_provisioning_key": key} if key else body):
            st.rerun()


def _installation(view: View) -> None:
    words = view.words
    frame.draw(
        Html(
            f'<h2 class="m-section">{escape(words("settings.installation"))}</h2>'
            f'<p class="m-sub">{escape(words("settings.installation.how"))}</p>'
        )
    )
    columns = [
        Column("name", words("settings.variable"), "text"), Column("value", words("settings.value"), "text"),
        Column("meaning", words("settings.meaning"), "text"),
    ]  # fmt: skip
    body = [
        {
            "name": markup.whole(name),
            "value": markup.whole(value) if value else None,
            "meaning": words(f"setting.{name}").replace("`", ""),
        }
        for name, value, _ in settings_rows(installation.settings())
    ]
    frame.draw(markup.table(columns, body))
