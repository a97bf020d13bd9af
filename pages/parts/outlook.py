"""Where the month is heading for the client that is shown: the forecast of `mai_core.forecast` on its own days."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import streamlit as st

from mai_core import forecast
from mai_core.days import month_days, month_of
from pages.parts import ledger_tables
from pages.parts.reading import Version, ledger_version
from pages.parts.view import View


@dataclass(frozen=True, slots=True)
class LimitState:
    spent_pusd: int
    reached: date | None
    """The day on which the limit is or was reached this month, if any."""


def history(view: View, key: str) -> dict[date, int]:
    """Amounts by day, today included; a day without an exchange rate has none."""
    first, yesterday = view.today - timedelta(days=forecast.HISTORY_DAYS), view.today - timedelta(days=1)
    (before,), _ = view.read_days(first, yesterday, "by_day")  # apart, because an event of today changes nothing in it
    (now,), _ = view.read_days(view.today, view.today, "by_day")
    return {row["day"]: int(row[key]) for row in (*before, *now) if row[key] is not None}


def month_landing(view: View) -> forecast.Landing | None:
    days = history(view, "charged_ppln")
    if not days:
        return None
    first, last = month_days(month_of(view.today))
    return forecast.landing(days, view.today, first, last)


def limit_state(view: View, limit_pusd: int) -> LimitState:
    days = history(view, "charged_pusd")
    first, last = month_days(month_of(view.today))
    spent = sum(amount for day, amount in days.items() if first <= day <= view.today)
    return LimitState(spent, forecast.day_of_reaching(limit_pusd, spent, days, view.today, last))


def proof_line(view: View) -> str:
    """'Reconciled with OpenRouter through ...' with figures for operators, the day alone for everybody else."""
    words = view.words
    found = _proof(view.client_id, ledger_version())
    if found is None:
        return ""
    day = words.day_short(found.through)
    if not view.sees_cost or found.is_shared:
        return words("overview.proof.manager", day=day)
    return words(
        "overview.proof.operator", day=day, billed=words.money(found.billed_pusd, "USD"),
        recorded=words.money(found.recorded_pusd, "USD"),
        difference=words.money(found.billed_pusd - found.recorded_pusd, "USD"), recovered=words.count(found.recovered),
    )  # fmt: skip


@st.cache_data(ttl=60, show_spinner=False, max_entries=100)
def _proof(client: str | None, version: Version) -> ledger_tables.Proof | None:
    del version
    return ledger_tables.proof(client)
