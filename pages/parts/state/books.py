"""OpenRouter's books beside ours, and where rates and prices come from and how old they are."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import streamlit as st

from mai_core.days import parse_day, parse_instant_ms
from mai_core.money import units_of
from pages.parts import frame, markup, rates
from pages.parts.markup import Cell, Column, Html, escape
from pages.parts.state import common
from pages.parts.view import View

_MOST_DIFFERENCES = 100
_RATES_SHOWN = 5


def reconciliation(view: View) -> None:
    words = view.words
    found = common.ask(view, "/api/v1/reconciliation", days_back=30)
    days: Sequence[dict[str, Any]] = found["days"]
    if not found["enabled"]:
        common.said(view, "ops.reconciliation.off")
    if days:
        frame.draw(_sums(view, days, found["residuals"]))
    if found["residuals"]:
        frame.draw(
            Html(f'<h3 class="m-section">{escape(words("ops.reconciliation.differences"))}</h3>'),
            _differences(view, found["residuals"][:_MOST_DIFFERENCES]),
        )
    elif days:
        common.said(view, "ops.reconciliation.none")
    if days and st.toggle(words("ops.reconciliation.days"), key="reconciliation_days"):
        frame.draw(_days(view, days))


def _usd(view: View, text: str, places: int = 2) -> str:
    return view.words.money(units_of(text), "USD", places)


def _sums(view: View, days: Sequence[dict[str, Any]], residuals: Sequence[dict[str, Any]]) -> Html:
    words = view.words
    billed, recorded = (sum(units_of(day[name]) for day in days) for name in ("billed_usd", "recorded_usd"))
    recovered = [row for row in residuals if row["class"] == "recovered"]
    compared = max(day["compared_at"] for day in days)
    span = words.span(parse_day(days[-1]["utc_date"]), parse_day(days[0]["utc_date"]))
    return markup.cards(
        [
            markup.card(words("ops.reconciliation.billed"), words.money(billed, "USD"), span),
            markup.card(
                words("ops.reconciliation.recorded"), words.money(recorded, "USD"),
                words("ops.reconciliation.compared", moment=common.moment(view, compared)),
            ),
            markup.card(words("ops.reconciliation.difference"), words.money(billed - recorded, "USD", 4)),
            markup.card(
                words("ops.reconciliation.recovered"), words.count(len(recovered)),
                words.money(sum(units_of(row["billed_usd"]) for row in recovered), "USD", 4),
            ),
        ]
    )  # fmt: skip


def _differences(view: View, rows: Sequence[dict[str, Any]]) -> Html:
    words = view.words
    columns = [
        Column("day", words("column.day"), "text"), Column("class", words("ops.reconciliation.class")),
        Column("model", words("column.model"), "text"), Column("billed", words("ops.reconciliation.billed"), "num"),
        Column("recorded", words("ops.reconciliation.recorded"), "num"),
        Column("difference", words("ops.reconciliation.difference"), "num"),
    ]  # fmt: skip
    return markup.table(columns, [_difference(view, row) for row in rows], long=True)


def _difference(view: View, row: dict[str, Any]) -> dict[str, Cell]:
    words = view.words
    gap = units_of(row["billed_usd"]) - units_of(row["recorded_usd"])
    return {
        "day": common.day(view, row["utc_date"]),
        "class": markup.tag(words(f"ops.class.{row['class']}"), "warn" if row["open"] else "good"),
        "model": Html(f"<div>{markup.name(row['model'], row['provider']).text}{_generation(view, row)}</div>"),
        "billed": _usd(view, row["billed_usd"], 4),
        "recorded": _usd(view, row["recorded_usd"], 4),
        "difference": words.money(gap, "USD", 4) if row["open"] else "",
    }


def _generation(view: View, row: dict[str, Any]) -> str:
    """A single generation leads to its day and model, among whose requests it is shown."""
    if not row["generation_id"]:
        return ""
    days = {"from": row["utc_date"], "to": row["utc_date"]}
    where = markup.address("explain", client=row["client_org_id"], model=row["model"], **days)
    identifier = Html(f"<small>{escape(row['generation_id'][:80])}</small>")
    return markup.link(where, identifier, view.words("explain.link")).text


def _days(view: View, days: Sequence[dict[str, Any]]) -> Html:
    words = view.words
    columns = [
        Column("day", words("ops.reconciliation.utc_day"), "text"),
        Column("billed", words("ops.reconciliation.billed"), "num"),
        Column("recorded", words("ops.reconciliation.recorded"), "num"),
        Column("difference", words("ops.reconciliation.difference"), "num"),
    ]  # fmt: skip
    body = [
        {
            "day": common.day(view, day["utc_date"]),
            "billed": _usd(view, day["billed_usd"]),
            "recorded": _usd(view, day["recorded_usd"]),
            "difference": words.money(units_of(day["billed_usd"]) - units_of(day["recorded_usd"]), "USD", 4),
        }
        for day in days
    ]
    return markup.table(columns, body)


def exchange_rates(view: View) -> None:
    words = view.words
    since = (view.today - timedelta(days=60)).isoformat()
    rows = common.ask(view, "/api/v1/exchange-rates/USD", since=since)
    rows.sort(key=lambda row: row["effective_date"], reverse=True)
    if not rows:
        common.said(view, "ops.rates.none")
        return
    held = [row for row in rows if row["state"] == "held"]
    columns = [
        Column("day", words("billing.rate_date"), "text"), Column("table", words("column.table")),
        Column("rate", words("column.rate"), "num"), Column("state", words("column.state")),
        Column("fetched", words("ops.fetched"), "num"),
    ]  # fmt: skip
    body = [
        {
            "day": common.day(view, row["effective_date"]),
            "table": row["table_no"],
            "rate": rates.shown(words, row["rate"]),
            "state": markup.tag(words(f"ops.rates.{row['state']}"), "good" if row["state"] == "used" else "warn"),
            "fetched": common.moment(view, row["fetched_at"]),
        }
        for row in [*held, *[row for row in rows if row not in held][:_RATES_SHOWN]]
    ]
    frame.draw(markup.table(columns, body))
    if held:
        with st.container(horizontal=True):
            day = st.selectbox(
                words("billing.rate_date"), [row["effective_date"] for row in held], key="held",
                label_visibility="collapsed", format_func=lambda text: common.day(view, text), width=240,
            )  # fmt: skip
            for decision in ("accept", "refuse"):
                if st.button(words(f"ops.rates.{decision}"), key=f"rate_{decision}") and frame.act(
                    view, "POST", f"/api/v1/exchange-rates/USD/{day}", json={"decision": decision}
                ):
                    common.tell_after("rates")


def prices(view: View) -> None:
    words = view.words
    book = common.ask(view, "/api/v1/usage-tracking/model-pricing")
    fetched = book["last_updated"]
    when = words.ago((view.now_ms - parse_instant_ms(fetched)) // 1000) if fetched else words("ops.prices.never")
    source = words(f"ops.source.{book['source']}")
    common.said(view, "ops.prices.source", source=source, n=len(book["models"]), when=when)
    if book.get("error"):
        frame.draw(
            markup.notice(markup.joined(words("ops.prices.error"), " ", common.reason(view, book["error"])), "warn")
        )
