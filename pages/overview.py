"""What a manager opens every morning: how much, against what, where it is heading, and is it fresh."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import streamlit as st

from mai_core.reports.lines import to_the_grosz
from pages.parts import charts, frame, markup, outlook
from pages.parts.markup import Column, Html, escape
from pages.parts.palette import ModelColours, model_colours
from pages.parts.periods import Period
from pages.parts.reading import Row
from pages.parts.view import View

_MOST_MODELS = 6
_MOST_ROWS = 6
_FOLLOWED = ("requests", "charged_pusd", "charged_ppln", "provisional")
"""A rate that becomes final moves złoty alone."""


def show(view: View) -> None:
    words = view.words
    period = frame.heading_with_period(view, words("nav.overview"))
    asks = ("totals", "by_day_model", "by_model", "by_person", "by_client")
    (totals, days, models, people, clients), _ = view.read(period, *asks)
    total = totals[0]
    if not total["requests"] and not total["previous_requests"]:
        _pulse(view, period, total)
        frame.nothing_here(view, period)
        return
    _pulse(view, period, total)
    _headline(view, period, total)
    shown = model_colours(view)
    _by_model(view, period, days, models, shown)
    (earlier_models, earlier_people), _ = view.read_days(*period.previous, "by_model", "by_person")
    _tables(view, period, shown, models, people, clients, (earlier_models, earlier_people))


def _headline(view: View, period: Period, total: Row) -> None:
    """The first screen of a phone: złoty so far, share of the limit, expected end, change."""
    items = [_spent(view, period, total), _limit(view), _landing(view), _change(view, period, total)]
    parts = [markup.cards([*items, *_more_figures(view, total)])]
    words = view.words
    if period.choice == "month" and period.days <= 3:
        tap = markup.link(view.link("", None, period="last_month"), words("overview.last_month_tap"))
        parts.append(markup.notice(markup.joined(words("period.early"), " ", tap)))
    if total["unpriced_requests"]:
        parts.append(markup.notice(words("overview.unpriced", n=int(total["unpriced_requests"])), "warn"))
    frame.draw(*parts)


def _spent(view: View, period: Period, total: Row) -> Html:
    words = view.words
    provisional = total["provisional"] and total.get("rate_table")
    note = words("overview.spent.provisional", table=total["rate_table"]) if provisional else None
    return markup.card(
        words("overview.spent"), view.pln(total), view.usd(total), note,
        href=view.explain(period.first, period.last), title=words("explain.link"), wide=True,
    )  # fmt: skip


def _limit(view: View) -> Html:
    words = view.words
    limit = view.client.limit_pusd if view.client else None
    if not limit:
        return markup.card(words("overview.limit"), words("none"), words("overview.limit.none"))
    state = outlook.limit_state(view, limit)
    share = state.spent_pusd / limit
    if state.spent_pusd >= limit:
        when = words("overview.limit.over")
    elif state.reached:
        when = words("overview.limit.reached", day=words.day_short(state.reached))
    else:
        when = words("overview.limit.safe")
    of_limit = words("overview.limit.of", limit=words.money(limit, "USD", 0))
    return markup.card(
        words("overview.limit"), words.percent(share), markup.meter(share, words.percent(share)),
        markup.joined(of_limit, ", ", when),
        href=view.explain(view.today.replace(day=1), view.today), title=words("explain.link"),
    )  # fmt: skip


def _landing(view: View) -> Html:
    words = view.words
    landing = outlook.month_landing(view)
    if landing is None:
        return markup.card(words("overview.landing"), words("none"), words("overview.landing.short"))
    band = words(
        "overview.landing.band", low=words.money_brief(landing.low, "PLN"), high=words.money_brief(landing.high, "PLN")
    )
    note = words("overview.landing.short") if landing.method == "none" else band
    return markup.card(
        words("overview.landing"), words.money_brief(landing.expected, "PLN"), note,
        href=view.link("forecast"), title=words("nav.forecast"),
    )  # fmt: skip


def _change(view: View, period: Period, total: Row) -> Html:
    words = view.words
    now, before = total["charged_ppln"], total["previous_charged_ppln"]
    span = words.span(*period.previous)
    if not before or now is None:
        return markup.card(words("overview.change"), words("none"), words("previous.nothing"))
    amount = words.money_brief(int(before), "PLN")
    return markup.card(
        words("overview.change"), words.signed_percent(now / before - 1),
        words("overview.change.was", span=span, amount=amount),
        href=view.explain(*period.previous), title=words("explain.link"),
    )  # fmt: skip


@st.fragment(run_every=2)
def _pulse(view: View, period: Period, drawn: Row) -> None:
    """Says how fresh the page is, every two seconds; what is new is drawn at once, a session that ended ends here."""
    frame.check_session(view)
    (totals,), fresh = view.read(period, "totals")
    if any(totals[0][figure] != drawn[figure] for figure in _FOLLOWED):
        st.rerun()
    words = view.words
    last = totals[0]["last_at_ms"]
    now_ms = frame.now_ms()
    said = (
        words("overview.fresh.last", ago=words.ago((now_ms - int(last)) // 1000))
        if last
        else words("overview.fresh.never")
    )
    parts = [f'<span><i class="m-dot"></i>{escape(said)}</span>']
    if fresh["sealed_through"]:
        parts.append(
            f"<span>{escape(words('overview.fresh.sealed', day=words.day_short(fresh['sealed_through'])))}</span>"
        )
    proof = outlook.proof_line(view)
    if proof:
        parts.append(f"<span>{escape(proof)}</span>")
    frame.draw(Html(f'<div class="m-fresh">{"".join(parts)}</div>'))


def _more_figures(view: View, total: Row) -> list[Html]:
    words = view.words

    def before(key: str) -> str:
        return words("overview.before", value=words.compact(int(total[f"previous_{key}"])))

    def each(amount: int | None, requests: int) -> str:
        return words.money(int(amount) // requests, "PLN", 4) if amount is not None and requests else words("none")

    was = each(total["previous_charged_ppln"], total["previous_requests"])
    return [
        markup.card(words("overview.requests"), words.count(total["requests"]), before("requests")),
        markup.card(words("overview.tokens"), words.compact(total["total_tokens"]), before("total_tokens")),
        markup.card(words("overview.people"), words.count(total["people"]), before("people")),
        markup.card(
            words("overview.per_request"), each(total["charged_ppln"], total["requests"]),
            words("overview.before", value=was),
        ),
    ]  # fmt: skip


def _by_model(view: View, period: Period, days: Sequence[Row], models: Sequence[Row], shown: ModelColours) -> None:
    if not models:
        return
    with st.container(key="card_by_model"):
        frame.draw(Html(f'<h2 class="m-section">{escape(view.words("overview.by_model"))}</h2>'))
        figure = charts.by_model(view, period, days, [row["model"] for row in models[:_MOST_MODELS]], shown)
        charts.show_days(view, figure, "by_model", view.words("overview.by_model"))


def _tables(
    view: View,
    period: Period,
    shown: ModelColours,
    models: Sequence[Row],
    people: Sequence[Row],
    clients: Sequence[Row],
    earlier: tuple[Sequence[Row], Sequence[Row]],
) -> None:
    words = view.words
    all_models = markup.link(view.link("models", period), words("overview.all_models"))
    all_people = markup.link(view.link("users", period), words("overview.all_people"))
    panels = [
        markup.panel(words("overview.models"), _model_table(view, period, models, shown), _foot(all_models)),
        markup.panel(words("overview.people_top"), _people_table(view, period, people), _foot(all_people)),
        markup.panel(words("overview.movers"), _movers(view, period, (models, people), earlier)),
    ]
    if view.client is None and len(clients) > 1:
        panels.append(markup.panel(words("overview.clients"), _client_table(view, period, clients)))
    frame.draw(markup.side_by_side(*panels))


def _foot(link: Html) -> Html:
    return Html(f'<div class="m-links" style="padding-top:.7rem">{link.text}</div>')


def _amount(view: View, period: Period, row: Row, **filters: object) -> Html:
    return markup.amount_link(
        view.explain(period.first, period.last, **filters), view.pln(row, "shown_ppln"), view.words("explain.link")
    )


def _share(row: Row, rows: Sequence[Row]) -> float:
    """Against the largest, so that a bar's length can be seen."""
    most = max(int(other["charged_pusd"]) for other in rows)
    return int(row["charged_pusd"]) / most if most else 0.0


