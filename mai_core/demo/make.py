"""Makes the demo: clients, people, rates and 13 months of usage, through the same booking as real events."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import islice
from random import Random

from mai_core.days import DAY_MS, month_days, month_of, usage_day
from mai_core.demo.cast import CLIENTS, DEMO_SEED, DemoClient
from mai_core.demo.exchange import demo_rates
from mai_core.demo.incidents import add_incidents
from mai_core.demo.people import DemoPerson, people_of
from mai_core.demo.provider import books_of, compare_with_books, key_hash_of
from mai_core.demo.usage import ZONE, day_of_usage
from mai_core.ids import client_org_id
from mai_core.installation import Installation
from mai_core.intake.booking import book
from mai_core.model import Arrival
from mai_core.money import UNITS_PER_ONE, Money
from mai_core.reports import sealing
from mai_core.store import Db, clients, months, people, quotas, rates, rating_books, rows, sale_prices

MONTHS = 13
_PER_COMMIT = 2000
_PRICE_AGREED_DAYS_AGO = 12

Progress = Callable[[int, int], None]
"""Called with (days done, days in all)."""


@dataclass(frozen=True, slots=True)
class Made:
    clients: int
    people: int
    events: int


def make_demo(installation: Installation, progress: Progress = lambda done, of: None, months: int = MONTHS) -> Made:
    """The same clock gives the same demo; a second run adds nothing."""
    now_ms = installation.now_ms()
    today = usage_day(now_ms, ZONE)
    first = first_day(today, months)
    everybody = {client.key: people_of(client, Random(f"{DEMO_SEED}:{client.key}")) for client in CLIENTS}
    with installation.store.write() as db:
        for client in CLIENTS:
            _create(installation, db, client, everybody[client.key], now_ms)
        book_of_terms = rating_books.load(db, installation.settings)
    known: set[tuple[str, str]] = set()
    events = 0
    books = books_of(now_ms)
    arrivals = books.passing(_all_usage(everybody, first, today, now_ms, progress))
    while batch := list(islice(arrivals, _PER_COMMIT)):
        with installation.store.write() as db:
            book(db, book_of_terms, batch, now_ms, outbox=installation.settings.influx_enabled, known_people=known)
        events += len(batch)
    compare_with_books(installation, books)
    _settle_rates(installation, first, now_ms)
    _close_those_who_left(installation, now_ms)
    _limit_some(installation, today, now_ms)
    add_incidents(installation, [client_org_id(client.name) for client in CLIENTS])
    _seal_closed_days(installation, today)
    return Made(len(CLIENTS), sum(map(len, everybody.values())), events)


def first_day(today: date, months: int) -> date:
    """The first of the month from which there are so many months with the present one."""
    start, _ = month_days(month_of(today))
    for _ in range(months - 1):
        start, _ = month_days(month_of(start - timedelta(days=1)))
    return start


def last_day_of(client: DemoClient, today: date) -> date:
    return today if client.left_days_ago is None else today - timedelta(days=client.left_days_ago)


def _all_usage(
    everybody: dict[str, list[DemoPerson]], first: date, today: date, now_ms: int, progress: Progress
) -> Iterator[Arrival]:
    days = (today - first).days + 1
    for number in range(days):
        day = first + timedelta(days=number)
        for client in CLIENTS:
            if day <= last_day_of(client, today):
                yield from day_of_usage(client, everybody[client.key], day, today, now_ms)
        progress(number + 1, days)


def _create(installation: Installation, db: Db, client: DemoClient, members: list[DemoPerson], now_ms: int) -> None:
    organisation = client_org_id(client.name)
    if clients.get(db, organisation) is None:
        clients.create(
            db,
            now_ms,
            client_org_id=organisation,
            name=client.name,
            markup_rate=client.markup,
            billing_email=f"faktury@{client.key}.example",
            fx_policy=client.fx_policy,
            provider_key_hash=key_hash_of(client.key),
            actor="demo",
        )
        if client.own_price is not None:
            _agree_on_price(db, organisation, client.own_price, now_ms)
    for person in members:
        people.ensure_mapping(db, now_ms, organisation, person.external_user, person.user_id)
        people.put_person(
            db,
            now_ms,
            organisation,
            person.user_id,
            name=person.name,
            email=person.email,
            department=person.department,
            source="demo",
        )


def _agree_on_price(db: Db, organisation: str, terms: tuple[str, str, str, str], now_ms: int) -> None:
    """In force for some days only, so that a page about prices has a before and an after."""
    model, given, cached, taken = terms
    sale_prices.put(
        db,
        now_ms,
        model=model,
        input_per_million=given,
        cached_per_million=cached,
        output_per_million=taken,
        client_org_id=organisation,
        effective_from_ms=now_ms - _PRICE_AGREED_DAYS_AGO * DAY_MS,
        actor="demo",
    )


def _settle_rates(installation: Installation, first: date, now_ms: int) -> None:
    with installation.store.write() as db:
        rates.record(db, now_ms, demo_rates(first - timedelta(days=14), now_ms))
        rates.fix_day_rates(db, now_ms)


def _seal_closed_days(installation: Installation, today: date) -> None:
    for client in CLIENTS:
        organisation = client_org_id(client.name)
        with installation.store.read() as db:
            days = sealing.unsealed_days(db, organisation, today - timedelta(days=1))
        sealing.seal(installation, organisation, days)


def _close_those_who_left(installation: Installation, now_ms: int) -> None:
    with installation.store.write() as db:
        for client in CLIENTS:
            if client.left_days_ago is not None:
                clients.update(db, now_ms, client_org_id(client.name), {"is_active": False}, actor="demo")


def _limit_some(installation: Installation, today: date, now_ms: int) -> None:
    """Monthly limits, used up as the cast says; on the first days of a month, as they were last month."""
    this_month = month_of(today)
    last_month = month_of(month_days(this_month)[0] - timedelta(days=1))
    with installation.store.write() as db:
        for client in CLIENTS:
            if client.limit_used_percent is not None:
                organisation = client_org_id(client.name)
                spent = {
                    month: months.totals(db, organisation, month).charged_pusd for month in (this_month, last_month)
                }
                well_begun = 4 * spent[this_month] > spent[last_month]
                units = spent[this_month if well_begun else last_month] * 100 // client.limit_used_percent
                limit = Money(units, "USD").cents // 100 + 1
                clients.update(db, now_ms, organisation, {"monthly_limit": str(limit)}, actor="demo")
                _limit_people(db, organisation, this_month, now_ms)


def _limit_people(db: Db, organisation: str, month: str, now_ms: int) -> None:
    """The one who spends most is warned, the next one is well within."""
    largest = rows(
        db,
        "SELECT external_user, sum(charged_pusd / 1000000) * 1000000 FROM usage_daily WHERE client_org_id = ?"
        " AND usage_date BETWEEN ? AND ? GROUP BY external_user ORDER BY 2 DESC LIMIT 2",
        (organisation, f"{month}-01", f"{month}-31"),
    )
    for (person, spent), percent in zip(largest, (125, 300), strict=False):
        hard = (spent * percent // 100 // UNITS_PER_ONE + 1) * UNITS_PER_ONE
        quotas.put(db, now_ms, "demo", organisation, person, "USD", hard * 3 // 5, hard)
