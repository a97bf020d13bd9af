"""Makes a ledger of a given size, with people, rates and sealed days: python -m benchmarks.reports_data --help

Generations come first, out of a hash of their place, so that every run makes the same ones; a daily row is the sum of
its generations. Those of the open days stand in the ledger, those of sealed days in their archive and in the lake, as
the daily batch leaves them after sixty days.
"""

from __future__ import annotations

import argparse
import json
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa

LAST_DAY = date(2026, 10, 31)
PEOPLE, MODELS = 40, 30
OPEN_DAYS = 2

_MEASURES = ("input_tokens", "output_tokens", "cached_tokens", "cache_write_tokens", "reasoning_tokens", "raw_pusd")
_DAILY = [
    *("client_org_id", "usage_date", "external_user", "model", "provider", "requests", *_MEASURES),
    *("charged_pusd", "unpriced_requests", "byok_requests", "last_at_ms"),
]

_EVENTS = """
CREATE OR REPLACE TABLE events AS
WITH places AS (
    SELECT $first::DATE + d::INTEGER AS day, p AS place, hash($client, d, p) AS h
    FROM range($days) AS t (d), range($people * $models) AS u (p)
    WHERE hash($client, d, p, 'is used') % ($people * $models) < $per_day
),

counted AS (
    SELECT *, unnest(range((1 + h % (2 * $each - 1))::BIGINT)) AS number FROM places
),

drawn AS (
    SELECT *, place // $models AS who, place % $models AS what, hash(h, number) AS g,
        200 + hash(h, number, 'in') % 8801 AS tokens_in, 50 + hash(h, number, 'out') % 1451 AS tokens_out
    FROM counted
),

timed AS (
    SELECT *, epoch_ms(day) + (4 + (g % 30 + g // 30 % 30) // 4) * 3600000 + (g // 1000 % 3600000)::BIGINT AS at_ms
    FROM drawn
)

SELECT
    day,
    strftime(day, '%Y-%m-%d') AS usage_date,
    'gen-' || at_ms // 1000 || '-' || substr(md5(g::VARCHAR || h::VARCHAR), 1, 25) AS generation_id,
    at_ms,
    format('{}_user_{:08x}', $name, who) AS person,
    format('maker-{}/model-{:02d}', what % 7, what) AS model,
    format('Provider {}', what % 5) AS provider,
    tokens_in::BIGINT AS input_tokens,
    tokens_out::BIGINT AS output_tokens,
    (tokens_in // 4)::BIGINT AS cached_tokens,
    0::BIGINT AS cache_write_tokens,
    (tokens_out // 8)::BIGINT AS reasoning_tokens,
    ((tokens_in * 2500000 + tokens_out * 10000000) // (1 + what))::BIGINT AS raw_pusd,
    (raw_pusd * 13 + 5) // 10 AS charged_pusd
FROM timed
ORDER BY day, at_ms, generation_id
"""

_DAYS = f"""
CREATE OR REPLACE TABLE facts AS
SELECT day, usage_date, person, model, provider, count(*)::BIGINT AS requests,
    {", ".join(f"sum({name})::BIGINT AS {name}" for name in (*_MEASURES, "charged_pusd"))}, max(at_ms) AS last_at_ms
FROM events GROUP BY ALL
ORDER BY day, person, model, provider
"""

_NEW_DAYS = """
SELECT 'event' AS facet, $name AS client_org_id, f.day, f.person, '' AS user_id, f.model, f.provider, f.requests,
    f.input_tokens, f.output_tokens, f.cached_tokens, f.cache_write_tokens, f.reasoning_tokens,
    f.input_tokens + f.output_tokens AS total_tokens, 0::BIGINT AS unpriced_requests, 0::BIGINT AS byok_requests,
    f.last_at_ms, f.charged_pusd, in_pln(f.charged_pusd, r.rate_units)::BIGINT AS charged_ppln, r.rate_table,
    false AS provisional, r.rate, f.raw_pusd
FROM facts AS f JOIN day_rates AS r ON r.day = f.day
WHERE f.day BETWEEN $first AND $last
"""
_NEW_GENERATIONS = """
SELECT $name AS client_org_id, day, generation_id, at_ms, person, model, provider, input_tokens, output_tokens,
    cached_tokens, reasoning_tokens, charged_pusd, NULL::BIGINT AS sale_price_id
FROM events WHERE day BETWEEN $first AND $last
"""