def _model_table(view: View, period: Period, models: Sequence[Row], shown: ModelColours) -> Html:
    words = view.words
    columns = [
        Column("name", words("column.model"), "text"), Column("bar", words("column.share")),
        Column("pln", words("amount.pln"), "num"),
    ]  # fmt: skip
    return markup.table(
        columns,
        [
            {
                "name": markup.model(row["model"], shown[row["model"]]),
                "bar": markup.bar(_share(row, models)),
                "pln": _amount(view, period, row, model=row["model"]),
            }
            for row in to_the_grosz(models)[:_MOST_ROWS]
        ],
    )


def _people_table(view: View, period: Period, people: Sequence[Row]) -> Html:
    words = view.words
    columns = [
        Column("name", words("column.person"), "text"), Column("bar", words("column.share")),
        Column("pln", words("amount.pln"), "num"),
    ]  # fmt: skip
    return markup.table(
        columns,
        [
            {
                "name": markup.link(
                    view.link("person", period, id=row["user_id"]),
                    markup.name(view.person(row), row["department"] or ""),
                ),
                "bar": markup.bar(_share(row, people)),
                "pln": _amount(view, period, row, person=row["person"] or row["user_id"]),
            }
            for row in to_the_grosz(people)[:_MOST_ROWS]
        ],
    )


