"""Draws the page anew when the browser changes between light and dark: charts and swatches are coloured on our side."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Any

import streamlit as st

_SCRIPT = Path(__file__).with_name("theme.js")


def follow() -> None:
    """Once in every run, so that it stands on every page."""
    _watcher()(key="theme", data={"drawn": "dark" if is_dark() else "light"}, on_theme_change=_seen)


def is_dark() -> bool:
    return st.context.theme.type == "dark"


@lru_cache(maxsize=1)
def _watcher() -> Any:
    return st.components.v2.component("mai_theme", js=_SCRIPT.read_text("utf-8"))


def _seen() -> None:
    """Streamlit gives a value its name by the callback that it has; the run that calls it is what was wanted."""
