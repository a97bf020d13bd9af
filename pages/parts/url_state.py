"""Widgets whose value stands in the URL, so that a link reproduces the view and Back goes back.

What the URL says wins when it was changed from outside (a link, Back); otherwise the widget does.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import streamlit as st


def seed(key: str, valid: Callable[[str], bool], default: str) -> None:
    """Gives the widget the URL's value when that is new."""
    asked = st.query_params.get(key, default)
    if st.session_state.get(f"url_{key}") == asked and key in st.session_state:
        # Said again, because the widget of the page that was left does not hand its value to this page's.
        st.session_state[key] = st.session_state[key]
        return
    st.session_state[key] = asked if valid(asked) else default


def keep(key: str, value: str, default: str) -> None:
    """Writes the widget's value back; the default leaves the URL clean."""
    if value == default:
        if key in st.query_params:
            del st.query_params[key]
    elif st.query_params.get(key) != value:
        st.query_params[key] = value
    st.session_state[f"url_{key}"] = value


def choice(
    label: str,
    options: Sequence[str],
    key: str,
    default: str,
    shown: Callable[[str], str],
    width: int | str,
    *,
    visible: bool = False,
) -> str:
    seed(key, lambda asked: asked in options, default)
    if st.session_state[key] not in options:
        st.session_state[key] = default
    how: Any = "visible" if visible else "collapsed"
    size: Any = width
    value: str = st.selectbox(
        label, list(options), key=key, format_func=shown, width=size, label_visibility=how, placeholder=label
    )
    keep(key, value, default)
    return value


def text(label: str, key: str, placeholder: str, width: int) -> str:
    seed(key, lambda asked: len(asked) <= 200, "")
    value = st.text_input(
        label, key=key, placeholder=placeholder, width=width, label_visibility="collapsed", max_chars=200
    )
    keep(key, value, "")
    return value
