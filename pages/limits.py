"""Monthly limits of the client and of its people: how much of each is used, and for operators what they are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import streamlit as st

from mai_core.money import units_of
from pages.parts import api, external_ids, frame, markup, rates
from pages.parts.external_ids import Known
from pages.parts.markup import Cell, Column, Html, escape
from pages.parts.periods import Period, period_of
from pages.parts.reading import Row
from pages.parts.view import View

_SET = "/api/v1/admin/quotas"
_CURRENCIES = ("PLN", "USD")


@dataclass(frozen=True, slots=True)
class Limit:
    external_user: str
    """Empty: the client as a whole."""
    currency: str
    soft: str | None
    hard: str | None
    is_term: bool = False
    """The monthly limit among the client's terms, which counts where no quota is set."""


def show(view: View) -> None:
    words = view.words
    frame.heading(view, words("nav.limits"), view.client.name if view.client else "")
    if frame.client_needed(view):
        return
    people = external_ids.known(view)
    limits = _limits(view)
    with st.container(key="card_limits"):
        frame.draw(_table(view, limits, people), Html(f'<p class="m-sub m-below">{escape(words("limits.how"))}</p>'))
    if view.session.role == "operator":
        with st.container(key="card_limit_set", width=560):
            _form(view, people, limits)


def _limits(view: View) -> list[Limit]:
    rows = api.call("GET", "/api/v1/quotas", view.session.token, params={"client": view.client_id})
    found = [Limit(row["external_user"], row["currency"], row["soft"], row["hard"]) for row in rows]
    terms = api.call("GET", "/api/v1/clients", view.session.token)
    agreed = next((row["monthly_limit"] for row in terms if row["id"] == view.client_id), None)
    if agreed is not None and all(limit.external_user for limit in found):
        found.insert(0, Limit("", "USD", None, agreed, is_term=True))
    return found


def _table(view: View, limits: list[Limit], people: Mapping[str, Known]) -> Html:
    words = view.words
    if not limits:
        return Html(f"<p>{escape(words('limits.none'))}</p>")
    period = period_of("month", view.today)
    (totals, by_id), _ = view.read(period, "totals", "by_external_user")
    used = {row["person"]: row for row in by_id}
    columns = [
        Column("name", words("limits.whose"), "text"), Column("used", words("limits.used"), "num"),
        Column("bar", words("column.share"), "bar"),
        Column("soft", words("limits.soft"), "num"), Column("hard", words("limits.hard"), "num"),
        Column("state", words("column.state")),
    ]  # fmt: skip
    return markup.table(
        columns,
        [
            _row(view, period, limit, people, used.get(limit.external_user) if limit.external_user else totals[0])
            for limit in limits
        ],
        long=True,
    )


def _row(view: View, period: Period, limit: Limit, people: Mapping[str, Known], used: Row | None) -> dict[str, Cell]:
    words = view.words
    whole = limit.external_user == ""
    spent = int((used or {}).get("charged_pusd" if limit.currency == "USD" else "charged_ppln") or 0)
    edge = units_of(limit.hard or limit.soft or "0")
    share = spent / edge if edge else 1.0
    filters = {} if whole else {"person": limit.external_user}
    return {
        "name": _whose(view, limit, people),
        "used": markup.joined(
            view.amount(period.first, period.last, words.money(spent, limit.currency), **filters),
            Html(f"<small>{escape(words.percent(share))}</small>"),
        ),
        "bar": markup.meter(share, words.percent(share)),
        "soft": _shown(view, limit.soft, limit.currency),
        "hard": _shown(view, limit.hard, limit.currency),
        "state": _state(view, limit, spent),
    }


def _whose(view: View, limit: Limit, people: Mapping[str, Known]) -> Html:
    """A person by name; with several ids also by the one that the limit is for."""
    words = view.words
    if not limit.external_user:
        return markup.name(words("limits.whole"), words("limits.term") if limit.is_term else "")
    person = people.get(limit.external_user)
    if person is None:
        return markup.name(limit.external_user)
    return markup.name(person.shown(words), "" if person.is_only else person.external_user)


def _shown(view: View, amount: str | None, currency: str) -> str:
    return view.words("none") if amount is None else view.words.money(units_of(amount), currency)


def _state(view: View, limit: Limit, spent: int) -> Html:
    if limit.hard is not None and spent >= units_of(limit.hard):
        return markup.tag(view.words("limits.reached"), "bad")
    if limit.soft is not None and spent >= units_of(limit.soft):
        return markup.tag(view.words("limits.warned"), "warn")
    return markup.tag(view.words("limits.within"), "good")


def _form(view: View, people: Mapping[str, Known], limits: list[Limit]) -> None:
    words = view.words
    frame.draw(Html(f'<h2 class="m-section">{escape(words("limits.set"))}</h2>'))
    names = {external_user: person.told_apart(words) for external_user, person in people.items()}
    chosen = st.selectbox(
        words("limits.whose"), ["", *names], key="limit_whose",
        format_func=lambda key: names[key][:80] if key else words("limits.whole"),
    )  # fmt: skip
    standing = next((one for one in limits if one.external_user == chosen and not one.is_term), None)
    before = standing or Limit(chosen, _CURRENCIES[0], None, None)
    with st.form(f"limit_{chosen}", border=False):
        currency = st.selectbox(
            words("limits.currency"), _CURRENCIES, _CURRENCIES.index(before.currency),
            key=f"limit_currency_{chosen}",
        )  # fmt: skip
        soft = st.text_input(words("limits.soft"), rates.shown(words, before.soft), key=f"limit_soft_{chosen}")
        hard = st.text_input(words("limits.hard"), rates.shown(words, before.hard), key=f"limit_hard_{chosen}")
        saved = st.form_submit_button(words("save"), type="primary")
    if saved:
        body: dict[str, Any] = {
            "client_org_id": view.client_id, "external_user": chosen, "currency": currency,
            "soft": rates.decimal_of(soft), "hard": rates.decimal_of(hard),
        }  # fmt: skip
        if frame.act(view, "PUT", _SET, json=body):
            st.rerun()
    if standing is not None and st.button(words("limits.remove"), key="limit_remove"):
        whose = {"client": view.client_id, "external_user": chosen}
        if frame.act(view, "DELETE", _SET, params=whose):
            st.rerun()
