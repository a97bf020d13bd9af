"""Makes a ledger of a given size, with people, rates and sealed days: python -m benchmarks.reports_data --help"""

from __future__ import annotations

import argparse
import random
import time
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

LAST_DAY = date(2026, 10, 31)
PEOPLE, MODELS = 40, 30
OPEN_DAYS = 2

_DAILY = [
    "client_org_id",
    "usage_date",
    "external_user",
    "model",
    "provider",
    "requests",
    "input_tokens",
    "output_tokens",
    "cached_tokens",
    "cache_write_tokens",
    "reasoning_tokens",
    "raw_pusd",
    "charged_pusd",
    "unpriced_requests",
    "byok_requests",
    "last_at_ms",
]


def client_name(number: int) -> str:
    return f"mai_client_{number:08x}"


def person(number: int, of: int) -> str:
    return f"{client_name(number)}_user_{of:08x}"


def daily_rows(client: int, day: date, count: int, random_: random.Random) -> Iterator[tuple[Any, ...]]:
    """`count` distinct rows of a day, in the order of the primary key."""
    noon_ms = (day - date(1970, 1, 1)).days * 86_400_000 + 36_000_000
    for place in sorted(random_.sample(range(PEOPLE * MODELS), min(count, PEOPLE * MODELS))):
        who, what = divmod(place, MODELS)
        requests = random_.randint(1, 9)
        tokens_in, tokens_out = requests * random_.randint(200, 9000), requests * random_.randint(50, 1500)
        raw = (tokens_in * 2_500_000 + tokens_out * 10_000_000) // (1 + what)
        yield (
            client_name(client), day.isoformat(), person(client, who), f"maker-{what % 7}/model-{what:02d}",
            f"Provider {what % 5}", requests, tokens_in, tokens_out, tokens_in // 4, 0, tokens_out // 8, raw,
            (raw * 13 + 5) // 10, 0, 0, noon_ms,
        )  # fmt: skip


def make(folder: Path, rows: int, clients: int, months: int, events: int) -> None:
    from mai_core.installation import open_installation
    from mai_core.reports import sealing, upkeep
    from mai_core.settings import load_settings
    from mai_core.store import clients as registry

    installation = open_installation(load_settings({"MAI_DATA_DIR": str(folder)}, folder / ".env"))
    started = time.perf_counter()
    first = LAST_DAY - timedelta(days=months * 30)
    days = [first + timedelta(days=n) for n in range((LAST_DAY - first).days + 1)]
    per_day = max(rows // (clients * len(days)), 1)
    insert = f"INSERT INTO usage_daily ({', '.join(_DAILY)}) VALUES ({', '.join('?' * len(_DAILY))})"
    for client in range(clients):
        random_ = random.Random(client)
        with installation.store.write() as db:
            registry.create(db, 0, client_org_id=client_name(client), name=f"Client {client}", markup_rate="1.3")
            for who in range(PEOPLE):
                name = person(client, who)
                db.execute("INSERT INTO user_client_mapping VALUES (?, ?, ?, ?, 1, 0, 0)",
                           (f"{name}_m", f"u-{name}", client_name(client), name))  # fmt: skip
                db.execute("INSERT INTO people VALUES (?, ?, ?, NULL, ?, 'bench', 0, 0, NULL)",
                           (client_name(client), f"u-{name}", f"Person {who}", f"Department {who % 6}"))  # fmt: skip
            for place, day in enumerate(days):
                rate = (client_name(client), day.isoformat(), f"3.{6000 + place % 400}", f"{place}/A/NBP")
                db.execute("INSERT INTO day_rates VALUES (?, ?, ?, ?, ?, 'daily', 0)", (*rate, day.isoformat()))
                db.executemany(insert, daily_rows(client, day, per_day, random_))
        _events(installation, client, days[-OPEN_DAYS:], events // max(clients, 1), random_)
    print(f"{len(days) * clients * per_day} daily rows in {time.perf_counter() - started:.0f} s", flush=True)
    started = time.perf_counter()
    for client in range(clients):
        sealing.seal(installation, client_name(client), days[:-OPEN_DAYS])
        for year in sorted({day.year for day in days}):
            if year < LAST_DAY.year:
                sealing.compact(installation, client_name(client), year)
    upkeep.publish(installation)
    print(f"sealed in {time.perf_counter() - started:.0f} s", flush=True)
    installation.close()
    (folder / "ready").touch()


def _events(installation: Any, client: int, days: list[date], count: int, random_: random.Random) -> None:
    if not count:
        return
    names = [
        "client_org_id",
        "generation_id",
        "at_ms",
        "usage_date",
        "external_user",
        "model",
        "provider",
        "input_tokens",
        "output_tokens",
        "raw_pusd",
        "charged_pusd",
        "cost_basis",
        "markup",
        "markup_from",
        "source",
        "field_ranks",
        "received_at_ms",
        "updated_at_ms",
    ]
    insert = f"INSERT INTO usage_events ({', '.join(names)}) VALUES ({', '.join('?' * len(names))})"

    def events() -> Iterator[tuple[Any, ...]]:
        for number in range(count):
            day = days[number % len(days)]
            at_ms = (day - date(1970, 1, 1)).days * 86_400_000 + random_.randrange(86_400_000)
            yield (
                client_name(client), f"gen-{at_ms // 1000}-{random_.getrandbits(100):025x}", at_ms, day.isoformat(),
                person(client, number % PEOPLE), f"maker-{number % 7}/model-{number % MODELS:02d}", "Provider 1",
                random_.randint(200, 9000), random_.randint(50, 1500), 10**9, 13 * 10**8, "reported", "1.3", "client",
                "bench", "{}", at_ms, at_ms,
            )  # fmt: skip

    with installation.store.write() as db:
        db.executemany(insert, events())


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--folder", type=Path, required=True)
    for name, default in (("rows", 5_000_000), ("clients", 20), ("months", 24), ("events", 0)):
        parser.add_argument(f"--{name}", type=int, default=default)
    given = parser.parse_args()
    given.folder.mkdir(parents=True, exist_ok=True)
    make(given.folder, given.rows, given.clients, given.months, given.events)
