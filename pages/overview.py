"""What a manager opens every morning: how much, against what, where it is heading, and is it fresh."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from pages.parts import day_charts, frame, markup, outlook, overview_tables, troubles
from pages.parts.markup import Html, escape
from pages.parts.palette import ModelColours, model_colours
from pages.parts.periods import Period, period_of
from pages.parts.reading import Row
from pages.parts.view import View

_MOST_MODELS = 6
_FOLLOWED = ("requests", "charged_pusd", "charged_ppln", "provisional")
"""A rate that becomes final moves złoty alone."""


def show(view: View) -> None:
    words = view.words
    period = frame.heading_with_period(view, words("nav.overview"))
    (totals, days, models, people), fresh = view.read(period, "totals", "by_day_model", "by_model", "by_person")
    clients = view.read(period, "by_client")[0][0] if view.client is None else []
    total = totals[0]
    if not total["requests"] and not total["previous_requests"]:
        _pulse(view, period, total, fresh)
        frame.nothing_here(view, period)
        return
    _pulse(view, period, total, fresh)
    _headline(view, period, total)
    shown = model_colours(view)
    _by_model(view, period, days, models, shown)
    (earlier_models, earlier_people), _ = view.read_days(*period.previous, "by_model", "by_person")
    now, before = (models, people), (earlier_models, earlier_people)
    frame.draw(overview_tables.side_by_side(view, period, shown, now, before, clients))


def _headline(view: View, period: Period, total: Row) -> None:
    """The first screen of a phone: złoty so far, share of the limit, expected end, change."""
    limit = _limit(view) if view.client else _nearest_limit(view)
    items = [_spent(view, period, total), limit, _landing(view), _change(view, period, total)]
    parts = [markup.cards([*items, *_more_figures(view, period, total)])]
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
        of_limit, when,
        href=view.explain(view.today.replace(day=1), view.today), title=words("explain.link"),
    )  # fmt: skip


def _nearest_limit(view: View) -> Html:
    """Of all clients the one that has used most of its limit this month."""
    words = view.words
    (rows,), _ = view.read(period_of("month", view.today), "by_client")
    spent = {row["client_org_id"]: int(row["charged_pusd"]) for row in rows}
    shares = [
        (spent.get(client.client_org_id, 0) / client.limit_pusd, client) for client in view.clients if client.limit_pusd
    ]
    if not shares:
        return markup.card(words("overview.limit"), words("none"), words("overview.limit.none"))
    share, nearest = max(shares, key=lambda item: item[0])
    return markup.card(
        words("overview.limit.nearest"), words.percent(share), markup.meter(share, words.percent(share)),
        markup.name(nearest.name), href=markup.address("", client=nearest.client_org_id), title=nearest.name,
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


@troubles.by_itself(every_s=2)
def _pulse(view: View, period: Period, drawn: Row, fresh: Row) -> None:
    """Says how fresh the page is, every two seconds; what is new is drawn at once, a session that ended ends here."""
    frame.check_session(view)
    if troubles.may_draw_all_again():
        (totals,), fresh = view.latest().read(period, "totals")
        if any(totals[0][figure] != drawn[figure] for figure in _FOLLOWED):
            troubles.draw_all_again()
        drawn = totals[0]
    words = view.words
    last = drawn["last_at_ms"]
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


def _more_figures(view: View, period: Period, total: Row) -> list[Html]:
    words = view.words

    def explained(name: str, value: str, note: str) -> Html:
        where = view.explain(period.first, period.last)
        return markup.card(words(f"overview.{name}"), value, note, href=where, title=words("explain.link"))

    def before(key: str) -> str:
        return words("overview.before", value=words.compact(int(total[f"previous_{key}"])))

    def each(amount: int | None, requests: int) -> str:
        return words.money(int(amount) // requests, "PLN", 4) if amount is not None and requests else words("none")

    was = words("overview.before", value=each(total["previous_charged_ppln"], total["previous_requests"]))
    return [
        explained("requests", words.count(total["requests"]), before("requests")),
        explained("tokens", words.compact(total["total_tokens"]), before("total_tokens")),
        markup.card(
            words("overview.people"), words.count(total["people"]), before("people"),
            href=view.link("users", period), title=words("nav.people_usage"),
        ),
        explained("per_request", each(total["charged_ppln"], total["requests"]), was),
    ]  # fmt: skip


def _by_model(view: View, period: Period, days: Sequence[Row], models: Sequence[Row], shown: ModelColours) -> None:
    if not models:
        return
    words, top = view.words, [row["model"] for row in models[:_MOST_MODELS]]
    with st.container(key="card_by_model"):
        title = Html(f'<h2 class="m-section">{escape(words("overview.by_model"))}</h2>')
        frame.draw(title, day_charts.legend(view, period, top, shown, with_others=len(models) > len(top)))
        figure = day_charts.by_model(view, period, days, top, shown)
        alt = words("overview.by_model")
        day_charts.followed(view, figure, "by_model", alt, lambda: day_charts.table_by_day(view, days))
