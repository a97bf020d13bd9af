"""One day of a million events, 20 clients, 300 people: how long closing it takes, against DuckDB's own aggregation.

    python -m benchmarks.daily_batch [--events 1000000] [--folder FOLDER]

Prints seconds, ratios and bytes; the target is rebuild + archive <= 2x DuckDB, under 1 GB, 40 bytes per event, and
under a second for a sealed day without change.
"""

from __future__ import annotations

import argparse
import json
import resource
import shutil
import string
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any

from mai_core.batch.context import Step
from mai_core.batch.runner import Result, run_batch
from mai_core.batch.steps import STEPS
from mai_core.days import day_bounds_ms
from mai_core.installation import Installation, open_installation
from mai_core.money import multiply
from mai_core.settings import load_settings
from mai_core.store import clients, people
from mai_core.store.archives import put_back_events
from mai_core.store.ledger import EVENT_COLUMNS

DAY = date(2026, 11, 19)
CLIENTS, PEOPLE = 20, 300
MARKUP = Decimal("1.3")
CLOCK = "2026-11-20T12:30:00Z"

ROUNDS = 3
"""Everything that is compared is done so many times in turn, and the best of each counts."""

OF_DAY = f"usage_date = '{DAY}' AND held = 0"
READ = (
    "client_org_id, usage_date, external_user, model, provider, input_tokens, output_tokens, cached_tokens, "
    "cache_write_tokens, reasoning_tokens, raw_pusd, charged_pusd, cost_basis, is_byok, at_ms"
)
AGGREGATE = """
    SELECT client_org_id, usage_date, external_user, model, provider, count(*), sum(input_tokens::BIGINT),
           sum(output_tokens::BIGINT), sum(cached_tokens::BIGINT), sum(cache_write_tokens::BIGINT),
           sum(reasoning_tokens::BIGINT), sum(raw_pusd::BIGINT), sum(charged_pusd::BIGINT),
           count(*) FILTER (cost_basis = 'unpriced'), sum(is_byok::BIGINT), max(at_ms::BIGINT)
    FROM ({source}) GROUP BY ALL"""
AS_TEXT = f"SELECT * FROM sqlite_query('l', $$SELECT {READ} FROM usage_events WHERE {OF_DAY}$$)"
TYPED = f"SELECT {READ} FROM l.usage_events WHERE {OF_DAY}"
COPY = "COPY (SELECT * EXCLUDE (seq) FROM l.usage_events WHERE {0}) TO '{1}' (FORMAT parquet, COMPRESSION zstd)"

DUCKDB = """
import sys, time, duckdb, duckdb_extensions
threads, ledger, question = sys.argv[1:]
con = duckdb.connect(config={"threads": threads})
con.execute("SET enable_progress_bar = false")
duckdb_extensions.import_extension("sqlite_scanner", con=con)
con.execute(f"ATTACH '{ledger}' AS l (TYPE sqlite, READ_ONLY)")
start = time.perf_counter()
con.execute(question).fetchall()
print(time.perf_counter() - start)
"""


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.daily_batch")
    parser.add_argument("--events", type=int, default=1_000_000)
    parser.add_argument("--folder", type=Path, help="keep the data here (default: a temporary folder)")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = args.folder or Path(temporary)
        installation = opened(folder)
        if not installation.settings.usage_summary_db.exists() or not filled(installation):
            took = timed(lambda: fill(installation, args.events))[0]
            print(f"{args.events:,} events made in {took:.1f} s")
        report(installation, args.events)
        installation.close()
    return 0


def report(installation: Installation, events: int) -> None:
    scratch = str(installation.settings.usage_summary_db.with_name("bare.parquet"))
    bare = {
        "DuckDB aggregates the rows, one thread": (1, AGGREGATE.format(source=TYPED)),
        "  the same, read as text (sqlite_query)": (1, AGGREGATE.format(source=AS_TEXT)),
        "  the same, two threads": (2, AGGREGATE.format(source=TYPED)),
        "DuckDB only copies them, two threads": (2, COPY.format(OF_DAY, scratch)),
    }
    took: dict[str, list[float]] = {name: [] for name in bare}
    closing: list[float] = []
    processor: list[float] = []
    for _ in range(ROUNDS):
        for name, (threads, question) in bare.items():
            took[name].append(duckdb_alone(installation, threads, question))
        open_again(installation)
        before = processor_s()
        closing.append(timed(lambda: run(installation, "rebuild", "archive"))[0])
        processor.append(processor_s() - before)
    Path(scratch).unlink()
    best = min(closing)
    line("rebuild + archive", best, f"{min(processor):.2f} s of processor time")
    for name, seconds in took.items():
        line(name, min(seconds), f"rebuild + archive takes {best / min(seconds):.2f}x (target 2x)")
    files = installation.settings.lake_dir / "internal" / "events"
    size = sum(path.stat().st_size for path in files.rglob("*.parquet"))
    print(f"{'archive (target 40)':<40} {size / events:6.1f} bytes per event")
    for name in ("verify", "seal", "backup"):
        line(name, timed(lambda name=name: run(installation, name))[0])  # type: ignore[misc]
    local = [step.name for step in STEPS if step.name not in ("rates", "prices")]
    again, result = timed(lambda: run(installation, *local))
    line("a sealed day again (target 1 s)", again, "ok" if result.ok else str(result.failures))
    peak = max(resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    print(f"{'peak memory of one process (target 1024)':<40} {peak / 1024:6.0f} MB")


def line(name: str, seconds: float, more: str = "") -> None:
    print(f"{name:<40} {seconds:6.2f} s   {more}".rstrip())


def run(installation: Installation, *names: str) -> Result:
    steps: list[Step] = [step for step in STEPS if step.name in names]
    result = run_batch(installation, [DAY], steps=steps)
    if not result.ok:
        print(json.dumps(result.failures), file=sys.stderr)
    return result


def timed(work: Callable[[], Any]) -> tuple[float, Any]:
    start = time.perf_counter()
    result = work()
    return time.perf_counter() - start, result


def processor_s() -> float:
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)


