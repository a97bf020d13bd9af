"""What went wrong, in one sentence of the reader's language with what to do, and the way back when it is over."""

from __future__ import annotations

import functools
import logging
import secrets
import time
from collections.abc import Callable
from typing import Any

import streamlit as st

from mai_core.errors import BadValue, MaiError, NotFound, StoreUnavailable
from mai_core.language import Words
from mai_core.language.refusals import refusal
from pages.parts import api, markup
from pages.parts.markup import Html

log = logging.getLogger("mai.pages")
_TRIED_AGAIN_S = 4
_WHOLE, _BY_ITSELF, _RESTS_UNTIL = "whole_run", "draws_by_itself", "rests_until"
_RESTS_AT_MOST_S = 10.0


def sentence(words: Words, error: MaiError) -> str:
    """Never the words of a machine: they name files and speak English."""
    if isinstance(error, api.ApiAway):
        return words("error.api")
    if isinstance(error, StoreUnavailable):
        return words("error.ledger")
    if isinstance(error, api.Refused | BadValue | NotFound):
        return refusal(words.language, str(error))
    return words("error.reading")


def of_a_change(words: Words, error: MaiError) -> str:
    """The same where something was to be saved: whether it was is the first thing that one wants to know."""
    if isinstance(error, api.ApiAway):
        return words("error.change.unknown" if error.may_have_arrived else "error.change.away")
    return words("error.change.busy") if isinstance(error, StoreUnavailable) else sentence(words, error)


def show(words: Words, error: MaiError) -> None:
    """In place of a page. What can pass by itself is tried again by itself."""
    if isinstance(error, api.Refused | BadValue | NotFound):
        _draw(markup.notice(sentence(words, error), "bad"))
        return
    log.warning("page not shown: %s", error)
    _draw(markup.notice(sentence(words, error), "bad"))
    st.button(words("error.reading.retry"), key="try_again")
    try_again()


def show_unexpected(words: Words, error: Exception) -> None:
    number = secrets.token_hex(3)
    log.error("page failed, no. %s", number, exc_info=error)
    _draw(markup.notice(words("error.unexpected", number=number), "bad"))


def _draw(part: Html) -> None:
    st.html(part.text)


@st.fragment(run_every=_TRIED_AGAIN_S)
def try_again() -> None:
    if not st.session_state[_WHOLE]:
        st.rerun()


def whole_run(run: Callable[[], None]) -> None:
    """Marks the runs of the whole script, so that a part that runs by itself knows that it does."""
    st.session_state[_WHOLE], began = True, time.monotonic()
    by_itself = st.session_state.pop(_BY_ITSELF, False)
    try:
        run()
    finally:
        ended = time.monotonic()
        st.session_state[_WHOLE] = False
        if by_itself:
            st.session_state[_RESTS_UNTIL] = ended + min(10 * (ended - began) ** 2, _RESTS_AT_MOST_S)


def draw_all_again() -> None:
    st.session_state[_BY_ITSELF] = True
    st.rerun()


def may_draw_all_again() -> bool:
    """A page that has drawn itself anew by itself rests before it does so once more: a quarter of a second where a run
    takes 150 ms, ten seconds where the machine is so busy that it takes one. Twenty open pages and a stream of events
    must leave time for whoever clicks."""
    return not st.session_state[_WHOLE] and time.monotonic() >= st.session_state.get(_RESTS_UNTIL, 0.0)


def by_itself(every_s: float) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """A part of a page that is drawn anew every so many seconds. Its trouble is left to the whole page to say."""

    def made(part: Callable[..., None]) -> Callable[..., None]:
        @st.fragment(run_every=every_s)
        @functools.wraps(part)
        def run(*parameters: Any) -> None:
            try:
                part(*parameters)
            except MaiError:
                if st.session_state[_WHOLE]:
                    raise
                st.rerun()

        return run

    return made