def _client_table(view: View, period: Period, clients: Sequence[Row]) -> Html:
    words = view.words
    names = {client.client_org_id: client.name for client in view.clients}
    columns = [
        Column("name", words("column.client"), "text"), Column("requests", words("column.requests"), "num"),
        Column("pln", words("amount.pln"), "num"),
    ]  # fmt: skip
    return markup.table(
        columns,
        [
            {
                "name": markup.link(
                    markup.address("", client=row["client_org_id"], **period.query),
                    markup.name(names.get(row["client_org_id"], row["client_org_id"])),
                ),
                "requests": words.count(row["requests"]),
                "pln": _amount(view, period, row, client=row["client_org_id"]),
            }
            for row in to_the_grosz(clients)[:20]
        ],
    )


def _movers(
    view: View, period: Period, now: tuple[Sequence[Row], Sequence[Row]], earlier: tuple[Sequence[Row], Sequence[Row]]
) -> Html:
    """The models and people whose amount changed most against the previous period."""
    words = view.words
    changes: list[tuple[int, Html, str]] = []
    for row, change in _differences(now[0], earlier[0], "model"):
        changes.append(
            (change, markup.name(str(row["model"]).rpartition("/")[2] or words("none")), words("column.model"))
        )
    for row, change in _differences(now[1], earlier[1], "user_id"):
        who = markup.link(view.link("person", period, id=row["user_id"]), markup.name(view.person(row)))
        changes.append((change, who, words("column.person")))
    largest = sorted(changes, key=lambda item: -abs(item[0]))[:_MOST_ROWS]
    if not largest:
        return Html(f"<p>{escape(words('overview.movers.none'))}</p>")
    columns = [
        Column("name", words("column.what"), "text"), Column("kind", ""),
        Column("change", words("column.change"), "num"),
    ]  # fmt: skip
    return markup.table(
        columns,
        [
            {
                "name": name,
                "kind": markup.tag(kind),
                "change": Html(
                    f'<span class="{"m-up" if change > 0 else "m-down"}">{"▲" if change > 0 else "▼"} '
                    f"{escape(words.money(abs(change), 'PLN'))}</span>"
                ),
            }
            for change, name, kind in largest
        ],
    )


def _differences(now: Sequence[Row], earlier: Sequence[Row], key: str) -> list[tuple[Row, int]]:
    old: Mapping[str, Row] = {row[key]: row for row in earlier}
    found = [(row, int(row["charged_ppln"] or 0) - int(old.get(row[key], {}).get("charged_ppln") or 0)) for row in now]
    present = {row[key] for row in now}
    found += [(row, -int(row["charged_ppln"] or 0)) for row in earlier if row[key] not in present]
    return [(row, change) for row, change in found if abs(change) >= 10**10]
