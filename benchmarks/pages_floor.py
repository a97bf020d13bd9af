"""The floor: a Streamlit app that draws a recorded page from constants, with the containers and elements it has.

`benchmarks.pages` records a page for several choices of its list and names the file in FLOOR; a choice draws its
recording. Nothing is computed, nobody logs in.
"""

from __future__ import annotations

import json
import os
from functools import lru_cache
from pathlib import Path
from typing import Any

import streamlit as st

from pages.parts.figure import Figure

ICON = Path(__file__).parent.parent / "static" / "icon.svg"


@lru_cache(maxsize=1)
def recorded() -> dict[str, Any]:
    """{"pages": [[url, title]], "<url>": {"key": ..., "choices": {label: {"main": [...], "side": [...]}}}}"""
    found: dict[str, Any] = json.loads(Path(os.environ["FLOOR"]).read_text())
    return found


@lru_cache(maxsize=256)
def figure(spec: str) -> Figure:
    """Without plotly's own checks, as the pages send theirs: a floor with them would be an easy one."""
    told, made = json.loads(spec), Figure()
    made.data.extend(told["data"])
    made.update_layout(**told["layout"])
    return made


def run() -> None:
    st.set_page_config(page_title="Floor", page_icon=str(ICON), layout="wide", menu_items={})
    pages = {path: _page(path, title) for path, title in recorded()["pages"]}
    chosen = st.navigation(list(pages.values()), position="hidden")
    st.session_state["pages"] = pages
    chosen.run()


def _page(path: str, title: str) -> Any:
    def show() -> None:
        page = recorded()[path]
        now = st.session_state.get(page["key"]) or next(iter(page["choices"]))
        drawn = page["choices"][now]
        for part in drawn["style"]:
            draw(part)
        with st.sidebar:
            draw_all(drawn["side"])
        draw_all(drawn["main"])

    return st.Page(show, title=title, url_path=path, default=path == "")


def draw_all(parts: list[dict[str, Any]]) -> None:
    for part in parts:
        draw(part)


def draw(part: dict[str, Any]) -> None:
    kind, label = part["kind"], part.get("label", "")
    if kind == "container":
        with _container(part):
            draw_all(part["inside"])
    elif kind == "html":
        st.html(part["body"])
    elif kind == "plotly_chart":
        st.plotly_chart(
            figure(part["spec"]), theme=None, key=part["alt"], config=json.loads(part["config"]), alt=part["alt"],
            on_select="rerun" if part["select"] else "ignore",
        )  # fmt: skip
    elif kind == "selectbox":
        st.selectbox(label, part["options"], key=part["key"], index=part["index"], label_visibility="collapsed")
    elif kind == "page_link":
        st.page_link(next(iter(st.session_state["pages"].values())), label=label, icon=part["icon"], width="stretch")
    elif kind in ("button", "download_button"):
        st.button(label, key=f"{label} {part['place']}")
    elif kind == "text_input":
        st.text_input(label, key=label)
    elif kind == "number_input":
        st.number_input(label, key=label)
    elif kind == "space":
        st.space("small")


def _container(part: dict[str, Any]) -> Any:
    if "expander" in part:
        return st.expander(part["expander"])
    return st.container(key=part.get("key") or None, horizontal=part.get("horizontal", False))


if __name__ == "__main__":
    run()
else:
    app = st.App(__file__)
