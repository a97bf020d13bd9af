"""Reads one big day out of the ledger with DuckDB: what its events add up to, and their archive files, in one pass.

A process of its own (`python -m mai_core.reports.day_worker`, a job as JSON on stdin), because DuckDB and our SQLite
never have the same file open in one process. Two readers share the rows by number; each is a snapshot of its own,
which is sound here only because the caller throws everything away if any event of the day changes meanwhile.
"""

from __future__ import annotations

import json
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import duckdb
import duckdb_extensions
import pyarrow as pa
import pyarrow.compute as pc

from mai_core.archive_file import COLUMNS, SCHEMA, TEXT_COLUMNS, write_file

READERS = 2
MEMORY = "400MB"
BATCH = 50_000
ORDER = ["at_ms", "generation_id"]

_SLIM = pa.schema(
    [
        pa.field(one.name, pa.dictionary(pa.int32(), pa.string()))
        if one.name in TEXT_COLUMNS - {"client_org_id", "generation_id"}
        else one
        for one in SCHEMA
    ]
)
"""A day in memory: texts that repeat are kept once per batch, which makes it a third."""

FACTS = """
    SELECT client_org_id, external_user, model, provider, count(*), sum(input_tokens), sum(output_tokens),
           sum(cached_tokens), sum(cache_write_tokens), sum(reasoning_tokens), sum(raw_pusd), sum(charged_pusd),
           count(*) FILTER (cost_basis = 'unpriced'), count(*) FILTER (is_byok = 1), max(at_ms)
    FROM day WHERE held = 0 GROUP BY ALL
"""
TOTALS = "SELECT client_org_id, count(*), sum(raw_pusd), sum(charged_pusd) FROM day GROUP BY ALL"


def work(job: dict[str, Any]) -> dict[str, Any]:
    """`files` maps a client to where its archive is to be written; answers by client."""
    con = duckdb.connect(config={"threads": READERS, "memory_limit": MEMORY})
    con.execute("SET preserve_insertion_order = false; SET enable_progress_bar = false")
    con.execute(f"SET temp_directory = {_quoted(job['scratch'])}")
    duckdb_extensions.import_extension("sqlite_scanner", con=con)
    con.execute(f"ATTACH {_quoted(job['ledger'])} AS l (TYPE sqlite, READ_ONLY)")
    day = _read(con, job)
    con.register("day", day)
    clients = set(job["files"])
    answer: dict[str, Any] = {
        client: {"facts": [], "rows": rows, "sum_raw": str(raw), "sum_charged": str(charged)}
        for client, rows, raw, charged in con.execute(TOTALS).fetchall()
        if client in clients
    }
    for client, *facts in sorted(con.execute(FACTS).fetchall()):
        if client in clients:
            answer[client]["facts"].append(facts)
    with ThreadPoolExecutor(READERS) as pool:
        for client, digest in pool.map(lambda client: _write(day, client, Path(job["files"][client])), answer):
            answer[client]["sha256"] = digest
    return answer


def _read(con: duckdb.DuckDBPyConnection, job: dict[str, Any]) -> pa.Table:
    first, last = job["rows"]
    step = (last - first) // READERS + 1
    chosen = ", ".join(name if name in TEXT_COLUMNS else f"{name}::BIGINT AS {name}" for name in COLUMNS)

    def part(number: int) -> pa.Table:
        start = first + number * step
        question = (
            f"SELECT {', '.join(COLUMNS)} FROM usage_events WHERE seq BETWEEN {start} AND {start + step - 1}"
            f" AND usage_date = {_quoted(job['day'])}"
        )
        cursor = con.cursor()
        cursor.execute(f"SELECT {chosen} FROM sqlite_query('l', {_quoted(question)})")
        return pa.Table.from_batches([batch.cast(_SLIM) for batch in cursor.to_arrow_reader(BATCH)], _SLIM)

    with ThreadPoolExecutor(READERS) as pool:
        return pa.concat_tables(pool.map(part, range(READERS)))


def _write(day: pa.Table, client: str, path: Path) -> tuple[str, str]:
    """Sorted here: DuckDB sorts rows of forty columns four times slower than Arrow sorts two and gathers the rest."""
    mine = day.filter(pc.equal(day["client_org_id"], client)).unify_dictionaries().combine_chunks()
    order = pc.sort_indices(mine.select(ORDER), [(name, "ascending") for name in ORDER])
    return client, write_file(path, mine.take(order).cast(SCHEMA))


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


if __name__ == "__main__":
    if "apsw" in sys.modules:
        raise SystemExit("apsw is loaded: this process must not open the ledger with DuckDB")
    json.dump(work(json.load(sys.stdin)), sys.stdout)
