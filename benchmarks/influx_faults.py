"""Webhooks while InfluxDB misbehaves: every answer stays 200, memory stays small, and afterwards both sides are equal.

python -m benchmarks.influx_faults [--seconds 5]   seconds of load per kind of fault
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import json
import tempfile
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from benchmarks import load
from benchmarks.servers import SECRET, family_memory_mb, free_port, start, wait_for
from benchmarks.webhook_throughput import span
from mai_core.settings import load_settings
from mai_core.store import Store, outbox, rows

FAULTS = ("down", "slow", "refusing", "busy", "half-written", "healthy")
REQUESTS_PER_SECOND = 300
DRAIN_SECONDS = 300


class Influx(ThreadingHTTPServer):
    """`/api/v2/write` that behaves as `fault` says; `stored` is what it kept, one entry per series and time."""

    daemon_threads = True

    def __init__(self, port: int) -> None:
        super().__init__(("127.0.0.1", port), _Write)
        self.fault = "healthy"
        self.stored: dict[str, int] = {}
        self.lock = threading.Lock()

    def keep(self, lines: list[str]) -> None:
        with self.lock:
            for line in lines:
                fields = line[: line.rindex(" ")]
                cost = int(fields[fields.index("raw_pusd=") + 9 :].split("i", 1)[0])
                self.stored[line.split(" ", 1)[0] + line[line.rindex(" ") :]] = cost


class _Write(BaseHTTPRequestHandler):
    server: Influx

    def do_POST(self) -> None:
        lines = self.rfile.read(int(self.headers["Content-Length"])).decode().splitlines()
        fault = self.server.fault
        if fault == "slow":
            time.sleep(4)
        if fault == "half-written":
            self.server.keep(lines[: len(lines) // 2])
            self.connection.close()
            return
        if fault in ("refusing", "busy"):
            self.send_response(503 if fault == "refusing" else 429)
            self.send_header("Retry-After", "1")
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        self.server.keep(lines)
        self.send_response(204)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        pass


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=5)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        measure(Path(folder), args.seconds)


def measure(folder: Path, seconds: float) -> None:
    influx_port, port = free_port(), free_port()
    settings = {"INFLUXDB_URL": f"http://127.0.0.1:{influx_port}", "INFLUXDB_BATCH_SIZE": "1000"}
    process = start("api:app", port, folder, **settings)
    wait_for(port, process)
    numbers, most_memory, influx = itertools.count(), 0, None
    try:
        for fault in FAULTS:
            if fault != "down" and influx is None:
                influx = Influx(influx_port)
                threading.Thread(target=influx.serve_forever, daemon=True).start()
            if influx is not None:
                influx.fault = fault
            result = asyncio.run(
                load.run(
                    "127.0.0.1",
                    port,
                    _requests(numbers),
                    connections=16,
                    seconds=seconds,
                    per_second=REQUESTS_PER_SECOND,
                )
            )
            most_memory = max(most_memory, family_memory_mb(process.pid))
            print(
                f"{fault:13} answers {result.statuses}  p99 {result.percentile(0.99):6.1f} ms  "
                f"API memory {family_memory_mb(process.pid)} MB  outbox {waiting(folder)}"
            )
        assert influx is not None
        report_equality(folder, influx)
        print(f"most memory of the API: {most_memory} MB")
    finally:
        process.terminate()
        process.wait(20)
        if influx is not None:
            influx.shutdown()


def _requests(numbers: Iterator[int]) -> Iterator[bytes]:
    base = int(time.time())
    for number in numbers:
        body = {"resourceSpans": [{"scopeSpans": [{"spans": [span(f"gen-{base}-{number}", number)]}]}]}
        yield load.request_bytes(
            "/webhooks/openrouter", json.dumps(body).encode(), {"Authorization": f"Bearer {SECRET}"}
        )


def waiting(folder: Path) -> int:
    with Store(load_settings({"MAI_DATA_DIR": str(folder)}).usage_summary_db) as store, store.read() as db:
        return sum(outbox.counts(db))


def report_equality(folder: Path, influx: Influx) -> None:
    until = time.monotonic() + DRAIN_SECONDS
    while waiting(folder) and time.monotonic() < until:
        time.sleep(0.5)
    with Store(load_settings({"MAI_DATA_DIR": str(folder)}).usage_summary_db) as store, store.read() as db:
        ((events, cost),) = rows(db, "SELECT count(*), sum(raw_pusd) FROM usage_events")
    there, there_cost = len(influx.stored), sum(influx.stored.values())
    print(f"outbox afterwards: {waiting(folder)}")
    print(f"ledger: {events} events, {cost} x 10^-12 USD; InfluxDB: {there} points, {there_cost} x 10^-12 USD")
    print("both sides are equal" if (events, cost) == (there, there_cost) else "THE SIDES DIFFER")


if __name__ == "__main__":
    main()