_FIXED = {
    "cost_basis": "'reported'",
    "markup": "'1.3'",
    "markup_from": "'client'",
    "source": "'bench'",
    "field_ranks": "'{}'",
    "external_user": "person",
    "reported_pusd": "raw_pusd",
    "received_at_ms": "at_ms",
    "updated_at_ms": "at_ms",
    **dict.fromkeys(("cache_write_1h_tokens", "audio_tokens", "output_images", "searches", "cancelled"), "0"),
    **dict.fromkeys(("held", "is_byok"), "0"),
    "flags": "''",
}
"""What every generation has in common."""


def client_name(number: int) -> str:
    return f"mai_client_{number:08x}"


def person(number: int, of: int) -> str:
    return f"{client_name(number)}_user_{of:08x}"


def make(folder: Path, rows: int, clients: int, months: int, generations: int) -> None:
    from mai_core.installation import open_installation
    from mai_core.reports import upkeep
    from mai_core.reports.engine import open_reader
    from mai_core.settings import load_settings

    installation = open_installation(load_settings({"MAI_DATA_DIR": str(folder)}, folder / ".env"))
    started = time.perf_counter()
    first = LAST_DAY - timedelta(days=months * 30)
    days = [first + timedelta(days=n) for n in range((LAST_DAY - first).days + 1)]
    per_day = max(rows // (clients * len(days)), 1)
    made = [0, 0]
    for client in range(clients):
        with open_reader() as reader:
            told = {"client": client, "name": client_name(client), "people": PEOPLE, "models": MODELS}
            told |= {"first": first, "days": len(days), "per_day": per_day, "each": max(generations // rows, 1)}
            reader.execute(_EVENTS, told)
            reader.execute(_DAYS)
            _ledger(installation, reader, client, days)
            _archive(installation, reader, client, days[:-OPEN_DAYS])
            _lake(installation, reader, client, days[:-OPEN_DAYS])
            for place, table in enumerate(("facts", "events")):
                made[place] += reader.execute(f"SELECT count(*) FROM {table}").fetchall()[0][0]
        print(f"client {client + 1} of {clients} after {time.perf_counter() - started:.0f} s", flush=True)
    upkeep.publish(installation)
    print(f"{made[0]} daily rows of {made[1]} generations in {time.perf_counter() - started:.0f} s", flush=True)
    installation.close()
    (folder / "ready").touch()


def _ledger(installation: Any, reader: Any, client: int, days: list[date]) -> None:
    """People, rates, every daily row, and the generations of the open days."""
    from mai_core.archive_file import COLUMNS
    from mai_core.store import clients as registry

    name = client_name(client)
    insert = f"INSERT INTO usage_daily ({', '.join(_DAILY)}) VALUES ({', '.join('?' * len(_DAILY))})"
    facts = (
        f"SELECT '{name}', usage_date, person, model, provider, requests, {', '.join(_MEASURES)}, charged_pusd, 0, 0,"
        " last_at_ms FROM facts"
    )
    event = f"INSERT INTO usage_events ({', '.join(COLUMNS)}) VALUES ({', '.join('?' * len(COLUMNS))})"
    with installation.store.write() as db:
        registry.create(db, 0, client_org_id=name, name=f"Client {client}", markup_rate="1.3")
        for who in range(PEOPLE):
            one = person(client, who)
            db.execute("INSERT INTO user_client_mapping VALUES (?, ?, ?, ?, 1, 0, 0)",
                       (f"{one}_m", f"u-{one}", name, one))  # fmt: skip
            db.execute("INSERT INTO people VALUES (?, ?, ?, NULL, ?, 'bench', 0, 0, NULL)",
                       (name, f"u-{one}", f"Person {who}", f"Department {who % 6}"))  # fmt: skip
        rates = [(day, f"3.{6000 + place % 400}", f"{place}/A/NBP") for place, day in enumerate(days)]
        for day, rate, table in rates:
            db.execute("INSERT INTO day_rates VALUES (?, ?, ?, ?, ?, 'daily', 0)",
                       (name, day.isoformat(), rate, table, day.isoformat()))  # fmt: skip
        cursor = reader.cursor().execute(facts)
        while batch := cursor.fetchmany(10_000):
            db.executemany(insert, batch)
        for batch in _as_events(reader, name, days[-OPEN_DAYS], days[-1]).to_batches():
            db.executemany(event, zip(*(column.to_pylist() for column in batch.columns), strict=True))
    reader.register("rates", pa.table(list(zip(*rates, strict=True)), names=["day", "rate", "rate_table"]))
    reader.execute("CREATE TABLE day_rates AS SELECT *, rate_units(rate) AS rate_units FROM rates")


def _as_events(reader: Any, client: str, first: date, last: date) -> pa.Table:
    """In the columns of `usage_events`."""
    from mai_core.archive_file import SCHEMA

    known = {row[0] for row in reader.execute("DESCRIBE events").fetchall()}
    told = {**_FIXED, "client_org_id": f"'{client}'"}
    chosen = ", ".join(f"{told.get(name) or (name if name in known else 'NULL')} AS {name}" for name in SCHEMA.names)
    found = reader.execute(f"SELECT {chosen} FROM events WHERE day BETWEEN ? AND ?", [first, last]).to_arrow_table()
    return found.cast(SCHEMA)


def _archive(installation: Any, reader: Any, client: int, days: list[date]) -> None:
    """One file per day, with its line in the ledger."""
    from mai_core.archive import events_path
    from mai_core.archive_file import write_file
    from mai_core.store import archives

    name = client_name(client)
    sums = reader.execute("SELECT day, count(*), sum(raw_pusd), sum(charged_pusd) FROM events GROUP BY day").fetchall()
    told = {day: (count, str(raw), str(charged)) for day, count, raw, charged in sums}
    lines = []
    with ThreadPoolExecutor(8) as pool:  # mostly waiting for the disk
        for first, last in _months(days):
            events, start, writing = _as_events(reader, name, first, last), 0, []
            for day in (first + timedelta(days=n) for n in range((last - first).days + 1)):
                count = told[day][0]
                file = f"{name}/{day}.v1.parquet"
                path = events_path(installation, file)
                writing.append((day, file, pool.submit(write_file, path, events.slice(start, count))))
                start += count
            lines += [(day, file, digest.result()) for day, file, digest in writing]
    with installation.store.write() as db:
        for day, file, digest in lines:
            count, raw, charged = told[day]
            row = {"client_org_id": name, "usage_date": day.isoformat(), "file": file, "rows": count, "version": 1}
            row |= {"sum_raw": raw, "sum_charged": charged, "sha256": digest, "written_at_ms": 0}
            archives.put(db, row)
        db.execute("UPDATE archives SET verified_at_ms = 0, events_removed_at_ms = 0 WHERE client_org_id = ?", (name,))


def _lake(installation: Any, reader: Any, client: int, days: list[date]) -> None:
    """A file for each closed year and each month of the last one, written by the code that seals."""
    from mai_core.reports.lake import Lake, client_folder
    from mai_core.reports.relation import by_quarter
    from mai_core.reports.writing import write_period
    from mai_core.store import sealing

    name = client_name(client)
    periods: dict[str, list[date]] = {}
    for day in days:
        periods.setdefault(str(day.year) if day.year < LAST_DAY.year else f"{day:%Y-%m}", []).append(day)
    for period, of_period in periods.items():
        cursor = reader.cursor()
        bound = {"name": name, "first": of_period[0], "last": of_period[-1]}
        cursor.execute(f"CREATE TEMP TABLE new_days AS {_NEW_DAYS}", bound)
        cursor.execute(f"CREATE TEMP TABLE new_generations AS {_NEW_GENERATIONS}", bound)
        cursor.execute(f"CREATE TEMP TABLE new_hours AS {by_quarter('new_generations')}")
        sums = cursor.execute(
            "SELECT day, count(*), sum(raw_pusd), sum(charged_pusd) FROM new_days GROUP BY day"
        ).fetchall()
        lake = Lake.of(installation.settings)
        file, digests = write_period(cursor, lake, client_folder(name), f"{period}.v1")
        cursor.close()
        common = {"client_org_id": name, "file": file, "version": 1}
        with installation.store.write() as db:
            whole = {"period": period, "days": len(of_period), "rows": sum(row[1] for row in sums)}
            sealing.put_file(db, {**common, **whole, "sha256": json.dumps(digests, sort_keys=True), "written_at_ms": 0})
            for day, count, raw, charged in sums:
                one = {"usage_date": day.isoformat(), "rows": count, "sum_raw": str(raw), "sum_charged": str(charged)}
                sealing.put_day(db, {**common, **one, "sealed_at_ms": 0})


def _months(days: list[date]) -> list[tuple[date, date]]:
    months: dict[str, list[date]] = {}
    for day in days:
        months.setdefault(f"{day:%Y-%m}", []).append(day)
    return [(of_month[0], of_month[-1]) for of_month in months.values()]


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--folder", type=Path, required=True)
    sizes = (("rows", 5_000_000), ("clients", 20), ("months", 24), ("generations", 20_000_000))
    for word, size in sizes:
        parser.add_argument(f"--{word}", type=int, default=size)
    given = parser.parse_args()
    given.folder.mkdir(parents=True, exist_ok=True)
    make(given.folder, given.rows, given.clients, given.months, given.generations)
