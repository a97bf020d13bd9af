"""From a displayed amount to what it is made of: one sentence, then days with their rate, rows, single requests.

The address of this page is the permanent link of an amount: days and filters, the same in CSV and XLSX.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Literal

import streamlit as st

from mai_core.days import month_of
from mai_core.reports.explain import Explanation
from pages.parts import frame, markup, model_prices, rates, reading
from pages.parts.markup import Cell, Column, Html, escape
from pages.parts.palette import ModelColours, model_colours
from pages.parts.periods import period_of
from pages.parts.reading import Row
from pages.parts.view import View

_FILTERS = {"model": "models", "person": "people", "department": "departments", "provider": "providers"}
_MOST_SHOWN = 300


def show(view: View) -> None:
    words = view.words
    frame.heading(view, words("explain.title"), view.client.name if view.client else words("client.all"))
    try:
        first, last = (date.fromisoformat(st.query_params.get(name, "")) for name in ("from", "to"))
    except ValueError:
        _nothing(view, words("explain.bad_link"), "warn")
        return
    last = max(first, last)
    chosen = {name: st.query_params[name] for name in _FILTERS if name in st.query_params}
    filters: dict[str, tuple[str, ...]] = {_FILTERS[name]: (value,) for name, value in chosen.items()}
    found = reading.explanation(view.session.viewer, view.client_id, first, last, filters)
    (people,), _ = view.read_days(first, last, "by_person")
    scope = _scope(view, chosen, people, first, last)
    if not found.requests:
        _nothing(view, f"{scope}: {found.sentence(words)}")
        return
    frame.draw(_wider(view, first, last, chosen), _summary(view, found, scope))
    _parts(view, found, chosen)
    if found.level == "days":
        _breakdowns(view, first, last, chosen, filters)


def _nothing(view: View, said: str, kind: Literal["", "warn"] = "") -> None:
    """With the way to amounts that can be explained."""
    to_amounts = markup.link(view.link(""), view.words("explain.choose"))
    frame.draw(markup.notice(markup.joined(said, " ", to_amounts), kind))


def _scope(view: View, chosen: dict[str, str], people: Sequence[Row], first: date, last: date) -> str:
    """Whose amount it is, in words: 'openai/gpt-4o · Anna Krawczyk · 1–21 listopada 2026'."""
    words, shown = view.words, []
    for name, value in chosen.items():
        if name == "person":
            found = next((row for row in people if value in (row["person"], row["user_id"])), {"person": value})
            shown.append(view.person(found))
        elif name == "department":
            shown.append(value or words("department.none"))
        else:
            shown.append(value or words("none"))
    return " · ".join([*shown, words.span(first, last)])


def _wider(view: View, first: date, last: date, chosen: dict[str, str]) -> Html:
    """To the month of these days, and to the same days without one of the filters."""
    words, month = view.words, period_of(month_of(first), view.today)
    links = []
    if month.first <= first and last <= month.last and (first, last) != (month.first, month.last):
        links.append(markup.link(view.explain(month.first, month.last, **chosen), words.month(first)))
    for name in chosen:
        others = {other: value for other, value in chosen.items() if other != name}
        links.append(markup.link(view.explain(first, last, **others), words(f"explain.all.{name}")))
    if not links:
        return Html("")
    label = f"<span>{escape(words('explain.wider'))}</span>"
    return Html(f'<div class="m-links m-above">{label}{"".join(link.text for link in links)}</div>')


def _summary(view: View, found: Explanation, scope: str) -> Html:
    words = view.words
    pln = words("none") if found.charged_ppln is None else words.money(found.charged_ppln, "PLN", 12)
    exact = f"{words('explain.exact')}: {pln} · {words.money(found.charged_pusd, 'USD', 12)}"
    if found.equal:
        check = f'<p class="m-sub m-good">✓ {escape(words("explain.sum_holds"))}</p>'
    else:
        gap = words.money(found.recomputed_pusd - found.charged_pusd, "USD", 12)
        check = f'<p class="m-sub m-bad">{escape(words("explain.sum_broken", amount=gap))}</p>'
    imported = f'<p class="m-sub">{escape(words("explain.imported"))}</p>' if found.imported else ""
    return Html(
        f'<div class="m-panel"><p class="m-sub" dir="auto">{escape(scope)}</p>'
        f'<p class="m-sentence">{escape(found.sentence(words))}</p>'
        f'<p class="m-sub">{escape(exact)}</p>{check}{imported}</div>'
    )


def _parts(view: View, found: Explanation, chosen: dict[str, str]) -> None:
    words = view.words
    shown = found.parts[:_MOST_SHOWN]
    if found.level == "days":
        drawn = [markup.panel(words("explain.days"), _days(view, shown, chosen))]
    elif found.level == "rows":
        drawn = [markup.panel(words("explain.rows"), _rows(view, shown, chosen, model_colours(view)))]
    else:
        drawn = [markup.panel(words("explain.generations"), _generations(view, shown))]
        if found.sale_prices:
            drawn.append(markup.panel(words("explain.sale_prices"), _sale_prices(view, found.sale_prices)))
    if len(found.parts) > len(shown):
        n = len(found.parts)
        drawn.append(markup.notice(words("explain.generations.more", shown=words.count(len(shown)), n=n)))
    frame.draw(*drawn)


def _mark_column(rows: Sequence[Row]) -> list[Column]:
    """Only where a part has something to say there."""
    return [] if all(row["equal"] for row in rows) else [Column("mark", "")]


def _mark(view: View, row: Row) -> Cell:
    """A part that does not compute to what is shown says so."""
    return "" if row["equal"] else markup.tag(view.words("explain.differs"), "bad")


def _pln(view: View, row: Row, places: int) -> str:
    units = row["charged_ppln"]
    return view.words("none") if units is None else view.words.money(int(units), "PLN", places)


def _rate(view: View, row: Row) -> Cell:
    """The rate, and the table that it was published in."""
    provisional = markup.tag(view.words("provisional"), "warn") if row.get("provisional") else None
    table = Html(f"<small>{escape(row.get('rate_table') or '')}</small>")
    return markup.joined(rates.shown(view.words, row["rate"]), table, provisional)


def _days(view: View, days: Sequence[Row], chosen: dict[str, str]) -> Html:
    words = view.words
    columns = [
        Column("day", words("column.day"), "text"), Column("requests", words("column.requests"), "num"),
        Column("usd", words("amount.usd"), "num"), Column("rate", words("column.rate"), "num"),
        Column("pln", words("amount.pln"), "num"), *_mark_column(days),
    ]  # fmt: skip
    body: list[dict[str, Cell]] = [
        {
            "day": words.day_with_weekday(row["day"]),
            "requests": words.count(row["requests"]),
            "usd": view.also(row["day"], row["day"], words.money(int(row["charged_pusd"]), "USD", 4), **chosen),
            "rate": _rate(view, row),
            "pln": view.amount(row["day"], row["day"], _pln(view, row, 4), **chosen),
            "mark": _mark(view, row),
        }
        for row in days
    ]
    return markup.table(columns, body, long=True)


def _rows(view: View, rows: Sequence[Row], chosen: dict[str, str], shown: ModelColours) -> Html:
    words = view.words
    columns = [
        Column("person", words("column.person"), "text"), Column("model", words("column.model"), "text"),
        Column("provider", words("column.provider")), Column("requests", words("column.requests"), "num"),
        Column("usd", words("amount.usd"), "num"), Column("rate", words("column.rate"), "num"),
        Column("pln", words("amount.pln"), "num"), *_mark_column(rows),
    ]  # fmt: skip
    body: list[dict[str, Cell]] = []
    for row in rows:
        own = {**chosen, "person": row["person"], "model": row["model"], "provider": row["provider"]}
        in_usd = words.money(int(row["charged_pusd"]), "USD", 6)
        body.append(
            {
                "person": markup.name(view.person(row)),
                "model": markup.model(row["model"], shown[row["model"]]),
                "provider": markup.name(row["provider"] or words("provider.none")),
                "requests": words.count(row["requests"]),
                "usd": view.also(row["day"], row["day"], in_usd, **own),
                "rate": _rate(view, row),
                "pln": view.amount(row["day"], row["day"], _pln(view, row, 6), **own),
                "mark": _mark(view, row),
            }
        )
    return markup.table(columns, body, long=True)


def _generations(view: View, rows: Sequence[Row]) -> Html:
    words = view.words
    columns = [
        Column("time", words("explain.time"), "text"), Column("input", words("column.input"), "num"),
        Column("output", words("column.output"), "num"),
    ]  # fmt: skip
    if view.sees_cost:
        columns += [
            Column("raw", words("explain.raw"), "num"), Column("markup", words("clients.markup"), "num"),
        ]  # fmt: skip
    columns += [
        Column("usd", words("amount.usd"), "num"), Column("pln", words("amount.pln"), "num"), *_mark_column(rows),
    ]  # fmt: skip
    return markup.table(columns, [_generation(view, row) for row in rows], long=True)


def _generation(view: View, row: Row) -> dict[str, Cell]:
    words = view.words
    cells: dict[str, Cell] = {
        "time": markup.name(f"{view.local(row['at_ms']):%H:%M:%S}", row["generation_id"]),
        "input": _input(view, row),
        "output": words.count(row["output_tokens"]),
        "usd": words.money(int(row["charged_pusd"]), "USD", 8),
        "pln": _pln(view, row, 8),
        "mark": _mark(view, row),
    }
    if "raw_pusd" in row:
        basis = escape(words(f"explain.basis.{row['cost_basis']}"))
        cells["raw"] = markup.joined(words.money(int(row["raw_pusd"]), "USD", 8), Html(f"<small>{basis}</small>"))
        agreed = markup.tag(words(f"explain.markup.{row['markup_from']}"))
        cells["markup"] = markup.joined(rates.shown(words, row["markup"]), " ", agreed)
    return cells


def _input(view: View, row: Row) -> Cell:
    words, cached = view.words, row["cached_tokens"]
    below = words("explain.cached", amount=words.count(cached)) if cached else ""
    return markup.joined(words.count(row["input_tokens"]), Html(f"<small>{escape(below)}</small>") if below else None)


def _sale_prices(view: View, prices: Sequence[Row]) -> Html:
    words = view.words
    columns = [
        Column("model", words("column.model"), "text"), Column("input", words("models.prices.input"), "num"),
        Column("cached", words("models.prices.cached"), "num"),
        Column("output", words("models.prices.output"), "num"), Column("since", words("models.prices.since"), "num"),
    ]  # fmt: skip
    body: list[dict[str, Cell]] = [
        {
            "model": markup.name(row["model"]),
            "input": model_prices.money(view, Decimal(row["input_per_million"])),
            "cached": model_prices.money(view, Decimal(row["cached_per_million"] or row["input_per_million"])),
            "output": model_prices.money(view, Decimal(row["output_per_million"])),
            "since": words.moment(view.local(row["effective_from_ms"])),
        }
        for row in prices
    ]
    return markup.table(columns, body)


def _breakdowns(
    view: View, first: date, last: date, chosen: dict[str, str], filters: dict[str, tuple[str, ...]]
) -> None:
    """The same amount cut the other two ways, each part a link of its own."""
    words = view.words
    (models, people), _ = view.read_days(first, last, "by_model", "by_person", **filters)
    panels = []
    if "model" not in chosen:
        shown = model_colours(view)
        lines = [(markup.model(row["model"], shown[row["model"]]), {"model": row["model"]}, row) for row in models]
        panels.append(markup.panel(words("explain.models"), _lines(view, "model", first, last, chosen, lines)))
    if "person" not in chosen:
        named = [
            (markup.name(view.person(row), row["department"] or ""), {"person": row["user_id"]}, row) for row in people
        ]
        panels.append(markup.panel(words("explain.people"), _lines(view, "person", first, last, chosen, named)))
    if panels:
        frame.draw(markup.side_by_side(*panels))


def _lines(
    view: View,
    group: str,
    first: date,
    last: date,
    chosen: dict[str, str],
    lines: Sequence[tuple[Html, dict[str, str], Row]],
) -> Html:
    words = view.words
    columns = [
        Column("name", words(f"column.{group}"), "text"), Column("requests", words("column.requests"), "num"),
        Column("usd", words("amount.usd"), "num"), Column("pln", words("amount.pln"), "num"),
    ]  # fmt: skip
    body: list[dict[str, Cell]] = [
        {
            "name": name,
            "requests": words.count(row["requests"]),
            "usd": view.also(first, last, words.money(int(row["charged_pusd"]), "USD", 4), **{**chosen, **narrowed}),
            "pln": view.amount(first, last, view.pln(row), **{**chosen, **narrowed}),
        }
        for name, narrowed, row in lines[:_MOST_SHOWN]
    ]
    return markup.table(columns, body)
