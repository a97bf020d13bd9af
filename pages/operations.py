"""The operator's page: clients at a glance, and everything that waits for a person."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any

import streamlit as st

from mai_core.alerts.wording import text_of
from mai_core.days import parse_instant_ms
from mai_core.errors import MaiError
from mai_core.language.catalogue import MESSAGES
from mai_core.money import units_of
from pages.parts import api, frame, ledger_tables, markup, troubles
from pages.parts.markup import Cell, Column, Html, escape
from pages.parts.periods import period_of
from pages.parts.reading import Row
from pages.parts.view import View


def show(view: View) -> None:
    words = view.words
    frame.heading(view, words("nav.operations_page"))
    sections: list[tuple[str, Callable[[View], None]]] = [
        ("ops.clients", _clients),
        ("ops.alerts", _alerts),
        ("ops.batches", _batches),
        ("ops.quarantine", _quarantine),
        ("ops.unrouted", _unrouted),
        ("ops.conflicts", _conflicts),
        ("ops.reconciliation", _reconciliation),
        ("ops.rates", _rates),
        ("ops.prices", _prices),
        ("ops.backups", _backups),
    ]
    for title, section in sections:
        with st.container(key=f"card_{title.replace('.', '_')}"):
            frame.draw(Html(f'<h2 class="m-section">{escape(words(title))}</h2>'))
            try:
                section(view)
            except api.SessionEnded:
                raise
            except MaiError as error:
                frame.draw(markup.notice(troubles.sentence(words, error), "warn"))


def _get(view: View, path: str, **params: Any) -> Any:
    return api.call("GET", path, view.session.token, params=params)


def _said(view: View, key: str) -> None:
    frame.draw(Html(f'<p class="m-sub">{escape(view.words(key))}</p>'))


def _moment(view: View, text: str | None) -> str:
    return view.words.moment(view.local(parse_instant_ms(text))) if text else ""


def _clients(view: View) -> None:
    words = view.words
    period = period_of("month", view.today)
    (rows,), _ = view.read(period, "by_client")
    used = {row["client_org_id"]: row for row in rows}
    columns = [
        Column("name", words("column.client"), "text"), Column("pln", words("amount.pln"), "num"),
        Column("usd", words("amount.usd"), "num"), Column("margin", words("column.margin"), "num"),
        Column("limit", words("ops.used")), Column("share", "", "num"), Column("last", words("column.last"), "num"),
    ]  # fmt: skip
    body = [_client_row(view, client.client_org_id, client.name, client.limit_pusd, used) for client in view.clients]
    frame.draw(markup.table(columns, body))


def _client_row(view: View, client_id: str, name: str, limit: int | None, used: dict[str, Row]) -> dict[str, Cell]:
    words, row = view.words, used.get(client_id)
    where = markup.address("", client=client_id)
    first, last = view.today.replace(day=1), view.today
    explain = markup.address("explain", client=client_id, **{"from": first.isoformat(), "to": last.isoformat()})
    if row is None:
        return {"name": markup.link(where, markup.name(name)), "pln": words("none")}
    share = int(row["charged_pusd"]) / limit if limit else None
    return {
        "name": markup.link(where, markup.name(name)),
        "pln": markup.amount_link(explain, view.pln(row), words("explain.link")),
        "usd": view.usd(row),
        "margin": words.money(int(row["margin_pusd"]), "USD"),
        "limit": "" if share is None else markup.bar(share),
        "share": "" if share is None else words.percent(share),
        "last": words.moment(view.local(row["last_at_ms"])) if row.get("last_at_ms") else "",
    }


def _alerts(view: View) -> None:
    words = view.words
    rows = ledger_tables.open_alerts()
    if not rows:
        _said(view, "ops.alerts.none")
        return
    columns = [
        Column("level", words("column.state")), Column("text", words("column.what"), "text"),
        Column("since", words("ops.alerts.since"), "num"), Column("times", words("ops.quarantine.times"), "num"),
    ]  # fmt: skip
    body = [
        {
            "level": markup.tag(words(f"ops.level.{row['level']}"), "bad" if row["level"] == "error" else "warn"),
            "text": text_of(words, row["message_key"], json.loads(row["message_values"])),
            "since": words.moment(view.local(row["first_at_ms"])),
            "times": words.count(row["times"]),
        }
        for row in rows
    ]
    frame.draw(markup.table(columns, body))


def _batches(view: View) -> None:
    words = view.words
    status = _get(view, "/api/admin/batch/status", limit=5)
    with st.container(horizontal=True, vertical_alignment="center"):
        if st.button(words("ops.batch.now"), key="batch_now", disabled=status["running"]):
            frame.act(view, "POST", "/api/admin/batch/trigger", json={})
        if status["next_run"]:
            said = words("ops.batch.next", moment=_moment(view, status["next_run"]))
            frame.draw(Html(f'<span class="m-sub">{escape(said)}</span>'))
    if not status["runs"]:
        _said(view, "ops.batches.none")
        return
    columns = [
        Column("day", words("ops.batch.day"), "text"), Column("state", words("column.state")),
        Column("when", words("column.when"), "num"), Column("took", words("ops.batch.took"), "num"),
        Column("steps", words("ops.batch.steps"), "text"),
    ]  # fmt: skip
    frame.draw(markup.table(columns, [_batch_row(view, run) for run in status["runs"]]))


def _batch_row(view: View, run: dict[str, Any]) -> dict[str, Cell]:
    words = view.words
    took = f"{(run['finished_at_ms'] - run['started_at_ms']) / 1000:.1f} s" if run["finished_at_ms"] else ""
    steps = markup.joined(
        *(
            markup.joined(markup.tag(_step(view, step["step"]), "bad" if step["state"] == "failed" else "good"), " ")
            for step in run["steps"]
        )
    )
    return {
        "day": run["batch_date"],
        "state": markup.tag(words(f"ops.state.{run['state']}"), "bad" if run["state"] == "failed" else "good"),
        "when": words.moment(view.local(run["started_at_ms"])),
        "took": took,
        "steps": markup.joined(steps, _technical(f" {run['error']}") if run["error"] else ""),
    }


def _step(view: View, name: str) -> str:
    key = f"ops.step.{name}"
    return view.words(key) if key in MESSAGES else name


def _technical(text: str) -> Html:
    """What a machine reported, in its own words."""
    return Html(f'<span lang="en">{escape(text)}</span>')


def _client_choice(view: View, key: str) -> str | None:
    names = {client.client_org_id: client.name for client in view.clients}
    chosen: str = st.selectbox(
        view.words("column.client"), ["", *names], key=key, label_visibility="collapsed", width=240,
        format_func=lambda name: names.get(name, view.words("column.client")),
    )  # fmt: skip
    return chosen or None


def _quarantine(view: View) -> None:
    words = view.words
    entries = [entry for entry in _get(view, "/api/v1/admin/quarantine") if entry["state"] == "waiting"]
    if not entries:
        _said(view, "ops.quarantine.none")
        return
    columns = [
        Column("id", "#", "text"), Column("source", words("column.source")),
        Column("reason", words("column.reason"), "text"),
        Column("times", words("ops.quarantine.times"), "num"), Column("last", words("column.last"), "num"),
    ]  # fmt: skip
    body = [
        {
            "id": str(entry["id"]),
            "source": entry["source"],
            "reason": _technical(entry["reason"]),
            "times": words.count(entry["times_seen"]),
            "last": words.moment(view.local(entry["last_seen_at_ms"])),
        }
        for entry in entries[:50]
    ]
    frame.draw(markup.table(columns, body))
    by_id = {entry["id"]: entry for entry in entries}
    with st.container(horizontal=True, vertical_alignment="bottom"):
        chosen = st.selectbox(
            words("ops.quarantine.choose"), list(by_id), key="quarantine", label_visibility="collapsed", width=260,
            format_func=lambda number: f"#{number} {by_id[number]['source']}",
        )  # fmt: skip
        client = _client_choice(view, "quarantine_client")
        if st.button(words("ops.quarantine.replay"), key="replay", type="primary"):
            path = f"/api/v1/admin/quarantine/{chosen}/replay"
            told = frame.act(view, "POST", path, json={"client_org_id": client})
            if told is not None:
                said = words("ops.quarantine.replayed", **told)
                frame.draw(markup.notice(said))
        if st.button(words("ops.quarantine.drop"), key="drop"):
            frame.act(view, "POST", f"/api/v1/admin/quarantine/{chosen}/drop")


def _unrouted(view: View) -> None:
    words = view.words
    senders = _get(view, "/api/v1/admin/unrouted")
    if not senders:
        _said(view, "ops.unrouted.none")
        return
    columns = [
        Column("sender", words("ops.unrouted.sender"), "text"), Column("events", words("ops.unrouted.events"), "num"),
        Column("last", words("column.last"), "num"),
    ]  # fmt: skip
    body = [
        {
            "sender": markup.name(sender["external_user"] or sender["api_key_name"] or "–"),
            "events": words.count(sender["events"]),
            "last": _moment(view, sender["last_seen_at"]),
        }
        for sender in senders[:50]
    ]
    frame.draw(markup.table(columns, body))
    known = [sender for sender in senders if sender["external_user"] or sender["api_key_name"]]
    if not known:
        return
    with st.container(horizontal=True, vertical_alignment="bottom"):
        place = st.selectbox(
            words("ops.unrouted.sender"), range(len(known)), key="unrouted", label_visibility="collapsed", width=260,
            format_func=lambda number: str(known[number]["external_user"] or known[number]["api_key_name"])[:80],
        )  # fmt: skip
        client = _client_choice(view, "unrouted_client")
        if st.button(words("ops.unrouted.assign"), key="assign", type="primary", disabled=client is None):
            sender = known[place or 0]
            kind = "external_user" if sender["external_user"] else "api_key_name"
            body_sent = {"kind": kind, "value": sender[kind], "client_org_id": client}
            frame.act(view, "PUT", "/api/v1/admin/routes", json=body_sent)


def _conflicts(view: View) -> None:
    words = view.words
    rows = _get(view, "/api/v1/admin/conflicts")
    if not rows:
        _said(view, "ops.conflicts.none")
        return
    columns = [
        Column("id", words("explain.generation"), "text"), Column("field", words("ops.conflicts.field")),
        Column("values", words("ops.conflicts.values"), "text"),
    ]  # fmt: skip
    body = [
        {"id": row["generation_id"], "field": row["field"], "values": " / ".join(map(str, row["seen_values"]))}
        for row in rows[:50]
    ]
    frame.draw(markup.table(columns, body))
    with st.container(horizontal=True, vertical_alignment="bottom"):
        place = st.selectbox(
            words("ops.conflicts.field"), range(len(rows)), key="conflict", label_visibility="collapsed", width=260,
            format_func=lambda number: f"{rows[number]['generation_id'][:40]} · {rows[number]['field']}",
        )  # fmt: skip
        row = rows[place or 0]
        value = st.selectbox(
            words("ops.conflicts.right"),
            row["seen_values"],
            key="conflict_value",
            label_visibility="collapsed",
            width=200,
        )
        if st.button(words("ops.conflicts.decide"), key="decide", type="primary"):
            frame.act(view, "POST", f"/api/v1/admin/conflicts/{row['id']}/decide", json={"value": value})


def _reconciliation(view: View) -> None:
    words = view.words
    found = _get(view, "/api/v1/reconciliation", days_back=30)
    if not found["enabled"]:
        _said(view, "ops.reconciliation.off")
    rows: Sequence[dict[str, Any]] = found["residuals"]
    if not rows:
        if found["enabled"]:
            _said(view, "ops.reconciliation.none")
        return
    columns = [
        Column("day", words("column.day"), "text"), Column("class", words("ops.reconciliation.class")),
        Column("model", words("column.model"), "text"), Column("id", words("explain.generation"), "text"),
        Column("billed", words("ops.reconciliation.billed"), "num"),
        Column("recorded", words("ops.reconciliation.recorded"), "num"),
    ]  # fmt: skip
    body = [
        {
            "day": row["utc_date"],
            "class": markup.tag(words(f"ops.class.{row['class']}"), "warn" if row["open"] else "good"),
            "model": markup.name(row["model"]),
            "id": row["generation_id"] or "",
            "billed": words.money(units_of(row["billed_usd"]), "USD", 4),
            "recorded": words.money(units_of(row["recorded_usd"]), "USD", 4),
        }
        for row in rows[:100]
    ]
    frame.draw(markup.table(columns, body))


def _rates(view: View) -> None:
    words = view.words
    rows = sorted(_get(view, "/api/v1/exchange-rates/USD"), key=lambda row: row["effective_date"], reverse=True)
    if not rows:
        _said(view, "ops.rates.none")
        return
    held = [row for row in rows if row["state"] == "held"]
    columns = [
        Column("day", words("billing.rate_date"), "text"), Column("table", words("column.table")),
        Column("rate", words("column.rate"), "num"), Column("state", words("column.state")),
        Column("fetched", words("column.when"), "num"),
    ]  # fmt: skip
    body = [
        {
            "day": row["effective_date"],
            "table": row["table_no"],
            "rate": row["rate"].replace(".", ",") if words.language == "pl" else row["rate"],
            "state": markup.tag(words(f"ops.rates.{row['state']}"), "good" if row["state"] == "used" else "warn"),
            "fetched": _moment(view, row["fetched_at"]),
        }
        for row in [*held, *[row for row in rows if row not in held][:5]]
    ]
    frame.draw(markup.table(columns, body))
    if held:
        with st.container(horizontal=True):
            day = st.selectbox("NBP", [row["effective_date"] for row in held], key="held", label_visibility="collapsed")
            for decision in ("accept", "refuse"):
                if st.button(words(f"ops.rates.{decision}"), key=f"rate_{decision}"):
                    frame.act(view, "POST", f"/api/v1/exchange-rates/USD/{day}", json={"decision": decision})


def _prices(view: View) -> None:
    words = view.words
    book = _get(view, "/api/v1/usage-tracking/model-pricing")
    when = _moment(view, book["last_updated"]) or words("ops.prices.never")
    source = words(f"ops.source.{book['source']}")
    said = words("ops.prices.source", source=source, n=len(book["models"]), when=when)
    frame.draw(Html(f'<p class="m-sub">{escape(said)}</p>'))
    if book.get("error"):
        frame.draw(markup.notice(str(book["error"]), "warn"))


def _backups(view: View) -> None:
    words = view.words
    rows = ledger_tables.backups()
    if not rows:
        _said(view, "ops.backups.none")
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
