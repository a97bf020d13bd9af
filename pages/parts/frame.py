"""What every page has around its content: heading, period picker, empty and error states."""

from __future__ import annotations

from datetime import date
from typing import Any

import streamlit as st

from mai_core.errors import MaiError
from pages.parts import api, markup, sessions, troubles, url_state
from pages.parts.installation import clock, settings
from pages.parts.markup import Html
from pages.parts.periods import CHOICES, Period, period_of
from pages.parts.view import View


def draw(*parts: Html) -> None:
    """Our own HTML, in one element."""
    st.html("".join(part.text for part in parts))


def heading(view: View, title: str, below: str = "") -> None:
    second = f"<p>{markup.html_of(below)}</p>" if below else ""
    said = "".join(markup.tag(text, "warn").text for text in _said(view))
    draw(Html(f'<div class="m-head"><h1>{markup.html_of(title)}{said}</h1>{second}</div>'))


def _said(view: View) -> list[str]:
    """What everybody has to know before believing a number."""
    words, said = view.words, []
    if settings().mai_demo:
        said.append(words("demo.banner"))
    if not clock().is_real:
        said.append(words("clock.banner", moment=words.moment(view.now)))
    return said


def heading_with_period(view: View, title: str, choices: tuple[str, ...] = CHOICES, default: str = "month") -> Period:
    """The title, what it is about, and the period picker. The choice stands in the URL."""
    words = view.words
    with st.container(
        key="toolbar_top", horizontal=True, horizontal_alignment="distribute", vertical_alignment="bottom"
    ):
        place = st.container(width="content")
        with st.container(horizontal=True, width="content", vertical_alignment="bottom", gap="small"):
            period = _picker(view, choices, default)
    whose = view.client.name if view.client else words("client.all")
    with place:
        heading(view, title, f"{whose} · {words.span(period.first, period.last)}")
    return period


def period_only(view: View, choices: tuple[str, ...] = CHOICES) -> Period:
    """The picker alone, where the heading is said by the page."""
    with st.container(key="toolbar_period", horizontal=True, width="content", vertical_alignment="bottom", gap="small"):
        return _picker(view, choices, "month")


def _picker(view: View, choices: tuple[str, ...], default: str) -> Period:
    words, asked = view.words, st.query_params.get("period", default)
    month = period_of(asked, view.today)
    options = list(choices)
    if asked not in options and month.choice == asked:
        options.insert(0, asked)

    def label(choice: str) -> str:
        return words(f"period.{choice}") if choice in CHOICES else words.month_short(choice)

    choice = url_state.choice(words("period"), options, "period", default, label, 190)
    first, last = _url_day("from"), _url_day("to")
    if choice == "custom":
        standing = period_of("custom", view.today, first, last) if first and last else period_of("30d", view.today)
        chosen = st.date_input(
            words("period.range"), (standing.first, standing.last), max_value=view.today, key="range",
            label_visibility="collapsed", format=_day_format(view), width=230,
        )  # fmt: skip
        first, last = chosen if isinstance(chosen, tuple) and len(chosen) == 2 else (standing.first, standing.last)
    period = period_of(choice, view.today, first, last)
    _keep_in_url(period)
    return period


def _day_format(view: View) -> str:
    return "DD.MM.YYYY" if view.words.language == "pl" else "DD/MM/YYYY"


def day_input(view: View, label: str, key: str, how: str) -> str | None:
    """A day that may be left open, as the API takes it."""
    day = st.date_input(label, None, key=key, format=_day_format(view), help=how)
    return day.isoformat() if isinstance(day, date) else None


def _url_day(name: str) -> date | None:
    try:
        return date.fromisoformat(st.query_params.get(name, ""))
    except ValueError:
        return None


def _keep_in_url(period: Period) -> None:
    wanted = period.query
    for name in ("from", "to"):
        url_state.keep(name, wanted.get(name, ""), "")


def nothing_here(view: View, period: Period) -> None:
    words = view.words
    text = words("empty.text", first=words.day(period.first), last=words.day(period.last))
    draw(markup.empty(words("empty.title"), text))


def client_needed(view: View) -> bool:
    """True when a page is about one client and none is chosen: it is asked for right here, as in the menu."""
    if view.client is not None:
        return False
    words = view.words
    if not view.clients:
        draw(markup.notice(words("client.none")))
        return True
    names = {client.client_org_id: client.name for client in view.clients}
    with st.container(key="card_client"):
        draw(Html(f'<h2 class="m-section">{markup.escape(words("client.needed"))}</h2>'))
        st.selectbox(
            words("client.choose"), list(names), None, lambda key: names[key][:80], key="client_here", width=420,
            placeholder=words("client.pick"), on_change=_choose_client,
        )  # fmt: skip
    return True


def _choose_client() -> None:
    """The menu's own switch is set, so that it stands in the URL and holds for every page."""
    st.session_state["client"] = st.session_state["client_here"]


def act(view: View, method: str, path: str, **options: Any) -> Any:
    """A change through the API. A refusal is shown where the form stands, and whether it was saved; None then."""
    try:
        answer = api.call(method, path, view.session.token, headers={"Accept-Language": view.words.language}, **options)
    except api.SessionEnded:
        raise
    except MaiError as error:
        draw(markup.notice(troubles.of_a_change(view.words, error), "bad"))
        return None
    st.toast(view.words("done"))
    return True if answer in ("", None) else answer


def public_url() -> str:
    """Where links in files lead: the address that people use."""
    return settings().public_url


def now_ms() -> int:
    return clock().now_ms()


def check_session(view: View) -> None:
    """For parts that run by themselves: an ended session ends the page."""
    if sessions.find(view.session.token) is None:
        session_ended(view.session.token)


def session_ended(token: str = "") -> None:
    """To the login page, and from there back to where one was."""
    sessions.forget(token)
    here = "encodeURIComponent(location.pathname + location.search)"
    st.html(f"<script>location.replace('/login?ended=1&next=' + {here})</script>", unsafe_allow_javascript=True)
    st.stop()


def leave(where: str) -> None:
    """The browser goes to a page outside Streamlit."""
    st.html(f"<script>window.location.replace({where!r})</script>", unsafe_allow_javascript=True)
    st.stop()
