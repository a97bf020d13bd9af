"""The month's statement: USD, the rate with its NBP table, PLN; rows that add up to the printed total to the grosz."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from typing import Any

import streamlit as st

from mai_core.conversion import FxPolicy, governing_day
from mai_core.days import month_of
from mai_core.money import UNITS_PER_GROSZ, allocate_largest_remainder, divide_half_up
from pages.parts import frame, markup, rates, url_state
from pages.parts.downloads import Field, buttons
from pages.parts.markup import Column, Html, escape
from pages.parts.periods import Period, period_of
from pages.parts.reading import Row
from pages.parts.view import View

_GROUPS = ("model", "person", "department", "day")
_MONTHS_BACK = 24


def show(view: View) -> None:
    words = view.words
    if view.client is None:
        frame.heading(view, words("nav.billing"))
        frame.client_needed(view)
        return
    heading = st.container()
    period, group = _choices(view)
    with heading:
        title = words("billing.title", month=words.month(period.first))
        frame.heading(view, title, words("billing.for", client=view.client.name))
    (totals, days, models, people, departments), _ = view.read(
        period, "totals", "statement_days", "by_model", "by_person", "by_department"
    )
    total = totals[0]
    if not days:
        frame.nothing_here(view, period)
        return
    _notices(view, period, total)
    frame.draw(markup.cards(_figures(view, period, total, days)))
    groups: dict[str, Sequence[Row]] = {"model": models, "person": people, "department": departments, "day": days}
    lines = lines_of(view, period, group, groups[group], total)
    with st.container(key="card_statement"):
        frame.draw(
            _statement(view, period, group, lines, total),
            Html(f'<p class="m-sub m-below">{escape(words("billing.rounding"))}</p>'),
        )
        buttons(view, f"statement-{month_of(period.first)}-{group}", _fields(view, group), lambda: _file(lines))
    frame.draw(
        markup.side_by_side(
            markup.panel(words("billing.rates"), _rates(view, days)),
            markup.panel(words("billing.invoices"), Html(f"<p>{escape(words('billing.invoices.later'))}</p>")),
        )
    )


def _choices(view: View) -> tuple[Period, str]:
    """Which month and grouped by what; both stand in the URL. A finished month is what one comes for."""
    words = view.words
    first = view.today.replace(day=1)
    months = [month_of(first)]
    for _ in range(_MONTHS_BACK - 1):
        year, number = int(months[-1][:4]), int(months[-1][5:])
        months.append(f"{year - (number == 1):04d}-{(number - 2) % 12 + 1:02d}")
    with st.container(key="toolbar_billing", horizontal=True, vertical_alignment="bottom"):
        month = url_state.choice(words("months.choose"), months, "month", months[0], words.month, 220)
        group = url_state.choice(
            words("billing.by"), _GROUPS, "by", _GROUPS[0],
            lambda name: f"{words('billing.by')}: {words(f'billing.by.{name}')}", 260,
        )  # fmt: skip
        if st.button(words("billing.print"), icon=":material/print:", key="print"):
            st.html("<script>window.print()</script>", unsafe_allow_javascript=True)
    return period_of(month, view.today), group


def _notices(view: View, period: Period, total: Row) -> None:
    words = view.words
    if total["charged_ppln"] is None:
        frame.draw(markup.notice(words("billing.no_rate"), "warn"))
        return
    if period.is_running:
        frame.draw(markup.notice(words("billing.running", span=words.span(period.first, period.last))))
    if total["provisional"]:
        frame.draw(markup.notice(words("billing.provisional", table=total["rate_table"]), "warn"))


def _policy(view: View, days: Sequence[Row]) -> FxPolicy:
    """How this month was converted: what is agreed today may count from a later month only."""
    known = rates.tables()

    def explains(policy: FxPolicy) -> bool:
        governing = [known.not_after(governing_day(row["day"], policy)) for row in days]
        return [row["rate_table"] for row in days] == [table and table.table_no for table in governing]

    agreed: FxPolicy = "period_end" if view.client and view.client.fx_policy == "period_end" else "daily"
    other: FxPolicy = "daily" if agreed == "period_end" else "period_end"
    return other if explains(other) and not explains(agreed) else agreed


def _figures(view: View, period: Period, total: Row, days: Sequence[Row]) -> list[Html]:
    words = view.words
    exact, usd = total["charged_ppln"], int(total["charged_pusd"])
    rate = words.number(int(exact) / usd, 4) if exact is not None and usd else words("none")
    note = words("billing.total.exact", amount=words.money(int(exact), "PLN", 6)) if exact is not None else None
    return [
        markup.card(
            words("billing.total"), view.pln(total), note, href=view.explain(period.first, period.last),
            title=words("explain.link"), wide=True,
        ),
        markup.card(
            words("amount.usd"), view.usd(total), href=view.explain(period.first, period.last),
            title=words("explain.link"),
        ),
        markup.card(words("billing.average_rate"), rate, words(f"billing.policy.{_policy(view, days)}")),
        markup.card(
            words("overview.requests"), words.count(total["requests"]), words("people.count", n=int(total["people"]))
        ),
    ]  # fmt: skip


def lines_of(view: View, period: Period, group: str, rows: Sequence[Row], total: Row) -> list[dict[str, Any]]:
    """The rows of the statement with their grosze by largest remainder. Imported history that has no such
    breakdown is a line of its own, so that lines and total always agree."""
    naming: dict[str, Callable[[Row], tuple[str, str]]] = {
        "model": lambda row: (row["model"] or view.words("none"), row["model"]),
        "person": lambda row: (view.person(row), row["user_id"]),
        "department": lambda row: (row["department"] or view.words("department.none"), row["department"] or ""),
        "day": lambda row: (view.words.day(row["day"]), row["day"].isoformat()),
    }
    lines = []
    for row in rows:
        name, key = naming[group](row)
        first, last = (row["day"], row["day"]) if group == "day" else (period.first, period.last)
        filters = {} if group == "day" else {group: key}
        provisional = (row.get("rate_table") or total["rate_table"]) if row["provisional"] else None
        link = view.explain(first, last, **filters)
        lines.append({**row, "name": name, "link": link, "provisional_table": provisional})
    missing = {key: int(total[key] or 0) - sum(int(line[key] or 0) for line in lines) for key in _SUMMED}
    if any(missing.values()):
        lines.append(
            {**missing, "name": view.words("billing.imported"), "link": view.explain(period.first, period.last)}
        )
    if total["charged_ppln"] is not None:
        grosze = allocate_largest_remainder([int(line["charged_ppln"] or 0) for line in lines])
        for line, amount in zip(lines, grosze, strict=True):
            line["grosze"] = amount * UNITS_PER_GROSZ
    return lines


_SUMMED = ("charged_pusd", "charged_ppln", "requests", "total_tokens")


def _statement(view: View, period: Period, group: str, lines: Sequence[dict[str, Any]], total: Row) -> Html:
    words = view.words
    columns = [
        Column("name", words(f"column.{group}"), "text"), Column("requests", words("column.requests"), "num"),
        Column("tokens", words("column.tokens"), "num"), Column("usd", words("amount.usd"), "num"),
    ]  # fmt: skip
    if group == "day":
        columns += [Column("rate", words("column.rate"), "num"), Column("table", words("column.table"))]
    columns.append(Column("pln", words("amount.pln"), "num"))
    body = [
        {
            "name": markup.name(line["name"]),
            "requests": words.count(line["requests"]),
            "tokens": words.count(line["total_tokens"]),
            "usd": markup.link(line["link"], view.usd(line), words("explain.link")),
            "rate": rates.shown(words, line.get("rate")),
            "table": line.get("rate_table") or "",
            "pln": markup.amount_link(
                line["link"],
                words.money(line["grosze"], "PLN") if "grosze" in line else words("none"),
                words("explain.link"),
            ),
        }
        for line in lines
        if not _shows_nothing(line)
    ]
    rounded = None if total["charged_ppln"] is None else divide_half_up(int(total["charged_ppln"]), UNITS_PER_GROSZ)
    foot = {
        "name": words("total"),
        "requests": words.count(total["requests"]),
        "tokens": words.count(total["total_tokens"]),
        "usd": view.also(period.first, period.last, view.usd(total)),
        "pln": words("none")
        if rounded is None
        else view.amount(period.first, period.last, words.money(rounded * UNITS_PER_GROSZ, "PLN")),
    }
    return markup.table(columns, body, foot)


def _shows_nothing(line: Row) -> bool:
    """Only what rounding the imported summaries apart left between them: in files its last places stay, so that exact
    amounts add up, too."""
    counted = line["requests"] or line["total_tokens"] or line.get("grosze")
    return not counted and divide_half_up(int(line["charged_pusd"]), UNITS_PER_GROSZ) == 0


def _rates(view: View, days: Sequence[Row]) -> Html:
    """Each table that was used, once: number, date, rate, and the amount that it converted."""
    words = view.words
    dates = rates.dates_by_table()
    used: dict[str, dict[str, Any]] = {}
    for row in days:
        if not row["rate_table"]:
            continue
        line = used.setdefault(row["rate_table"], {"rate": row["rate"], "usd": 0, "days": [], "provisional": False})
        line["usd"] += int(row["charged_pusd"])
        line["days"].append(row["day"])
        line["provisional"] = line["provisional"] or row["provisional"]
    columns = [
        Column("table", words("column.table"), "text"), Column("date", words("billing.rate_date")),
        Column("rate", words("column.rate"), "num"), Column("usd", words("amount.usd"), "num"),
    ]  # fmt: skip
    body = [
        {
            "table": markup.joined(table, " ", markup.tag(words("provisional"), "warn"))
            if line["provisional"]
            else table,
            "date": _day(view, dates.get(table)),
            "rate": rates.shown(words, line["rate"]),
            "usd": view.also(min(line["days"]), max(line["days"]), words.money(line["usd"], "USD")),
        }
        for table, line in used.items()
    ]
    return markup.table(columns, body)


def _day(view: View, day: date | None) -> str:
    return view.words.day(day) if day else ""


def _fields(view: View, group: str) -> list[Field]:
    words = view.words
    fields = [
        Field("name", words(f"column.{group}")), Field("requests", words("column.requests"), "count"),
        Field("total_tokens", words("column.tokens"), "count"), Field("charged_pusd", words("amount.usd"), "money"),
    ]  # fmt: skip
    if group == "day":
        fields += [Field("rate", words("column.rate")), Field("rate_table", words("column.table"))]
    return [
        *fields, Field("grosze", words("amount.pln"), "money"), Field("charged_ppln", words("billing.exact"), "money"),
        Field("provisional_table", words("billing.provisional.table")), Field("link", words("explain.link")),
    ]  # fmt: skip


def _file(lines: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    public = frame.public_url()
    return [{**line, "link": public + line["link"]} for line in lines]
