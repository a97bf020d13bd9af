"""Clients at a glance, and the alerts that are open."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

from mai_core.alerts.wording import text_of
from mai_core.days import DAY_MS
from pages.parts import frame, ledger_tables, markup
from pages.parts.markup import Cell, Column, Html, escape
from pages.parts.periods import period_of
from pages.parts.reading import Row, answers
from pages.parts.state import common
from pages.parts.view import Client, View

_QUIET_MS = 3 * DAY_MS
_LOOKED_BACK = timedelta(days=60)


def at_a_glance(view: View) -> None:
    words = view.words
    period = period_of("month", view.today)
    (rows,), _ = answers(view.session.viewer, None, period.first, period.last, "by_client")  # whichever one is chosen
    used = {row["client_org_id"]: row for row in rows}
    last = ledger_tables.last_events(view.today - _LOOKED_BACK)
    alerts: dict[str, list[str]] = {}
    for alert in ledger_tables.open_alerts():
        alerts.setdefault(alert["client_org_id"] or "", []).append(alert["level"])
    columns = [
        Column("name", words("column.client"), "text"), Column("pln", words("amount.pln"), "num"),
        Column("usd", words("amount.usd"), "num"), Column("margin", words("column.margin"), "num"),
        Column("limit", words("ops.used")), Column("last", words("column.last"), "num"),
        Column("health", words("column.state")),
    ]  # fmt: skip
    body = []
    for client in view.clients:
        row, at_ms = used.get(client.client_org_id), last.get(client.client_org_id)
        health = _health(view, at_ms, alerts.get(client.client_org_id, []))
        body.append({**_line(view, client, row, at_ms), "health": health})
    total = {key: sum(int(row[key] or 0) for row in rows) for key in ("charged_ppln", "charged_pusd", "margin_pusd")}
    foot = {
        "name": words("total"),
        "pln": markup.amount_link(_explained(view, ""), view.pln(total), words("explain.link")),
        "usd": markup.link(_explained(view, ""), view.usd(total), words("explain.link")),
        "margin": _margin(view, total),
    }
    frame.draw(markup.table(columns, body, foot, long=True))


def _explained(view: View, client: str) -> str:
    first = view.today.replace(day=1)
    return markup.address("explain", client=client, **{"from": first.isoformat(), "to": view.today.isoformat()})


def _margin(view: View, row: Row) -> Html:
    words, margin, charged = view.words, int(row["margin_pusd"]), int(row["charged_pusd"])
    share = words.percent(margin / charged) if charged else ""
    return markup.joined(words.money(margin, "USD"), Html(f"<small>{markup.html_of(share)}</small>"))


def _used(view: View, share: float) -> Html:
    return markup.joined(
        markup.meter(share, view.words.percent(share)), Html(f"<small>{escape(view.words.percent(share))}</small>")
    )


def _line(view: View, client: Client, row: Row | None, at_ms: int | None) -> dict[str, Cell]:
    words = view.words
    named = markup.link(markup.address("", client=client.client_org_id), markup.name(client.name))
    last = words.ago((view.now_ms - at_ms) // 1000) if at_ms else ""
    if row is None:
        return {"name": named, "pln": words("none"), "last": last}
    share = int(row["charged_pusd"]) / client.limit_pusd if client.limit_pusd else None
    explained = _explained(view, client.client_org_id)
    return {
        "name": named,
        "pln": markup.amount_link(explained, view.pln(row), words("explain.link")),
        "usd": markup.link(explained, view.usd(row), words("explain.link")),
        "margin": _margin(view, row),
        "limit": words("overview.limit.none") if share is None else _used(view, share),
        "last": last,
    }


def _health(view: View, at_ms: int | None, levels: list[str]) -> Html:
    """The worst of what is known: an alert of its own, silence, or nothing at all."""
    words = view.words
    if "error" in levels:
        return markup.tag(words("ops.health.error"), "bad")
    if "warning" in levels:
        return markup.tag(words("ops.health.warning"), "warn")
    if at_ms is None or view.now_ms - at_ms > _QUIET_MS:
        return markup.tag(words("ops.health.quiet"), "warn")
    return markup.tag(words("ops.health.good"), "good")


def alerts(view: View) -> None:
    words = view.words
    rows = ledger_tables.open_alerts()
    if not rows:
        common.said(view, "ops.alerts.none")
        return
    columns = [
        Column("text", words("column.what"), "text"), Column("level", words("column.state")),
        Column("since", words("ops.alerts.since"), "num"), Column("times", words("ops.quarantine.times"), "num"),
    ]  # fmt: skip
    frame.draw(markup.table(columns, [_alert(view, row) for row in rows], long=True))


def _alert(view: View, row: dict[str, Any]) -> dict[str, Cell]:
    words = view.words
    kind = {"error": "bad", "warning": "warn"}.get(row["level"], "")
    return {
        "level": markup.tag(words(f"ops.level.{row['level']}"), kind),  # type: ignore[arg-type]
        "text": text_of(words, row["message_key"], json.loads(row["message_values"])),
        "since": words.moment(view.local(row["first_at_ms"])),
        "times": words.count(row["times"]),
    }
