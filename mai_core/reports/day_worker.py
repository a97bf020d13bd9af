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

from mai_core.archive_file import COLUMNS, SCHEMA, TEXT_COLUMNS, write_file

READERS = 2
MEMORY = "700MB"

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
    con.execute("SET preserve_insertion_order = false")
    con.execute(f"SET temp_directory = {_quoted(job['scratch'])}")
    duckdb_extensions.import_extension("sqlite_scanner", con=con)
    con.execute(f"ATTACH {_quoted(job['ledger'])} AS l (TYPE sqlite, READ_ONLY)")
    _read(con, job)
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
        for client, digest in pool.map(lambda client: _write(con, client, Path(job["files"][client])), answer):
            answer[client]["sha256"] = digest
    return answer


def _read(con: duckdb.DuckDBPyConnection, job: dict[str, Any]) -> None:
    first, last = job["rows"]
    step = (last - first) // READERS + 1
    chosen = ", ".join(name if name in TEXT_COLUMNS else f"{name}::BIGINT AS {name}" for name in COLUMNS)

    def part(number: int) -> None:
        start = first + number * step
        question = (
            f"SELECT {', '.join(COLUMNS)} FROM usage_events WHERE seq BETWEEN {start} AND {start + step - 1}"
            f" AND usage_date = {_quoted(job['day'])}"
        )
        con.cursor().execute(
            f"CREATE TABLE part_{number} AS SELECT {chosen} FROM sqlite_query('l', {_quoted(question)})"
        )

    with ThreadPoolExecutor(READERS) as pool:
        list(pool.map(part, range(READERS)))
    con.execute("CREATE VIEW day AS " + " UNION ALL ".join(f"SELECT * FROM part_{n}" for n in range(READERS)))


def _write(con: duckdb.DuckDBPyConnection, client: str, path: Path) -> tuple[str, str]:
    cursor = con.cursor()
    cursor.execute("SELECT * FROM day WHERE client_org_id = ? ORDER BY at_ms, generation_id", [client])
    return client, write_file(path, cursor.fetch_arrow_table().cast(SCHEMA))


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


if __name__ == "__main__":
    if "apsw" in sys.modules:
        raise SystemExit("apsw is loaded: this process must not open the ledger with DuckDB")
    json.dump(work(json.load(sys.stdin)), sys.stdout)
