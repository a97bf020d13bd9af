"""An analyst's desk: editor, schema, saved queries, history, result as grid or chart, download, cancel."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal, InvalidOperation
from typing import Any

import streamlit as st

from mai_core.spreadsheet import harmless
from pages.parts import api, charts, frame, markup, troubles
from pages.parts.downloads import Field, buttons
from pages.parts.markup import Html, escape
from pages.parts.periods import Period
from pages.parts.running import Running
from pages.parts.sql_editor.editor import Draft, Mark, edit
from pages.parts.view import View

_EXAMPLE = (
    "SELECT day, sum(requests) AS requests, sum(charged_pln) AS charged_pln\nFROM usage\nGROUP BY day\nORDER BY day"
)
_HISTORY = 20
_NUMBERS = ("INT", "DECIMAL", "DOUBLE", "FLOAT", "HUGEINT")


def show(view: View) -> None:
    words = view.words
    period = frame.heading_with_period(view, words("sql.title"), default="90d")
    if frame.client_needed(view):
        return
    draft = _draft()
    relations = api.call("GET", "/api/v1/sql/schema", view.session.token)
    desk, side = st.columns([2.4, 1], gap="small")
    with desk, st.container(key="card_sql"):
        asked = edit(view, draft, relations, _mark(view))
        _buttons(view, draft, period, asked)
        _outcome(view)
    with side:
        _side(view, draft, relations)


def _draft() -> Draft:
    """What stands in the editor, kept while one looks at other pages. A link may bring a query along."""
    linked = st.query_params.get("sql")
    draft: Draft = st.session_state.setdefault("sql_draft", Draft(linked or _EXAMPLE, untouched=not linked))
    return draft


def _mark(view: View) -> Mark | None:
    running: Running | None = st.session_state.get("sql_running")
    refusal = running.refusal if running is not None and running.done else None
    if running is None or not refusal or not refusal.get("line"):
        return None
    said = _said(view, refusal)
    return Mark(running.query_id, running.sql, int(refusal["line"]), int(refusal.get("column") or 1), said)


def _buttons(view: View, draft: Draft, period: Period, asked: bool) -> None:
    words = view.words
    running: Running | None = st.session_state.get("sql_running")
    with st.container(horizontal=True, vertical_alignment="bottom"):
        busy = running is not None and not running.done
        pressed = st.button(words("sql.run"), type="primary", key="sql_run", disabled=busy, shortcut="Ctrl+Enter")
        if (pressed or asked) and not busy and draft.text.strip():
            _remember(draft.text)
            token, client = view.session.token, view.client_id or ""
            st.session_state["sql_running"] = Running(draft.text, token, client, period.first, period.last).start()
            st.rerun()
        name = st.text_input(
            words("sql.save_as"), key="sql_name", placeholder=words("sql.save_as"), label_visibility="collapsed",
            width=200, max_chars=200,
        )  # fmt: skip
        if st.button(words("save"), key="sql_save", disabled=not name.strip()):
            body = {"name": name.strip(), "sql": draft.text, "client": view.client_id}
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
    if isinstance(running.trouble, api.SessionEnded):
        raise running.trouble
    if running.trouble is not None:
        frame.draw(markup.notice(troubles.sentence(words, running.trouble), "bad"))
    elif running.refusal:
        frame.draw(_refusal(view, running.refusal))
    elif running.answer is not None:
        _answer(view, running.answer)
    else:
        frame.draw(markup.notice(words("sql.cancelled")))


@troubles.by_itself(every_s=0.4)
def _progress(view: View) -> None:
    words = view.words
    running: Running = st.session_state["sql_running"]
    if running.done:
        st.rerun()
    with st.container(horizontal=True, vertical_alignment="center"):
        frame.draw(markup.notice(words("sql.running", seconds=running.seconds)))
        if st.button(words("sql.cancel"), key="sql_cancel"):
            running.cancel()


def _said(view: View, refusal: dict[str, Any]) -> str:
    message = str(refusal.get("message") or refusal.get("error") or "")
    if not refusal.get("line"):
        return message
    place = {"line": refusal["line"], "column": refusal.get("column") or 1}
    return view.words("sql.error.at", **place, problem=message)


def _refusal(view: View, refusal: dict[str, Any]) -> Html:
    if refusal.get("problem") == "cancelled":
        return markup.notice(view.words("sql.cancelled"))
    said, hint = _said(view, refusal), str(refusal.get("hint") or "")
    below = f'<p class="m-sub">{escape(hint)}</p>' if hint and hint not in said else ""
    return Html(markup.notice(said, "bad").text + below)


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
    frame.draw(Html(f'<p class="m-sub">{escape(" · ".join(part for part in (said, cut, bounds) if part))}</p>'))
    if not rows:
        frame.draw(markup.notice(words("sql.empty")))
        return
    grid, chart = st.tabs([words("sql.grid"), words("sql.chart")])
    with grid:
        # The grid's own menu writes a CSV of what it shows.
        exact = [name for name, kind in zip(names, kinds, strict=True) if "DECIMAL" in kind]
        shown = [{name: harmless(value) for name, value in row.items()} for row in rows]
        st.dataframe(
            shown, hide_index=True, key="sql_grid", height=min(38 + 35 * len(rows), 480),
            column_config={name: st.column_config.TextColumn(alignment="right") for name in exact},
        )  # fmt: skip
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


def _side(view: View, draft: Draft, relations: Sequence[dict[str, Any]]) -> None:
    words = view.words
    with st.container(key="card_schema"):
        heading = f'<h2 class="m-section">{escape(words("sql.schema"))}</h2>'
        frame.draw(Html(f'{heading}<p class="m-sub">{escape(words("sql.schema.hint"))}</p>'))
        for relation in relations:
            with st.expander(relation["name"], expanded=relation["name"] == "usage"):
                frame.draw(_columns(view, relation))
    with st.container(key="card_saved"):
        frame.draw(Html(f'<h2 class="m-section">{escape(words("sql.saved"))}</h2>'))
        saved = api.call("GET", "/api/v1/saved-queries", view.session.token, params={"client": view.client_id})
        _list(view, draft, [(query["name"], query["sql"], query["id"]) for query in saved], "saved")
    with st.container(key="card_history"):
        frame.draw(Html(f'<h2 class="m-section">{escape(words("sql.history"))}</h2>'))
        history: list[str] = st.session_state.get("sql_history", [])
        _list(view, draft, [(" ".join(sql.split())[:60], sql, None) for sql in history], "history")


def _columns(view: View, relation: dict[str, Any]) -> Html:
    """Names as buttons that the editor listens to: a click writes the name where the cursor stands."""

    def row(name: str, kind: str) -> str:
        name, title = escape(name), escape(view.words("sql.schema.insert", name=name))
        button = f'<button type="button" class="m-insert" data-sql-insert="{name}" title="{title}">{name}</button>'
        return f"<tr><td>{button}</td><td><small>{escape(kind)}</small></td></tr>"

    rows = [row(relation["name"], view.words("sql.schema.table"))]
    rows += [row(column["name"], column["type"]) for column in relation["columns"]]
    return Html(f'<table class="m-table m-tight"><tbody>{"".join(rows)}</tbody></table>')


def _list(view: View, draft: Draft, entries: Sequence[tuple[str, str, int | None]], kind: str) -> None:
    words = view.words
    if not entries:
        frame.draw(Html(f'<p class="m-sub">{escape(words(f"sql.{kind}.none"))}</p>'))
    for place, (name, sql, query_id) in enumerate(entries):
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            frame.draw(Html(f'<span class="m-name">{escape(name)}</span>'))
            if st.button(words("sql.load"), key=f"{kind}_load_{place}", type="tertiary"):
                draft.replace(sql)
                st.rerun()
            if query_id is not None and st.button(words("sql.delete"), key=f"{kind}_del_{place}", type="tertiary"):
                params = {"client": view.client_id}
                frame.act(view, "DELETE", f"/api/v1/saved-queries/{query_id}", params=params)
                st.rerun()
