"""What its sections share."""

from __future__ import annotations

from typing import Any

import streamlit as st

from mai_core.days import parse_day, parse_instant_ms
from mai_core.language import reasons
from pages.parts import api, frame, markup
from pages.parts.markup import Html, escape
from pages.parts.view import View


def ask(view: View, path: str, **params: Any) -> Any:
    return api.call("GET", path, view.session.token, params=params)


def said(view: View, key: str, **values: Any) -> None:
    frame.draw(Html(f'<p class="m-sub">{escape(view.words(key, **values))}</p>'))


def tell_after(section: str, sentence: str = "") -> None:
    """The page is drawn anew after a change, without what is done; what became of it is said where it was decided."""
    st.session_state[f"{section}_told"] = sentence
    st.rerun()


def draw_told(section: str) -> None:
    sentence = st.session_state.pop(f"{section}_told", "")
    if sentence:
        frame.draw(markup.notice(sentence))


def moment(view: View, text: str | None) -> str:
    return view.words.moment(view.local(parse_instant_ms(text))) if text else ""


def day(view: View, text: str) -> str:
    return view.words.day(parse_day(text))


def reason(view: View, text: str) -> Html:
    """Why something went wrong in the reader's language; what another program said of it stays as it said it."""
    said, original = reasons.reason(view.words.language, text)
    if not original:
        return Html(escape(said))
    told = f'{escape(view.words("ops.original"))} <span lang="en">{escape(original)}</span>'
    return Html(f"{escape(said)}. {told}" if said else told)


def client_choice(view: View, key: str) -> str | None:
    names = {client.client_org_id: client.name for client in view.clients}
    chosen: str = st.selectbox(
        view.words("column.client"), ["", *names], key=key, label_visibility="collapsed", width=240,
        format_func=lambda name: names.get(name, view.words("column.client")),
    )  # fmt: skip
    return chosen or None
