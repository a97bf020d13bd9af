"""An analyst's desk: editor, schema, saved queries, history, result as grid or chart, download, cancel."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal, InvalidOperation
from typing import Any

import streamlit as st

from mai_core.spreadsheet import harmless
from pages.parts import api, charts, frame, markup
from pages.parts.downloads import Field, buttons
from pages.parts.markup import Html, escape
from pages.parts.running import Running
from pages.parts.view import View

_EXAMPLE = (
    "SELECT day, sum(requests) AS requests, sum(charged_pln) AS charged_pln\nFROM usage\nGROUP BY day\nORDER BY day"
)
_HISTORY = 20
_NUMBERS = ("INT", "DECIMAL", "DOUBLE", "FLOAT", "HUGEINT")


def show(view: View) -> None:
    words = view.words
    frame.heading(view, words("sql.title"), view.client.name if view.client else "")
    if frame.client_needed(view):
        return
    desk, side = st.columns([2.4, 1], gap="medium")
    with side:
        _side(view)
    with desk, st.container(key="card_sql"):
        sql = _editor(view)
        _buttons(view, sql)
        _outcome(view)


def _editor(view: View) -> str:
    words = view.words
    st.session_state.setdefault("sql", st.query_params.get("sql") or _EXAMPLE)
    if "sql_loaded" in st.session_state:
        st.session_state["sql"] = st.session_state.pop("sql_loaded")
    return st.text_area(words("sql.editor"), key="sql", height=210, help=words("sql.hint"), max_chars=100_000)


def _buttons(view: View, sql: str) -> None:
    words = view.words
    running: Running | None = st.session_state.get("sql_running")
    with st.container(horizontal=True, vertical_alignment="bottom"):
        busy = running is not None and not running.done
        if st.button(words("sql.run"), type="primary", key="sql_run", disabled=busy, shortcut="Ctrl+Enter"):
            _remember(sql)
            token, client = view.session.token, view.client_id or ""
            st.session_state["sql_running"] = Running(sql, token, client).start()
            st.rerun()
        name = st.text_input(
            words("sql.save_as"), key="sql_name", placeholder=words("sql.save_as"), label_visibility="collapsed",
            width=200, max_chars=200,
        )  # fmt: skip
        if st.button(words("save"), key="sql_save", disabled=not name.strip()):
            body = {"name": name.strip(), "sql": sql, "client": view.client_id}
            frame.act(view, "PUT", "/api/v1/saved-queries", json=body)


def _remember(sql: str) -> None:
    history: list[str] = st.session_state.setdefault("sql_history", [])
    if sql in history:
        history.remove(sql)
    history.insert(0, sql)
    del history[_HISTORY:]


def _outcome(view: View) -> None:
    running: Running | None = st.session_state.get("sql_running")
    if running is None:
        return
    if not running.done:
        _progress(view)
        return
    words = view.words
    if running.problem:
        frame.draw(markup.notice(running.problem, "bad"))
    elif running.refusal:
        frame.draw(_refusal(view, running.refusal))
    elif running.answer is not None:
        _answer(view, running.answer)
    else:
        frame.draw(markup.notice(words("sql.cancelled")))


@st.fragment(run_every=0.4)
def _progress(view: View) -> None:
    words = view.words
    running: Running = st.session_state["sql_running"]
    if running.done:
        st.rerun()
    with st.container(horizontal=True, vertical_alignment="center"):
        frame.draw(markup.notice(words("sql.running", seconds=running.seconds)))
        if st.button(words("sql.cancel"), key="sql_cancel"):
            running.cancel()


def _refusal(view: View, refusal: dict[str, Any]) -> Html:
    words, message = view.words, str(refusal.get("message") or refusal.get("error") or "")
    if refusal.get("problem") == "cancelled":
        return markup.notice(words("sql.cancelled"))
    if refusal.get("line"):
        message = words("sql.error.at", line=refusal["line"], column=refusal.get("column") or 1, problem=message)
    hint = f'<p class="m-sub">{escape(str(refusal["hint"]))}</p>' if refusal.get("hint") else ""
    return Html(markup.notice(message, "bad").text + hint)


def _answer(view: View, answer: dict[str, Any]) -> None:
    words = view.words
    names = _unique([harmless(column["name"]) for column in answer["columns"]])
    kinds = [column.get("type", "") for column in answer["columns"]]
    rows = [dict(zip(names, row, strict=True)) for row in answer["rows"]]
    limits = answer["limits"]
    said = words("sql.result", n=len(rows), ms=answer["elapsed_ms"])
    cut = words("sql.truncated", rows=words.count(limits["rows"])) if answer["truncated"] else ""
    bounds = words(
        "sql.limits", seconds=words.number(limits["seconds"], 0), rows=words.count(limits["rows"]),
        memory=f"{limits['memory_mb']} MB",
    )  # fmt: skip
    frame.draw(Html(f'<p class="m-sub">{escape(" ".join(part for part in (said, cut, bounds) if part))}</p>'))
    if not rows:
        frame.draw(markup.notice(words("sql.empty")))
        return
    grid, chart = st.tabs([words("sql.grid"), words("sql.chart")])
    with grid:
        # The grid's own menu writes a CSV of what it shows.
        shown = [{name: harmless(value) for name, value in row.items()} for row in rows]
        st.dataframe(shown, hide_index=True, key="sql_grid", height=min(38 + 35 * len(rows), 480))
        buttons(view, "sql", [Field(name, name) for name in names], lambda: rows)
    with chart:
        numbers = [name for name, kind in zip(names, kinds, strict=True) if any(part in kind for part in _NUMBERS)]
        if not numbers:
            frame.draw(markup.notice(words("sql.chart.needs")))
            return
        axis = next((name for name in names if name not in numbers), names[0])
        figure = charts.of_result(
            view, [str(row[axis]) for row in rows], {name: [_number(row[name]) for row in rows] for name in numbers[:4]}
        )
        charts.show(view, figure, "sql_chart", words("sql.chart"))


def _unique(names: Sequence[str]) -> list[str]:
    """Two columns of one name would swallow each other in the grid."""
    seen: dict[str, int] = {}
    shown = []
    for name in names:
        seen[name] = seen.get(name, 0) + 1
        shown.append(name if seen[name] == 1 else f"{name} ({seen[name]})")
    return shown


def _number(value: Any) -> float | None:
    try:
        return None if value is None else float(Decimal(str(value)))
    except InvalidOperation:
        return None


def _side(view: View) -> None:
    words = view.words
    with st.container(key="card_schema"):
        frame.draw(Html(f'<h2 class="m-section">{escape(words("sql.schema"))}</h2>'))
        for relation in api.call("GET", "/api/v1/sql/schema", view.session.token):
            with st.expander(relation["name"], expanded=relation["name"] == "usage"):
                columns = "".join(
                    f"<tr><td>{escape(column['name'])}</td><td><small>{escape(column['type'])}</small></td></tr>"
                    for column in relation["columns"]
                )
                frame.draw(Html(f'<table class="m-table m-tight"><tbody>{columns}</tbody></table>'))
    with st.container(key="card_saved"):
        frame.draw(Html(f'<h2 class="m-section">{escape(words("sql.saved"))}</h2>'))
        saved = api.call("GET", "/api/v1/saved-queries", view.session.token, params={"client": view.client_id})
        _list(view, [(query["name"], query["sql"], query["id"]) for query in saved], "saved")
    with st.container(key="card_history"):
        frame.draw(Html(f'<h2 class="m-section">{escape(words("sql.history"))}</h2>'))
        history: list[str] = st.session_state.get("sql_history", [])
        _list(view, [(" ".join(sql.split())[:60], sql, None) for sql in history], "history")


def _list(view: View, entries: Sequence[tuple[str, str, int | None]], kind: str) -> None:
    words = view.words
    if not entries:
        frame.draw(Html(f'<p class="m-sub">{escape(words(f"sql.{kind}.none"))}</p>'))
    for place, (name, sql, query_id) in enumerate(entries):
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            frame.draw(Html(f'<span class="m-name">{escape(name)}</span>'))
            if st.button(words("sql.load"), key=f"{kind}_load_{place}", type="tertiary"):
                st.session_state["sql_loaded"] = sql
                st.rerun()
            if query_id is not None and st.button(words("sql.delete"), key=f"{kind}_del_{place}", type="tertiary"):
                params = {"client": view.client_id}
                frame.act(view, "DELETE", f"/api/v1/saved-queries/{query_id}", params=params)
                st.rerun()
