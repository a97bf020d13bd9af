"""The operator's page: clients at a glance, and everything that waits for a person."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from mai_core.errors import MaiError
from pages.parts import api, frame, markup, troubles
from pages.parts.markup import Html, escape
from pages.parts.state import books, clients, runs, waiting
from pages.parts.view import View

_SECTIONS: tuple[tuple[str, Callable[[View], None]], ...] = (
    ("ops.clients", clients.at_a_glance),
    ("ops.alerts", clients.alerts),
    ("ops.batches", runs.batches),
    ("ops.quarantine", waiting.quarantine),
    ("ops.unrouted", waiting.unrouted),
    ("ops.conflicts", waiting.conflicts),
    ("ops.reconciliation", books.reconciliation),
    ("ops.rates", books.exchange_rates),
    ("ops.prices", books.prices),
    ("ops.backups", runs.backups),
)


def show(view: View) -> None:
    """A section that cannot be shown says so in its place; the others stand."""
    words = view.words
    frame.heading(view, words("nav.operations_page"))
    for title, section in _SECTIONS:
        with st.container(key=f"card_{title.replace('.', '_')}"):
            frame.draw(Html(f'<h2 class="m-section">{escape(words(title))}</h2>'))
            try:
                section(view)
            except api.SessionEnded:
                raise
            except MaiError as error:
                frame.draw(markup.notice(troubles.sentence(words, error), "warn"))
