"""The editor of the SQL page: CodeMirror 6 in a component of our own, a plain text field until it has loaded.

The text lives in the browser and comes here when the editor is left or runs it; `Draft` is what is known of it here.
`frontend/` holds the source of `bundle.js`, which `make editor` builds and git keeps: nobody needs node to run this.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import streamlit as st

from pages.parts.sql_editor.bundle import address
from pages.parts.view import View

_FOLDER = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class Mark:
    """Where a query that ran is wrong."""

    query_id: str
    sql: str
    line: int
    column: int
    message: str


@dataclass(slots=True)
class Draft:
    """The text as this session knows it; lives in the session, so it changes."""

    text: str
    untouched: bool
    """Nobody has written or loaded anything yet: what the browser has kept over a reload is better."""
    version: int = 0
    """Goes up when the text is replaced from here; what was typed over an older one is out of date."""
    at: int = 0
    """The browser's stamp of what came last."""

    def replace(self, text: str) -> None:
        self.text, self.untouched, self.version = text, False, self.version + 1

    def take(self, sent: object) -> bool:
        """What the browser sends: kept when it is newer than what is known. Says whether it was."""
        match sent:
            case {"text": str(text), "version": int(version), "at": int(at)}:
                if version != self.version or at <= self.at:
                    return False
                self.text, self.untouched, self.at = text, False, at
                return True
        return False


def edit(view: View, draft: Draft, relations: Sequence[dict[str, Any]], mark: Mark | None) -> bool:
    """Shows the editor and takes in what was typed. True when it was asked to run (Ctrl+Enter)."""
    told = _component()(
        key="sql_editor", data=_data(view, draft, relations, mark), on_draft_change=_seen, on_run_change=_seen
    )
    draft.take(told.draft)
    return told.run is not None and draft.take(told.run)


def _seen() -> None:
    """Streamlit gives a value its name by the callback that it has."""


@lru_cache(maxsize=1)
def _component() -> Any:
    html, css, js = ((_FOLDER / name).read_text("utf-8") for name in ("editor.html", "editor.css", "loader.js"))
    return st.components.v2.component("mai_sql_editor", html=html, css=css, js=js)


def _data(view: View, draft: Draft, relations: Sequence[dict[str, Any]], mark: Mark | None) -> dict[str, Any]:
    words = view.words
    return {
        "text": draft.text,
        "version": draft.version,
        "untouched": draft.untouched,
        "who": hashlib.sha256(view.session.email.encode()).hexdigest()[:16],
        "bundle": address(),
        "relations": [
            {"name": relation["name"], "columns": [{"name": c["name"], "type": c["type"]} for c in relation["columns"]]}
            for relation in relations
        ],
        "mark": mark and {
            "id": mark.query_id, "sql": mark.sql, "line": mark.line, "column": mark.column, "message": mark.message,
        },
        "labels": {
            "title": words("sql.editor"),
            "editor": words("sql.editor.spoken"),
            "hint": words("sql.editor.hint"),
            "phrases": {
                "Completions": words("sql.editor.completions"),
                "Control character": words("sql.editor.control_character"),
            },
        },
    }  # fmt: skip
