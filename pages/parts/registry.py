"""Every page once: its address, its place in the menu, who may see it. `app.py` shows nothing that is not here."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from mai_core.reports.viewer import Role
from pages import billing, explain, forecast, models, months, overview, person, users
from pages.parts.view import View

EVERYBODY: tuple[Role, ...] = ("operator", "accountant", "manager", "analyst")
OPERATOR: tuple[Role, ...] = ("operator",)


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
)
