"""The daily runs, and the backups that they make."""

from __future__ import annotations

from typing import Any

import streamlit as st

from mai_core.language.catalogue import MESSAGES
from pages.parts import frame, ledger_tables, markup
from pages.parts.markup import Cell, Column, Html, escape
from pages.parts.state import common
from pages.parts.view import View

_MOST_FAILURES = 10


def batches(view: View) -> None:
    words = view.words
    status = common.ask(view, "/api/admin/batch/status", limit=5)
    common.draw_told("batches")
    with st.container(horizontal=True, vertical_alignment="center"):
        start = st.button(words("ops.batch.now"), key="batch_now", disabled=status["running"])
        if start and frame.act(view, "POST", "/api/admin/batch/trigger", json={}):
            common.tell_after("batches", words("ops.batch.started"))
        if status["next_run"]:
            said = words("ops.batch.next", moment=common.moment(view, status["next_run"]))
            frame.draw(Html(f'<span class="m-sub">{escape(said)}</span>'))
    if not status["runs"]:
        common.said(view, "ops.batches.none")
        return
    columns = [
        Column("day", words("ops.batch.day"), "text"), Column("state", words("column.state")),
        Column("when", words("column.when"), "num"), Column("took", words("ops.batch.took"), "num"),
        Column("steps", words("ops.batch.steps"), "text"),
    ]  # fmt: skip
    frame.draw(markup.table(columns, [_run(view, run) for run in status["runs"]], long=True))


def _run(view: View, run: dict[str, Any]) -> dict[str, Cell]:
    words = view.words
    seconds = (run["finished_at_ms"] - run["started_at_ms"]) / 1000 if run["finished_at_ms"] else None
    kind = {"failed": "bad", "running": "warn"}.get(run["state"], "good")
    return {
        "day": common.day(view, run["batch_date"]),
        "state": markup.tag(words(f"ops.state.{run['state']}"), kind),  # type: ignore[arg-type]
        "when": words.moment(view.local(run["started_at_ms"])),
        "took": "" if seconds is None else f"{words.number(seconds, 1)} s",
        "steps": _steps(view, run),
    }


def _steps(view: View, run: dict[str, Any]) -> Html:
    """How many went well; each that did not by its name, for whom and which day, and why."""
    failed = [step for step in run["steps"] if step["state"] == "failed"]
    well = view.words("ops.batch.steps_well", n=len(run["steps"]) - len(failed))
    shown = "".join(_failed(view, run, step) for step in failed[:_MOST_FAILURES])
    if run["error"] and not failed:
        shown = f"<small>{common.reason(view, run['error']).text}</small>"
    return Html(f"<div>{markup.html_of(well)}{shown}</div>")


def _failed(view: View, run: dict[str, Any], step: dict[str, Any]) -> str:
    names = {client.client_org_id: client.name for client in view.clients}
    whose = [names.get(step["client_org_id"], step["client_org_id"])] if step["client_org_id"] else []
    day = [common.day(view, step["batch_date"])] if step["batch_date"] != run["batch_date"] else []
    about = "".join(f"{escape(part)}: " for part in (", ".join([*whose, *day]),) if part)
    why = common.reason(view, step["error"]).text if step["error"] else ""
    return f"<div>{markup.tag(_step(view, step['step']), 'bad').text}<small>{about}{why}</small></div>"


def _step(view: View, name: str) -> str:
    key = f"ops.step.{name}"
    return view.words(key) if key in MESSAGES else name


def backups(view: View) -> None:
    words = view.words
    rows = ledger_tables.backups()
    if not rows:
        common.said(view, "ops.backups.none")
        return
    columns = [
        Column("file", words("column.name"), "text"), Column("when", words("column.when"), "num"),
        Column("events", words("ops.backups.events"), "num"), Column("size", words("ops.backups.size"), "num"),
        Column("state", words("column.state")),
    ]  # fmt: skip
    body = [
        {
            "file": row["file"],
            "when": words.moment(view.local(row["made_at_ms"])),
            "events": words.count(row["events"]),
            "size": f"{words.number(row['bytes'] / 1_000_000, 1)} MB",
            "state": markup.tag(words("ops.backups.verified"), "good") if row["verified_at_ms"] else "",
        }
        for row in rows
    ]
    frame.draw(markup.table(columns, body))
