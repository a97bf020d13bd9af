"""From a displayed amount to what it is made of: one sentence, then days with their rate, models, people, requests."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import streamlit as st

from pages.parts import frame, markup, rates
from pages.parts.markup import Column, Html, escape
from pages.parts.palette import model_colours
from pages.parts.reading import Row, ask
from pages.parts.view import View

_FILTERS = {"model": "models", "person": "people", "department": "departments", "provider": "providers"}
_MOST_GENERATIONS = 200


def show(view: View) -> None:
    words = view.words
    frame.heading(view, words("explain.title"), view.client.name if view.client else words("client.all"))
    try:
        first, last = (date.fromisoformat(st.query_params.get(name, "")) for name in ("from", "to"))
    except ValueError:
        frame.draw(markup.notice(words("explain.bad_link"), "warn"))
        return
    chosen = {name: st.query_params[name] for name in _FILTERS if name in st.query_params}
    filters = {_FILTERS[name]: (value,) for name, value in chosen.items()}
    (totals, days, models, people), _ = view.read_days(
        first, max(first, last), "totals", "statement_days", "by_model", "by_person", **filters
    )
    total = totals[0]
    if not total["requests"]:
        frame.draw(markup.notice(words("explain.nothing")))
        return
    frame.draw(_sentence(view, first, last, total, chosen, people), _exact(view, total), _holds(view, total, days))
    frame.draw(markup.panel(words("explain.days"), _days(view, days, chosen)))
    panels = []
    if "model" not in chosen and models:
        panels.append(markup.panel(words("explain.models"), _models(view, first, last, models, chosen)))
    if "person" not in chosen and people:
        panels.append(markup.panel(words("explain.people"), _people(view, first, last, people, chosen)))
    if panels:
        frame.draw(markup.side_by_side(*panels))
    _generations(view, first, last, total, filters)


def _sentence(view: View, first: date, last: date, total: Row, chosen: dict[str, str], people: Sequence[Row]) -> Html:
    words = view.words
    shown = dict(chosen)
    if "person" in shown:
        row = next(
            (row for row in people if shown["person"] in (row["person"], row["user_id"])), {"person": shown["person"]}
        )
        shown["person"] = view.person(row)
    if shown.get("department") == "":
        shown["department"] = words("department.none")
    scope = "".join(words(f"explain.scope.{name}", name=value) for name, value in shown.items())
    sentence = words(
        "explain.sentence", n=int(total["requests"]), amount=view.pln(total), scope=scope,
        span=words.span(first, last), usd=view.usd(total),
    )  # fmt: skip
    return Html(f'<div class="m-panel"><p class="m-sentence" dir="auto">{escape(sentence)}</p>')


def _exact(view: View, total: Row) -> Html:
    words = view.words
    pln = words("none") if total["charged_ppln"] is None else words.money(int(total["charged_ppln"]), "PLN", 12)
    parts = [f"{words('explain.exact')}: {pln} · {words.money(int(total['charged_pusd']), 'USD', 12)}"]
    if view.sees_cost and "raw_pusd" in total:
        raw = words.money(int(total["raw_pusd"]), "USD", 12)
        margin = words.money(int(total["margin_pusd"]), "USD", 12)
        parts.append(f"{words('explain.raw')}: {raw} · {words('column.margin')}: {margin}")
    return Html("".join(f'<p class="m-sub">{escape(part)}</p>' for part in parts))


def _holds(view: View, total: Row, days: Sequence[Row]) -> Html:
    """The check that a doubting reader would make by hand, made on every view."""
    words = view.words
    usd = sum(int(row["charged_pusd"]) for row in days) - int(total["charged_pusd"])
    pln = sum(int(row["charged_ppln"] or 0) for row in days) - int(total["charged_ppln"] or 0)
    if not usd and not pln:
        return Html(f'<p class="m-sub m-good">✓ {escape(words("explain.sum_holds"))}</p></div>')
    said = words("explain.sum_broken", amount=f"{words.money(pln, 'PLN', 12)}, {words.money(usd, 'USD', 12)}")
    return Html(f'<p class="m-sub m-bad">{escape(said)}</p></div>')


def _days(view: View, days: Sequence[Row], chosen: dict[str, str]) -> Html:
    words = view.words
    columns = [
        Column("day", words("column.day"), "text"), Column("requests", words("column.requests"), "num"),
        Column("usd", words("amount.usd"), "num"), Column("rate", words("column.rate"), "num"),
        Column("table", words("column.table")), Column("pln", words("amount.pln"), "num"),
    ]  # fmt: skip
    body = [
        {
            "day": words.day_with_weekday(row["day"]),
            "requests": words.count(row["requests"]),
            "usd": words.money(int(row["charged_pusd"]), "USD", 4),
            "rate": rates.shown(words, row["rate"]),
            "table": markup.joined(row["rate_table"] or "", " ", markup.tag(words("provisional"), "warn"))
            if row["provisional"]
            else row["rate_table"] or "",
            "pln": markup.amount_link(
                view.explain(row["day"], row["day"], **chosen),
                words("none") if row["charged_ppln"] is None else words.money(int(row["charged_ppln"]), "PLN", 4),
                words("explain.link"),
            ),
        }
        for row in days
    ]
    return markup.table(columns, body)


def _parts(view: View, label: str, rows: Sequence[tuple[Html, str, Row]]) -> Html:
    words = view.words
    columns = [
        Column("name", label, "text"), Column("requests", words("column.requests"), "num"),
        Column("usd", words("amount.usd"), "num"), Column("pln", words("amount.pln"), "num"),
    ]  # fmt: skip
    body = [
        {
            "name": name,
            "requests": words.count(row["requests"]),
            "usd": words.money(int(row["charged_pusd"]), "USD", 4),
            "pln": markup.amount_link(address, view.pln(row), words("explain.link")),
        }
        for name, address, row in rows[:100]
    ]
    return markup.table(columns, body)


def _models(view: View, first: date, last: date, models: Sequence[Row], chosen: dict[str, str]) -> Html:
    shown = model_colours(view)
    rows = [
        (
            markup.model(row["model"], shown[row["model"]]),
            view.explain(first, last, **{**chosen, "model": row["model"]}),
            row,
        )
        for row in models
    ]
    return _parts(view, view.words("column.model"), rows)


def _people(view: View, first: date, last: date, people: Sequence[Row], chosen: dict[str, str]) -> Html:
    rows = [
        (
            markup.name(view.person(row), row["department"] or ""),
            view.explain(first, last, **{**chosen, "person": row["person"] or row["user_id"]}),
            row,
        )
        for row in people
    ]
    return _parts(view, view.words("column.person"), rows)


def _generations(view: View, first: date, last: date, total: Row, filters: dict[str, tuple[str, ...]]) -> None:
    words = view.words
    if first != last and total["requests"] > _MOST_GENERATIONS:
        frame.draw(markup.notice(words("explain.generations.day")))
        return
    (rows,), _ = view.read_days(first, last, ask("generations", most=_MOST_GENERATIONS), **filters)
    if not rows:
        frame.draw(markup.notice(words("explain.generations.gone")))
        return
    columns = [
        Column("id", words("explain.generation"), "text"), Column("time", words("explain.time"), "num"),
        Column("person", words("column.person"), "text"), Column("model", words("column.model"), "text"),
        Column("input", words("column.input"), "num"), Column("output", words("column.output"), "num"),
        Column("usd", words("amount.usd"), "num"), Column("pln", words("amount.pln"), "num"),
    ]  # fmt: skip
    body = [
        {
            "id": Html(f"<small>{escape(row['generation_id'][:80])}</small>"),
            "time": words.moment(view.local(row["at_ms"])),
            "person": markup.name(view.person(row)),
            "model": markup.name(row["model"]),
            "input": words.count(row["input_tokens"]),
            "output": words.count(row["output_tokens"]),
            "usd": words.money(int(row["charged_pusd"]), "USD", 6),
            "pln": words("none") if row["charged_ppln"] is None else words.money(int(row["charged_ppln"]), "PLN", 6),
        }
        for row in rows
    ]
    parts = [markup.table(columns, body)]
    if total["requests"] > len(rows):
        said = words("explain.generations.more", shown=words.count(len(rows)), n=int(total["requests"]))
        parts.append(Html(f'<p class="m-sub">{escape(said)}</p>'))
    frame.draw(markup.panel(words("explain.generations"), *parts))
