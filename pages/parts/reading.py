"""What pages read: questions over one snapshot, remembered until what they are about changes (`answers.py`)."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple

import streamlit as st

from mai_core.reports import Reporting, Viewer
from mai_core.reports.explain import Explanation, explain
from pages.parts.answers import Answers, Ask, Wanted
from pages.parts.installation import settings

Row = dict[str, Any]
Version = tuple[tuple[int, int], ...]
"""Time and size of the ledger's files: every commit changes it, and looking costs microseconds."""

LOOKED_S = 0.7
"""While events keep coming, answers are taken again at most this often."""


def _of_ledger_file() -> Reporting:
    return Reporting.of_ledger_file(settings())


opened_by: Callable[[], Reporting] = _of_ledger_file
"""Tests put another source here: in their process the ledger is open through another SQLite."""


@st.cache_resource(show_spinner=False)
def reporting() -> Reporting:
    return opened_by()


_looked: tuple[float, Version] = (0.0, ())


def ledger_version() -> Version:
    global _looked
    at, version = _looked
    if time.monotonic() - at < LOOKED_S:
        return version
    ledger = settings().usage_summary_db
    version = tuple(_stamp(path) for path in (ledger, ledger.with_name(ledger.name + "-wal")))
    _looked = (time.monotonic(), version)
    return version


class Seen(NamedTuple):
    """How far the ledger had come, and when that was looked at (monotonic seconds)."""

    version: Version
    at: float


def seen_now() -> Seen:
    return Seen(ledger_version(), time.monotonic())


def _stamp(path: Path) -> tuple[int, int]:
    try:
        found = path.stat()
    except OSError:
        return 0, 0
    return found.st_mtime_ns, found.st_size


def ask(question: str, **parameters: Any) -> Ask:
    return question, tuple(sorted(parameters.items()))


@st.cache_resource(show_spinner=False)
def _answers() -> Answers:
    return Answers()


def answers(
    viewer: Viewer,
    client: str | None,
    first: date,
    last: date,
    *asks: Ask | str,
    seen: Seen | None = None,
    previous: tuple[date, date] | None = None,
    **filters: tuple[str, ...],
) -> tuple[list[list[Row]], Row]:
    """The rows of every question as of when the ledger was seen (now), or later, and how fresh they are."""
    asked = tuple(ask(item) if isinstance(item, str) else item for item in asks)
    wanted = Wanted.of(viewer, client, first, last, previous, filters, asked)
    version, at = seen or seen_now()
    rows, fresh = _answers().of(reporting(), wanted, version, asked, since=at)
    return rows, {"last_event_ms": fresh.last_event_ms, "sealed_through": fresh.sealed_through}


def explanation(viewer: Viewer, client: str | None, first: date, last: date, filters: Mapping[str, Any]) -> Explanation:
    """Computed anew each time: it is the check of what the other pages remember."""
    with reporting().open(viewer, first, last, client, **filters) as page:
        return explain(page)
