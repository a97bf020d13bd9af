"""A small company to read about: two clients, three people, three models, two October days with fixed rates."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from mai_core.installation import Installation
from mai_core.money import units_of
from mai_core.reports import Reporting, Viewer
from mai_core.settings import Settings
from mai_core.store import Store
from tests.builders import CLIENT, make_client

OTHER = "mai_client_0000beef"
OPERATOR = Viewer("operator")
MANAGER = Viewer("manager", CLIENT)
OCTOBER = (date(2026, 10, 1), date(2026, 10, 31))


def add_usage(
    store: Store, day: str, charged: str, *, raw: str | None = None, client: str = CLIENT, **told: Any
) -> None:
    """One row of the fact table, as booking would leave it."""
    row = {
        "client_org_id": client,
        "usage_date": day,
        "external_user": "ann",
        "model": "openai/gpt-4o",
        "provider": "OpenAI",
        "requests": 1,
        "input_tokens": 100,
        "output_tokens": 50,
        "cached_tokens": 20,
        "cache_write_tokens": 0,
        "reasoning_tokens": 10,
        "raw_pusd": units_of(raw or charged),
        "charged_pusd": units_of(charged),
        "unpriced_requests": 0,
        "byok_requests": 0,
        "last_at_ms": 1_760_000_000_000,
        **told,
    }
    with store.write() as db:
        marks = ", ".join("?" * len(row))
        db.execute(f"INSERT INTO usage_daily ({', '.join(row)}) VALUES ({marks})", tuple(row.values()))


def add_table(store: Store, day: str, rate: str, table_no: str) -> None:
    with store.write() as db:
        db.execute("INSERT INTO exchange_rates VALUES ('USD', ?, ?, ?, 0, 'used')", (day, rate, table_no))


def fix_rate(store: Store, day: str, rate: str, table_no: str, client: str = CLIENT) -> None:
    with store.write() as db:
        db.execute("INSERT INTO day_rates VALUES (?, ?, ?, ?, ?, 'daily', 0)", (client, day, rate, table_no, day))


def add_person(store: Store, person: str, name: str | None, department: str | None, client: str = CLIENT) -> None:
    with store.write() as db:
        db.execute(
            "INSERT INTO user_client_mapping VALUES (?, ?, ?, ?, 1, 0, 0)",
            (f"u-{person}_{client}", f"u-{person}", client, person),
        )
        db.execute(
            "INSERT INTO people VALUES (?, ?, ?, NULL, ?, 'test', 0, 0, NULL)",
            (client, f"u-{person}", name, department),
        )


@pytest.fixture
def company(installation: Installation) -> Store:
    store = installation.store
    make_client(store)
    make_client(store, OTHER, name="Other sp. z o.o.")
    add_person(store, "ann", "Anna Nowak", "Sprzedaż")
    add_person(store, "jan", "Jan Kowalski", "IT")
    add_usage(store, "2026-10-14", "1.30", raw="1.00", requests=4)
    add_usage(
        store, "2026-10-14", "0.10", raw="0.08", external_user="jan", model="anthropic/claude", provider="Anthropic"
    )
    add_usage(store, "2026-10-15", "2.60", raw="2.00")
    add_usage(store, "2026-10-15", "0.000000000001", raw="0", external_user="", model="x/tiny", provider="")
    add_usage(store, "2026-09-14", "0.70", raw="0.50")
    add_usage(store, "2026-10-15", "7777.00", raw="5555.00", client=OTHER, external_user="eve")
    add_table(store, "2026-10-14", "3.6543", "199/A/NBP/2026")
    for client in (CLIENT, OTHER):
        fix_rate(store, "2026-09-14", "3.6000", "178/A/NBP/2026", client)
        fix_rate(store, "2026-10-14", "3.6543", "199/A/NBP/2026", client)
    return store


@pytest.fixture
def reporting(company: Store, settings: Settings) -> Reporting:
    return Reporting.of_store(company, settings)


@pytest.fixture
def house(installation: Installation, company: Store) -> Installation:
    """The installation whose ledger holds the company."""
    return installation
