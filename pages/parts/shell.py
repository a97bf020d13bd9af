"""One run of the script: who is it, what may they see, which page, and one sentence when something is wrong."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import streamlit as st

from mai_core.errors import MaiError
from mai_core.language import Words, language_of
from pages.parts import api, frame, markup, registry, sessions, shell_cache, theme, troubles, url_state
from pages.parts.installation import clock
from pages.parts.markup import Html, escape
from pages.parts.view import Client, View

_LOOK = Path(__file__).with_name("look.css")
_ICON = Path(__file__).parents[2] / "static" / "icon.svg"


def run() -> None:
    """The whole app: called by app.py on every script run."""
    troubles.whole_run(_run)


def _run() -> None:
    st.set_page_config(
        page_title="mAI Usage", page_icon=str(_ICON), layout="wide", initial_sidebar_state="auto",
        menu_items={},
    )  # fmt: skip
    st.html(_LOOK)
    token = cookie_token()
    words = Words(language_of(None, (st.context.locale or "",)))
    try:
        session = sessions.find(token)
    except api.ApiAway:
        _no_api(words)
        return
    if session is None:
        _nobody(words)
        return
    _inside(session)


def cookie_token() -> str:
    """The session's token as the browser sent it when the page was opened."""
    return st.context.cookies.get(sessions.COOKIE, "")


def _only(sentence: str) -> None:
    """A page with one sentence and no way around it, under the address that was asked for."""
    nothing = [
        st.Page(partial(_nothing), title="mAI Usage", url_path=entry.path, default=entry.path == "")
        for entry in registry.PAGES
    ]
    st.navigation(nothing, position="hidden").run()
    frame.draw(markup.notice(sentence, "warn"))


def _no_api(words: Words) -> None:
    _only(words("login.no_api", command=api.START_COMMAND))
    troubles.try_again()


def _nothing() -> None:
    return None


def _nobody(words: Words) -> None:
    _only(words("error.session"))
    frame.session_ended()


def _inside(session: sessions.Session) -> None:
    words = Words(language_of(session.language, (st.context.locale or "",)))
    try:
        clients = shell_cache.visible_clients(session.token)
    except api.SessionEnded:
        sessions.forget(session.token)
        _nobody(words)
        return
    except api.ApiAway:
        _no_api(words)
        return
    except MaiError as error:
        _only(troubles.sentence(words, error))
        troubles.try_again()
        return
    pages = {
        entry.path: st.Page(
            partial(_page, entry.show), title=words(entry.title), url_path=entry.path, default=entry.path == ""
        )
        for entry in registry.PAGES
        if session.role in entry.roles
    }
    chosen = st.navigation(list(pages.values()), position="hidden")
    asked = st.query_params.get("client", "") if session.sees_all_clients else ""
    with st.sidebar:
        client = _sidebar(words, session, clients, pages)
    if asked and asked not in [one.client_org_id for one in clients]:
        shown = client.name if client else words("client.all")
        frame.draw(markup.notice(words("client.gone", client=asked[:80], shown=shown), "warn"))
    view = View(words, session, client, clients, clock().now_ms(), theme.is_dark())
    st.session_state["view"] = view
    chosen.run()


def _page(show: Callable[[View], None]) -> None:
    """A page, and in its place one sentence when it cannot be shown."""
    view: View = st.session_state["view"]
    words = view.words
    try:
        show(view)
    except api.SessionEnded:
        frame.session_ended(view.session.token)
    except MaiError as error:
        troubles.show(words, error)
    except Exception as error:
        if type(error).__module__.startswith("streamlit.runtime.scriptrunner"):
            raise
        troubles.show_unexpected(words, error)


def _sidebar(
    words: Words, session: sessions.Session, clients: tuple[Client, ...], pages: dict[str, Any]
) -> Client | None:
    frame.draw(Html('<div class="m-brand"><img src="/app/static/icon.svg" alt="">mAI Usage</div>'))
    client = _client_switch(words, session, clients)
    query = {"client": client.client_org_id} if client and session.sees_all_clients else {}
    period = st.query_params.get("period")
    if period and period != "custom":
        query["period"] = period
    section = ""
    for entry in registry.PAGES:
        if entry.path not in pages or entry.hidden:
            continue
        if entry.section != section:
            section = entry.section
            frame.draw(Html(f'<div class="m-nav">{escape(words(section))}</div>'))
        st.page_link(pages[entry.path], label=words(entry.title), icon=entry.icon, query_params=query, width="stretch")
    st.space("small")
    role = words(f"role.{session.role}")
    frame.draw(Html(f'<div class="m-who"><b dir="auto">{escape(session.name)}</b>{escape(role)}</div>'))
    _language_and_logout(words, session)
    theme.follow()
    return client


def _client_switch(words: Words, session: sessions.Session, clients: tuple[Client, ...]) -> Client | None:
    by_id = {client.client_org_id: client for client in clients}
    if not session.sees_all_clients:
        return by_id.get(session.client_org_id or "") or Client(session.client_org_id or "", "", "Europe/Warsaw", None)
    if not clients:
        return None
    if len(clients) == 1:
        return clients[0]
    chosen = url_state.choice(
        words("client.choose"), ["", *by_id], "client", "",
        lambda key: by_id[key].name[:80] if key else words("client.all"), "stretch",
    )  # fmt: skip
    return by_id.get(chosen)


def _language_and_logout(words: Words, session: sessions.Session) -> None:
    with st.container(horizontal=True, gap="small"):
        if st.button(words("login.language"), type="tertiary", key="language"):
            _switch_language(words, session)
        if st.button(words("logout"), type="tertiary", key="logout"):
            _log_out(words, session)


def _switch_language(words: Words, session: sessions.Session) -> None:
    other = "en" if words.language == "pl" else "pl"
    try:
        api.call("PATCH", "/auth/account", session.token, json={"language": other})
    except api.SessionEnded:
        frame.session_ended(session.token)
    except MaiError as error:
        frame.draw(markup.notice(troubles.of_a_change(words, error), "bad"))
        return
    sessions.forget(session.token)
    st.rerun()


def _log_out(words: Words, session: sessions.Session) -> None:
    try:
        sessions.end(session.token)
    except MaiError:
        frame.draw(markup.notice(words("logout.failed"), "bad"))
        return
    frame.leave("/login?out=1")
