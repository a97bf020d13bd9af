"""Reads one big day out of the ledger with DuckDB: what its events add up to, and their archive files, in one pass; or
whether archive files hold just that.

A process of its own (`python -m mai_core.reports.day_worker`, a job as JSON on stdin), because DuckDB and our SQLite
never have the same file open in one process. Each view (`sweep_1` and up) is one statement, so one snapshot of its own,
which is sound here only because the caller throws everything away if any event of the day changes meanwhile.
"""

from __future__ import annotations

import json
import sys
from collections import defaultdict
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import duckdb
import duckdb_extensions
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from mai_core.archive_file import COLUMNS, SCHEMA, TEXT_COLUMNS, ArchiveBroken, read_file, write_file
from mai_core.whole_file import digest_of

MEMORY = "400MB"
BATCH = 50_000
ORDER = [("at_ms", "ascending"), ("generation_id", "ascending")]

REPEATING = TEXT_COLUMNS - {"generation_id"}
_SLIM = pa.schema(
    [pa.field(one.name, pa.dictionary(pa.int32(), pa.string())) if one.name in REPEATING else one for one in SCHEMA]
)
"""A day in memory: texts that repeat are kept once per batch, which makes it a third."""

FACTS = """
    SELECT client_org_id, external_user, model, provider, count(*), sum(input_tokens), sum(output_tokens),
           sum(cached_tokens), sum(cache_write_tokens), sum(reasoning_tokens), sum(raw_pusd), sum(charged_pusd),
           count(*) FILTER (cost_basis = 'unpriced'), count(*) FILTER (is_byok = 1), max(at_ms)
    FROM day WHERE held = 0 GROUP BY ALL
"""
TOTALS = "SELECT client_org_id, count(*), sum(raw_pusd), sum(charged_pusd) FROM day GROUP BY ALL"

Parts = dict[str, list[pa.Table]]
"""The rows of each client, in no order."""


def work(job: dict[str, Any]) -> dict[str, Any]:
    """`files` maps a client to its archive file, to be written or to be compared; answers by client."""
    pa.set_memory_pool(pa.system_memory_pool())  # Arrow's own returns and takes pages so often that it costs a second
    con = duckdb.connect(config={"threads": job["sweeps"], "memory_limit": MEMORY})
    con.execute("SET preserve_insertion_order = false; SET enable_progress_bar = false")
    con.execute(f"SET temp_directory = {_quoted(job['scratch'])}")
    duckdb_extensions.import_extension("sqlite_scanner", con=con)
    files = {client: Path(file) for client, file in job["files"].items()}
    parts = _read(con, job["ledger"], job["sweeps"], set(files))
    answer = _added_up(con, parts) if job["task"] == "write" else {client: {} for client in parts}
    one = _write if job["task"] == "write" else _compare
    with ThreadPoolExecutor(job["sweeps"]) as pool:
        told = pool.map(lambda client: one(_in_order(parts.pop(client)), files[client]), answer)
        for client, more in zip(answer, told, strict=True):
            answer[client] |= more
    return answer


def _added_up(con: duckdb.DuckDBPyConnection, parts: Parts) -> dict[str, Any]:
    con.register("day", pa.concat_tables([part for of_client in parts.values() for part in of_client]))
    answer: dict[str, Any] = {
        client: {"facts": [], "rows": rows, "sum_raw": str(raw), "sum_charged": str(charged)}
        for client, rows, raw, charged in con.execute(TOTALS).fetchall()
    }
    for client, *facts in sorted(con.execute(FACTS).fetchall()):
        answer[client]["facts"].append(facts)
    con.unregister("day")
    return answer


def _read(con: duckdb.DuckDBPyConnection, ledger: str, sweeps: int, clients: set[str]) -> Parts:
    def sweep(number: int) -> list[tuple[str, pa.Table]]:
        cursor = con.cursor()
        source = f"sqlite_scan({_quoted(ledger)}, 'sweep_{number}')"
        cursor.execute(f"SELECT {', '.join(COLUMNS)} FROM {source}")
        return [part for batch in cursor.to_arrow_reader(BATCH) for part in _by_client(batch) if part[0] in clients]

    parts: Parts = defaultdict(list)
    with ThreadPoolExecutor(sweeps) as pool:
        for found in pool.map(sweep, range(1, sweeps + 1)):
            for client, part in found:
                parts[client].append(part)
    return parts


def _by_client(batch: pa.RecordBatch) -> Iterator[tuple[str, pa.Table]]:
    """The batch cut up by client. `take` copies, so that DuckDB gets its own, fatter memory back."""
    slim = batch.cast(_SLIM)
    client = slim.column("client_org_id")
    code = client.indices.to_numpy()
    order = np.argsort(code, kind="stable")
    ends = np.cumsum(np.bincount(code, minlength=len(client.dictionary)))
    sorted_by_client = pa.Table.from_batches([slim.take(pa.array(order))])
    start = 0
    for name, end in zip(client.dictionary.to_pylist(), ends.tolist(), strict=True):
        yield name, sorted_by_client.slice(start, end - start)
        start = end


def _in_order(parts: list[pa.Table]) -> pa.Table:
    """Sorted here: DuckDB sorts rows of forty columns four times slower than Arrow sorts two and gathers the rest."""
    mine = pa.concat_tables(parts).unify_dictionaries().combine_chunks()
    return mine.take(pc.sort_indices(mine.select([name for name, _ in ORDER]), ORDER)).cast(SCHEMA)


def _write(mine: pa.Table, path: Path) -> dict[str, Any]:
    return {"sha256": write_file(path, mine)}


def _compare(mine: pa.Table, path: Path) -> dict[str, Any]:
    try:
        return {"sha256": digest_of(path), "equal": read_file(path).equals(mine)}
    except (ArchiveBroken, OSError):
        return {"sha256": "", "equal": False}


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


if __name__ == "__main__":
    if "apsw" in sys.modules:
        raise SystemExit("apsw is loaded: this process must not open the ledger with DuckDB")
    sys.stdout.write(json.dumps(work(json.load(sys.stdin))))
