"""What waits for a person: quarantine, senders that nobody knows, values about which sources disagree."""

from __future__ import annotations

from decimal import Decimal

import streamlit as st

from mai_core.language.catalogue import MESSAGES
from mai_core.money import UNITS_PER_ONE
from pages.parts import directory, frame, markup
from pages.parts.markup import Column
from pages.parts.state import common
from pages.parts.view import View

_MOST = 50


def quarantine(view: View) -> None:
    words = view.words
    common.draw_told("quarantine")
    found = common.ask(view, "/api/v1/admin/quarantine", limit=_MOST + 1)
    if not found:
        common.said(view, "ops.quarantine.none")
        return
    entries = found[:_MOST]
    columns = [
        Column("id", "#"), Column("source", words("column.source")),
        Column("reason", words("column.reason"), "text"),
        Column("times", words("ops.quarantine.times"), "num"), Column("last", words("ops.last_seen"), "num"),
    ]  # fmt: skip
    body = [
        {
            "id": str(entry["id"]),
            "source": entry["source"],
            "reason": _reason(view, entry["reason_code"], entry["reason"]),
            "times": words.count(entry["times_seen"]),
            "last": words.moment(view.local(entry["last_seen_at_ms"])),
        }
        for entry in entries
    ]
    frame.draw(markup.table(columns, body, long=True))
    if len(found) > _MOST:
        common.said(view, "ops.quarantine.more", most=_MOST)
    by_id = {entry["id"]: entry for entry in entries}
    with st.container(horizontal=True, vertical_alignment="bottom"):
        chosen = st.selectbox(
            words("ops.quarantine.choose"), list(by_id), key="quarantine", label_visibility="collapsed", width=260,
            format_func=lambda number: f"#{number} {by_id[number]['source']}",
        )  # fmt: skip
        client = common.client_choice(view, "quarantine_client")
        if st.button(words("ops.quarantine.replay"), key="replay", type="primary"):
            path = f"/api/v1/admin/quarantine/{chosen}/replay"
            told = frame.act(view, "POST", path, json={"client_org_id": client})
            if told is not None:
                common.tell_after("quarantine", words("ops.quarantine.replayed", **told))
        drop = st.button(words("ops.quarantine.drop"), key="drop")
        if drop and frame.act(view, "POST", f"/api/v1/admin/quarantine/{chosen}/drop"):
            common.tell_after("quarantine")


def _reason(view: View, code: str, reason: str) -> markup.Html:
    key = f"ops.reason.{code}"
    if key in MESSAGES:
        return markup.joined(view.words(key))
    return common.reason(view, reason)


def unrouted(view: View) -> None:
    words = view.words
    common.draw_told("unrouted")
    senders = common.ask(view, "/api/v1/admin/unrouted")
    if not senders:
        common.said(view, "ops.unrouted.none")
        return
    columns = [
        Column("sender", words("ops.unrouted.sender"), "text"), Column("events", words("ops.unrouted.events"), "num"),
        Column("last", words("ops.last_seen"), "num"),
    ]  # fmt: skip
    body = [
        {
            "sender": markup.name(
                sender["external_user"] or sender["api_key_name"] or "–", sender["api_key_name"] or ""
            ),
            "events": words.count(sender["events"]),
            "last": common.moment(view, sender["last_seen_at"]),
        }
        for sender in senders[:_MOST]
    ]
    frame.draw(markup.table(columns, body, long=True))
    known = [sender for sender in senders if sender["external_user"] or sender["api_key_name"]]
    if not known:
        return
    with st.container(horizontal=True, vertical_alignment="bottom"):
        place = st.selectbox(
            words("ops.unrouted.sender"), range(len(known)), key="unrouted", label_visibility="collapsed", width=260,
            format_func=lambda number: str(known[number]["external_user"] or known[number]["api_key_name"])[:80],
        )  # fmt: skip
        sender = known[place or 0]
        client = common.client_choice(view, "unrouted_client")
        person = _person_choice(view, client) if client and sender["external_user"] else None
        if st.button(words("ops.unrouted.assign"), key="assign", type="primary", disabled=client is None):
            kind = "external_user" if sender["external_user"] else "api_key_name"
            wish = {"kind": kind, "value": sender[kind], "client_org_id": client, "user_id": person}
            told = frame.act(view, "PUT", "/api/v1/admin/routes", json=wish)
            if told is not None:
                common.tell_after("unrouted", words("ops.unrouted.assigned", n=told["replayed"]))


def _person_choice(view: View, client: str) -> str | None:
    words = view.words
    names = {person.user_id: person.shown(words) for person in directory.people_of(view, client)}
    chosen: str = st.selectbox(
        words("column.person"), ["", *names], key=f"unrouted_person_{client}", label_visibility="collapsed", width=240,
        format_func=lambda key: names[key][:80] if key else words("ops.unrouted.new_person"),
    )  # fmt: skip
    return chosen or None


def conflicts(view: View) -> None:
    words = view.words
    rows = common.ask(view, "/api/v1/admin/conflicts")
    if not rows:
        common.said(view, "ops.conflicts.none")
        return
    columns = [
        Column("id", words("explain.generation"), "text"), Column("client", words("column.client"), "text"),
        Column("field", words("ops.conflicts.field")), Column("values", words("ops.conflicts.values"), "text"),
    ]  # fmt: skip
    names = {client.client_org_id: client.name for client in view.clients}
    body = [
        {
            "id": markup.name(row["generation_id"]),
            "client": markup.name(names.get(row["client_org_id"], row["client_org_id"])),
            "field": _field(view, row["field"]),
            "values": " / ".join(_value(view, row["field"], value) for value in row["seen_values"]),
        }
        for row in rows[:_MOST]
    ]
    frame.draw(markup.table(columns, body, long=True))
    with st.container(horizontal=True, vertical_alignment="bottom"):
        place = st.selectbox(
            words("ops.conflicts.field"), range(len(rows)), key="conflict", label_visibility="collapsed", width=260,
            format_func=lambda number: f"{rows[number]['generation_id'][:40]} · {_field(view, rows[number]['field'])}",
        )  # fmt: skip
        row = rows[place or 0]
        value = st.selectbox(
            words("ops.conflicts.right"), row["seen_values"], key="conflict_value", label_visibility="collapsed",
            width=200, format_func=lambda seen: _value(view, row["field"], seen),
        )  # fmt: skip
        decide, path = words("ops.conflicts.decide"), f"/api/v1/admin/conflicts/{row['id']}/decide"
        if st.button(decide, key="decide", type="primary") and frame.act(view, "POST", path, json={"value": value}):
            common.tell_after("conflicts")


def _field(view: View, name: str) -> str:
    key = f"ops.field.{name}"
    return view.words(key) if key in MESSAGES else name


def _value(view: View, field: str, value: str) -> str:
    """An amount as it was billed, to its last place."""
    if not field.endswith("_pusd") or not value.lstrip("-").isdigit():
        return value
    places = -int((Decimal(value) / UNITS_PER_ONE).normalize().as_tuple().exponent)
    return view.words.money(int(value), "USD", max(2, places))
