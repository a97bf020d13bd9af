"""What record_usage costs beyond its own SQL, as a ratio to the same statements issued bare through apsw.

python -m benchmarks.record_usage [--calls 2000]

Three ledgers on the same disk: on the first every call's statements are noted, then calls on the second and the noted
statements on the third take turns. Both commit with synchronous=FULL.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import apsw

from mai_core import organization_usage
from mai_core.installation import Installation, open_installation
from mai_core.organization_usage import ClientOrganizationForm, ClientUsageDB
from mai_core.settings import load_settings
from mai_core.store import Store

Statement = tuple[str, Any]
PRAGMAS = "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON"


def opened(folder: Path) -> Installation:
    """A fresh installation with one client, used by the contract from now on."""
    settings = load_settings({"MAI_DATA_DIR": str(folder), "MAI_SECRET_KEY": "benchmark"}, folder / ".env")
    installation = open_installation(settings)
    organization_usage.use_installation(installation)
    organization_usage.ClientOrganizationDB.create_client(ClientOrganizationForm(name="Benchmark"), "sk-benchmark")
    return installation


def record(client: str, number: int) -> None:
    done = ClientUsageDB.record_usage(
        client,
        f"user-{number % 50}",
        f"ext-{number % 50}",
        f"model/{number % 9}",
        date.today() - timedelta(days=number % 20),  # noqa: DTZ011
        1200,
        300,
        0.00106674,
        0.00138676,
        "OpenAI",
        {"generation_id": f"generation-{number}"},
    )
    assert done


def noted(folder: Path, calls: int) -> list[list[Statement]]:
    """The statements of every call, as SQLite got them."""
    installation = opened(folder)
    client = organization_usage.ClientOrganizationDB.get_all_active_clients()[0].id
    writer = _writer(installation.store)
    statements: list[list[Statement]] = []

    def note(_cursor: Any, sql: str, bindings: Any) -> bool:
        statements[-1].append((sql, bindings))
        return True

    writer.exec_trace = note
    for number in range(calls):
        statements.append([])
        record(client, number)
    writer.exec_trace = None
    installation.close()
    return statements


def _writer(store: Store) -> apsw.Connection:
    return store._writer


def timed(work: Callable[[], None]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def replay(db: apsw.Connection, statements: list[Statement]) -> None:
    for sql, bindings in statements:
        db.execute(sql, bindings).fetchall()


def percentile(values: list[float], share: float) -> float:
    return sorted(values)[min(len(values) - 1, int(len(values) * share))] * 1000


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--calls", type=int, default=2000)
    calls = parser.parse_args().calls
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        statements = noted(folder / "noted", calls)
        opened(folder / "bare").close()
        installation = opened(folder / "contract")
        client = organization_usage.ClientOrganizationDB.get_all_active_clients()[0].id
        bare = apsw.Connection(str(folder / "bare" / "usage_summary.db"))
        bare.execute(PRAGMAS)
        through_contract, through_apsw = [], []
        for number in range(calls):
            through_contract.append(timed(lambda number=number: record(client, number)))  # type: ignore[misc]
            through_apsw.append(timed(lambda number=number: replay(bare, statements[number])))  # type: ignore[misc]
        installation.close()
        bare.close()
    print(f"{calls} calls, {len(statements[-1])} statements each, synchronous=FULL")
    for share, title in ((0.5, "p50"), (0.99, "p99")):
        ours, theirs = percentile(through_contract, share), percentile(through_apsw, share)
        print(f"{title}: record_usage {ours:.3f} ms, bare apsw {theirs:.3f} ms, ratio {ours / theirs:.2f}")


if __name__ == "__main__":
    main()
