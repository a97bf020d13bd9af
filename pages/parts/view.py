"""What every page gets: who looks, in which language, at which client, now."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any

from mai_core.days import from_ms, zone
from mai_core.ids import anonymous_label
from mai_core.language import Words
from pages.parts.answers import Ask
from pages.parts.markup import Cell, Html, address, amount_link, link
from pages.parts.periods import Period
from pages.parts.reading import Row, Seen, answers, seen_now
from pages.parts.sessions import Session


@dataclass(frozen=True, slots=True)
class Client:
    client_org_id: str
    name: str
    timezone: str
    limit_pusd: int | None
    fx_policy: str = "daily"


@dataclass(frozen=True, slots=True)
class View:
    words: Words
    session: Session
    client: Client | None
    """None: all clients, for operator and accountant."""
    clients: tuple[Client, ...]
    now_ms: int
    dark: bool
    seen: Seen = field(default_factory=seen_now)
    """All figures of one run are of one look at the ledger, while events keep coming."""

    def latest(self) -> View:
        """For a part that is drawn again by itself."""
        return replace(self, seen=seen_now())

    @property
    def client_id(self) -> str | None:
        return self.client.client_org_id if self.client else None

    @property
    def zone_name(self) -> str:
        return self.client.timezone if self.client else "Europe/Warsaw"

    @property
    def now(self) -> datetime:
        return from_ms(self.now_ms).astimezone(zone(self.zone_name))

    @property
    def today(self) -> date:
        return self.now.date()

    @property
    def sees_cost(self) -> bool:
        return self.session.role == "operator"

    def local(self, at_ms: int) -> datetime:
        return from_ms(at_ms).astimezone(zone(self.zone_name))

    def read(self, period: Period, *asks: Ask | str, **filters: Any) -> tuple[list[list[Row]], Row]:
        return self.read_days(period.first, period.last, *asks, previous=period.previous, **filters)

    def read_days(self, first: date, last: date, *asks: Ask | str, **filters: Any) -> tuple[list[list[Row]], Row]:
        return answers(self.session.viewer, self.client_id, first, last, *asks, seen=self.seen, **filters)

    def link(self, path: str, shown: Period | None = None, /, **query: object) -> str:
        """A link that keeps the chosen client and period."""
        chosen = self.client_id if self.session.sees_all_clients else None
        return address(path, **{"client": chosen, **(shown.query if shown else {}), **query})

    def explain(self, first: date, last: date, **filters: object) -> str:
        """The permanent link of a number: days and filters, never words such as 'this month'. An empty filter is one,
        too: nobody's department."""
        days = {"from": first.isoformat(), "to": last.isoformat()}
        empty = "".join(f"&{name}=" for name, value in filters.items() if value == "")
        return self.link("explain", None, **days, **filters) + empty

    def amount(self, first: date, last: date, shown: Cell, **filters: object) -> Html:
        """A displayed amount, leading to what it is made of."""
        return amount_link(self.explain(first, last, **filters), shown, self.words("explain.link"))

    def also(self, first: date, last: date, shown: Cell, **filters: object) -> Html:
        """The same amount in dollars beside it, or a part of it: leads to the same, and is not as loud."""
        return link(self.explain(first, last, **filters), shown, self.words("explain.link"))

    def person(self, row: Row) -> str:
        """A person by name; without one 'Osoba 1a2b'."""
        if row.get("user_name"):
            return str(row["user_name"])
        key = row.get("person") or row.get("user_id") or ""
        return self.words("person.unnamed", label=anonymous_label(str(key))) if key else self.words("person.unknown")

    def pln(self, row: Row, key: str = "charged_ppln") -> str:
        """An amount in PLN, or a dash where no exchange rate is known at all: never a guess."""
        units = row.get(key)
        return self.words("none") if units is None else self.words.money(int(units), "PLN")

    def usd(self, row: Row, key: str = "charged_pusd") -> str:
        return self.words.money(int(row.get(key) or 0), "USD")
