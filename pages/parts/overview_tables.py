"""The overview's lists: models, people, what changed most, and for who sees them all, clients."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from mai_core.reports.lines import shown_total, to_the_grosz
from pages.parts import markup
from pages.parts.markup import Cell, Column, Html, escape
from pages.parts.palette import ModelColours
from pages.parts.periods import Period
from pages.parts.reading import Row
from pages.parts.view import View

_MOST_ROWS = 6
_MOST_CLIENTS = 20
_LEAST_CHANGE_PPLN = 10**10

Lists = tuple[Sequence[Row], Sequence[Row]]
"""Models and people."""


def side_by_side(
    view: View, period: Period, shown: ModelColours, now: Lists, before: Lists, clients: Sequence[Row]
) -> Html:
    words, (models, people) = view.words, now
    all_models = markup.link(view.link("models", period), words("overview.all_models"))
    all_people = markup.link(view.link("users", period), words("overview.all_people"))
    panels = [
        markup.panel(words("overview.models"), _models(view, period, models, shown), _foot(all_models)),
        markup.panel(words("overview.people_top"), _people(view, period, people), _foot(all_people)),
        markup.panel(words("overview.movers"), _movers(view, period, now, before)),
    ]
    if view.client is None and len(clients) > 1:
        panels.append(markup.panel(words("overview.clients"), _clients(view, period, clients)))
    return markup.side_by_side(*panels)


def _foot(link: Html) -> Html:
    return Html(f'<div class="m-links m-below">{link.text}</div>')


def _amount(view: View, period: Period, row: Row, **filters: object) -> Html:
    return view.amount(period.first, period.last, view.pln(row, "shown_ppln"), **filters)


def _share(row: Row, rows: Sequence[Row]) -> float:
    """Against the largest, so that a bar's length can be seen."""
    most = max(int(other["charged_pusd"]) for other in rows)
    return int(row["charged_pusd"]) / most if most else 0.0


def _ranked(
    view: View, period: Period, label: str, rest: str, rows: Sequence[Row], lines: Sequence[Mapping[str, Cell]]
) -> Html:
    """The largest in lines of their own, the others in one, and the total that they add up to."""
    words = view.words
    columns = [
        Column("name", label, "text"), Column("bar", words("column.share"), "bar"),
        Column("pln", words("amount.pln"), "num"),
    ]  # fmt: skip
    others = rows[_MOST_ROWS:]
    body = list(lines)
    if others:
        left = view.pln({"shown_ppln": shown_total(others)}, "shown_ppln")
        body.append({"name": words(rest, n=len(others)), "pln": left})
    total = view.pln({"shown_ppln": shown_total(rows)}, "shown_ppln")
    foot = {"name": words("total"), "pln": view.amount(period.first, period.last, total)}
    return markup.table(columns, body, foot)


def _models(view: View, period: Period, models: Sequence[Row], shown: ModelColours) -> Html:
    rows = to_the_grosz(models)
    lines = [
        {
            "name": markup.model(row["model"], shown[row["model"]]),
            "bar": markup.bar(_share(row, models)),
            "pln": _amount(view, period, row, model=row["model"]),
        }
        for row in rows[:_MOST_ROWS]
    ]
    return _ranked(view, period, view.words("column.model"), "overview.models.rest", rows, lines)


def _people(view: View, period: Period, people: Sequence[Row]) -> Html:
    rows = to_the_grosz(people)
    lines = [
        {
            "name": markup.link(
                view.link("person", period, id=row["user_id"]), markup.name(view.person(row), row["department"] or "")
            ),
            "bar": markup.bar(_share(row, people)),
            "pln": _amount(view, period, row, person=row["user_id"]),
        }
        for row in rows[:_MOST_ROWS]
    ]
    return _ranked(view, period, view.words("column.person"), "overview.people.rest", rows, lines)


def _clients(view: View, period: Period, clients: Sequence[Row]) -> Html:
    words = view.words
    names = {client.client_org_id: client.name for client in view.clients}
    columns = [
        Column("name", words("column.client"), "text"), Column("requests", words("column.requests"), "num"),
        Column("pln", words("amount.pln"), "num"),
    ]  # fmt: skip
    rows = to_the_grosz(clients)
    body = [
        {
            "name": markup.link(
                markup.address("", client=row["client_org_id"], **period.query),
                markup.name(names.get(row["client_org_id"], row["client_org_id"])),
            ),
            "requests": words.count(row["requests"]),
            "pln": _amount(view, period, row, client=row["client_org_id"]),
        }
        for row in rows[:_MOST_CLIENTS]
    ]
    total = view.pln({"shown_ppln": shown_total(rows)}, "shown_ppln")
    foot = {
        "name": words("total"),
        "requests": words.count(sum(row["requests"] for row in rows)),
        "pln": view.amount(period.first, period.last, total),
    }
    return markup.table(columns, body, foot)


def _movers(view: View, period: Period, now: Lists, earlier: Lists) -> Html:
    """The models and people whose amount changed most against the previous period."""
    words = view.words
    changes: list[tuple[int, Html, str, str]] = []
    for row, change in _differences(now[0], earlier[0], "model"):
        name = markup.name(str(row["model"]).rpartition("/")[2] or words("none"))
        where = view.explain(period.first, period.last, model=row["model"])
        changes.append((change, name, words("column.model"), where))
    for row, change in _differences(now[1], earlier[1], "user_id"):
        who = markup.link(view.link("person", period, id=row["user_id"]), markup.name(view.person(row)))
        where = view.explain(period.first, period.last, person=row["user_id"])
        changes.append((change, who, words("column.person"), where))
    largest = sorted(changes, key=lambda item: -abs(item[0]))[:_MOST_ROWS]
    if not largest:
        return Html(f"<p>{escape(words('overview.movers.none'))}</p>")
    columns = [
        Column("name", words("column.what"), "text"), Column("kind", words("column.kind")),
        Column("change", words("column.change"), "num"),
    ]  # fmt: skip
    body = [
        {
            "name": name,
            "kind": markup.tag(kind),
            "change": markup.link(where, _moved(view, change), words("explain.link")),
        }
        for change, name, kind, where in largest
    ]
    return markup.table(columns, body)


def _moved(view: View, change: int) -> Html:
    css, arrow = ("m-up", "▲") if change > 0 else ("m-down", "▼")
    return Html(f'<span class="{css}">{arrow} {escape(view.words.money(abs(change), "PLN"))}</span>')


def _differences(now: Sequence[Row], earlier: Sequence[Row], key: str) -> list[tuple[Row, int]]:
    old: Mapping[str, Row] = {row[key]: row for row in earlier}
    found = [(row, int(row["charged_ppln"] or 0) - int(old.get(row[key], {}).get("charged_ppln") or 0)) for row in now]
    present = {row[key] for row in now}
    found += [(row, -int(row["charged_ppln"] or 0)) for row in earlier if row[key] not in present]
    return [(row, change) for row, change in found if abs(change) >= _LEAST_CHANGE_PPLN]
