"""Every page once: its address, its place in the menu, who may see it. `app.py` shows nothing that is not here."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from mai_core.reports.viewer import Role
from pages import (
    accounts,
    billing,
    clients,
    explain,
    first_run,
    forecast,
    limits,
    models,
    months,
    operations,
    overview,
    people,
    person,
    prices,
    settings,
    sql,
    tokens,
    users,
)
from pages.parts.view import View

EVERYBODY: tuple[Role, ...] = ("operator", "accountant", "manager", "analyst")
OPERATOR: tuple[Role, ...] = ("operator",)
INVITERS: tuple[Role, ...] = ("operator", "manager", "analyst")


@dataclass(frozen=True, slots=True)
class Entry:
    path: str
    title: str
    section: str
    icon: str
    show: Callable[[View], None]
    roles: tuple[Role, ...] = EVERYBODY
    hidden: bool = False
    """Reached by links only."""


PAGES: tuple[Entry, ...] = (
    Entry("", "nav.overview", "nav.usage", ":material/space_dashboard:", overview.show),
    Entry("users", "nav.people_usage", "nav.usage", ":material/group:", users.show),
    Entry("person", "nav.person", "nav.usage", ":material/person:", person.show, hidden=True),
    Entry("models", "nav.models", "nav.usage", ":material/neurology:", models.show),
    Entry("months", "nav.months", "nav.usage", ":material/calendar_month:", months.show),
    Entry("forecast", "nav.forecast", "nav.usage", ":material/trending_up:", forecast.show),
    Entry("explain", "nav.explain", "nav.usage", ":material/account_tree:", explain.show, hidden=True),
    Entry("billing", "nav.billing", "nav.money", ":material/receipt_long:", billing.show),
    Entry("sql", "nav.sql", "nav.analysis", ":material/terminal:", sql.show, ("operator", "analyst")),
    Entry("operations", "nav.operations_page", "nav.operations", ":material/monitor_heart:", operations.show, OPERATOR),
    Entry("clients", "nav.clients", "nav.operations", ":material/domain:", clients.show, ("operator", "accountant")),
    Entry("prices", "nav.prices", "nav.operations", ":material/sell:", prices.show, ("operator", "accountant")),
    Entry("limits", "nav.limits", "nav.operations", ":material/speed:", limits.show),
    Entry("people", "nav.people", "nav.operations", ":material/badge:", people.show, OPERATOR),
    Entry("accounts", "nav.accounts", "nav.operations", ":material/manage_accounts:", accounts.show, INVITERS),
    Entry("tokens", "nav.tokens", "nav.operations", ":material/key:", tokens.show, OPERATOR),
    Entry("settings", "nav.settings", "nav.operations", ":material/tune:", settings.show),
    Entry("first_run", "nav.first_run", "nav.operations", ":material/checklist:", first_run.show, OPERATOR),
)
