"""What a query in its cell costs, and what the worst ones cost the host.

python -m benchmarks.sandbox [--at-once 50]
"""

from __future__ import annotations

import argparse
import resource
import statistics
import tempfile
import threading
import time
from collections import Counter
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from mai_core.sandbox.relations import RelationFile
from mai_core.sandbox.runner import Answer, Busy, Limits, Sandbox

HEAVY = (
    "SELECT repeat('x', 3000000000)",
    "SELECT len(range(500000000))",
    "SELECT count(*) FROM range(10000000000) a, range(1000) b",
    "WITH RECURSIVE t AS (SELECT 1 x UNION ALL SELECT x + 1 FROM t) SELECT count(*) FROM t",
    "SELECT list(x) FROM range(200000000) t(x)",
    "SELECT count(DISTINCT x) FROM range(300000000) t(x)",
    "SELECT x FROM range(400000000) t(x) ORDER BY hash(x)",
    "SELECT pg_sleep(100)",
    "SELECT list_transform(range(10000000), x -> repeat('y', 1000))",
    "SELECT json_extract('" + "[" * 90000 + "', '$')",
    "SELECT lpad('x', 2000000000, 'y')",
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--at-once", type=int, default=50)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        measure(_tenant(Path(folder)), args.at_once)


def _tenant(folder: Path) -> list[RelationFile]:
    file = folder / "usage.parquet"
    days = [f"2026-{1 + n % 12:02d}-{1 + n % 28:02d}" for n in range(100_000)]
    pq.write_table(pa.table({"day": days, "requests": list(range(100_000))}), file)
    return [RelationFile("usage", str(file), "100,000 rows", {})]


def measure(tenant: list[RelationFile], at_once: int) -> None:
    limits = Limits()
    sandbox = Sandbox(limits)
    before_kb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    light = [_seconds(sandbox, tenant, "SELECT day, sum(requests) FROM usage GROUP BY day")[0] for _ in range(11)]
    start = statistics.median(light)
    print(f"a query over 100,000 rows, process and all: {1000 * start:.0f} ms median")
    worst = 0.0
    for query in HEAVY:
        seconds, verdict = _seconds(sandbox, tenant, query)
        worst = max(worst, seconds)
        print(f"  {seconds:5.2f} s  {verdict:10}  {query[:60]}")
    print(f"worst: {worst:.2f} s; the limit is {limits.seconds:g} s from when the process is ready ({start:.2f} s)")
    print(f"{at_once} at once: {dict(_flood(sandbox, tenant, at_once))}")
    grown_mb = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before_kb) / 1024
    print(f"the host's memory grew by {grown_mb:.0f} MB")


def _seconds(sandbox: Sandbox, tenant: list[RelationFile], query: str) -> tuple[float, str]:
    begun = time.perf_counter()
    told = sandbox.run(tenant, query)
    return time.perf_counter() - begun, "answered" if isinstance(told, Answer) else told.problem


def _flood(sandbox: Sandbox, tenant: list[RelationFile], at_once: int) -> Counter[str]:
    verdicts: Counter[str] = Counter()
    lock = threading.Lock()

    def ask(number: int) -> None:
        try:
            verdict = _seconds(sandbox, tenant, HEAVY[number % len(HEAVY)])[1]
        except Busy:
            verdict = "told to wait"
        with lock:
            verdicts[verdict] += 1

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(at_once)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return verdicts


if __name__ == "__main__":
    main()