def duckdb_alone(installation: Installation, threads: int, question: str) -> float:
    """In a process of its own: DuckDB and our SQLite never open one file in one process."""
    command = [sys.executable, "-c", DUCKDB, str(threads), str(installation.settings.usage_summary_db), question]
    return float(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def open_again(installation: Installation) -> None:
    """As if the day had never been closed."""
    with installation.store.write() as db:
        for table in ("closings", "archives", "sealed_days", "sealed_files"):
            db.execute(f"DELETE FROM {table}")
    shutil.rmtree(installation.settings.lake_dir, ignore_errors=True)


def opened(folder: Path) -> Installation:
    return open_installation(
        load_settings({"MAI_DATA_DIR": str(folder), "MAI_CLOCK": CLOCK, "MAI_SECRET_KEY": "benchmark"}, folder / ".env")
    )


def filled(installation: Installation) -> bool:
    with installation.store.read() as db:
        return bool(db.execute("SELECT 1 FROM usage_events LIMIT 1").fetchone())


def fill(installation: Installation, events: int) -> None:
    """Straight into the ledger, in the order in which a day's events of all clients arrive."""
    ids = [f"mai_client_{number:08x}" for number in range(CLIENTS)]
    with installation.store.write() as db:
        for client in ids:
            clients.create(db, 0, client_org_id=client, name=client, markup_rate="1.3")
            db.execute(
                "INSERT INTO day_rates VALUES (?, ?, '3.6543', '224/A/NBP/2026', ?, 'daily', 0)",
                (client, str(DAY), str(DAY)),
            )
        put_back_events(db, ids[0], DAY.isoformat(), made_events(ids, events))
        db.execute(
            "INSERT INTO processed_generations SELECT generation_id, client_org_id, usage_date, received_at_ms / 1000,"
            " '0.1', input_tokens + output_tokens FROM usage_events"
        )
        for client in ids:
            for number in range(PEOPLE // CLIENTS):
                people.ensure_mapping(db, 0, client, f"{client}_user_{number:08x}")


def made_events(ids: list[str], events: int) -> Iterator[list[Any]]:
    random = Random(20)
    letters = string.ascii_letters + string.digits
    start_ms, end_ms = day_bounds_ms(DAY, "Europe/Warsaw")
    constant = {
        "usage_date": DAY.isoformat(), "cost_basis": "reported", "markup": "1.3", "markup_from": "client", "flags": "",
        "source": "openrouter", "field_ranks": "77777777...7...7..77..7", "streamed": 1, "finish_reason": "stop",
        "api_key_name": "Open WebUI", "is_byok": 0, "cancelled": 0,
    }  # fmt: skip
    zeros = dict.fromkeys(
        ("cache_write_tokens", "cache_write_1h_tokens", "audio_tokens", "output_images", "searches", "held"), 0
    )
    models = [(f"vendor{n % 5}/model-{n}", f"Provider {n % 7}", n) for n in range(14)]
    for number in range(events):
        client = ids[number % CLIENTS]
        at_ms = (start_ms + (end_ms - start_ms) * number // events) // 1000 * 1000
        model, provider, price_id = models[min(13, int(random.expovariate(0.35)))]
        tokens, out = int(random.lognormvariate(7, 1.2)), int(random.lognormvariate(5.5, 1))
        cost = (tokens * 740_000 + out * 3_500_000) * random.choice((1, 3, 7))
        received = at_ms + random.randrange(1000, 9000)
        told = constant | zeros | {
            "client_org_id": client,
            "generation_id": f"gen-{at_ms // 1000}-{''.join(random.choices(letters, k=20))}",
            "at_ms": at_ms,
            "started_at_ms": at_ms + random.randrange(1000),
            "external_user": f"{client}_user_{random.randrange(PEOPLE // CLIENTS):08x}",
            "model": model,
            "provider": provider,
            "input_tokens": tokens,
            "output_tokens": out,
            "cached_tokens": random.randrange(tokens + 1) if random.random() < 0.4 else 0,
            "reasoning_tokens": random.randrange(out + 1) if random.random() < 0.3 else 0,
            "reported_pusd": cost,
            "priced_pusd": cost,
            "raw_pusd": cost,
            "charged_pusd": multiply(cost, MARKUP),
            "price_id": price_id,
            "received_at_ms": received,
            "updated_at_ms": received,
        }  # fmt: skip
        yield [told.get(name) for name in EVENT_COLUMNS]


if __name__ == "__main__":
    sys.exit(main())
