"""Hostile and broken clients, all at once, while a good one keeps sending: every answer as specified, memory bounded,
the good one served within a second.

    python -m benchmarks.hostile_clients [--seconds 15]
"""

from __future__ import annotations

import argparse
import asyncio
import gzip
import json
import multiprocessing
import sys
import tempfile
import time
from collections.abc import Coroutine
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks import servers
from benchmarks.load import request_bytes
from benchmarks.servers import family_memory_mb, memory_mb
from benchmarks.webhook_throughput import body, body_of_spans, span

HEADERS = {"Authorization": f"Bearer {servers.SECRET}"}
WEBHOOK = "/webhooks/openrouter"
MIB = 1024 * 1024
MOST_MEMORY_MB = 300


@dataclass
class Report:
    answers: dict[str, dict[int, int]] = field(default_factory=dict)
    latencies: list[float] = field(default_factory=list)
    most_memory_mb: int = 0
    most_with_parsers_mb: int = 0

    def answered(self, name: str, status: int) -> None:
        counts = self.answers.setdefault(name, {})
        counts[status] = counts.get(status, 0) + 1


async def exchange(port: int, request: bytes) -> int:
    """The status, or 0 when the server closed the connection without one."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(request)
        sending = asyncio.ensure_future(writer.drain())
        head = await reader.readuntil(b"\r\n")
        sending.cancel()
        return int(head[9:12])
    except (OSError, asyncio.IncompleteReadError):
        return 0
    finally:
        writer.close()


def shapes() -> dict[str, tuple[bytes, set[int]]]:
    """Bodies, and the answers that are right for them."""
    deep = b"[" * 10_000 + b"]" * 10_000
    quoted = json.dumps(body_of_spans([span("gen-hostile", 1)]).decode())[1:-1].encode().replace(b'\\"', b'"')
    wrong_types: list[Any] = [3, None, "text", [], [[]], {"resourceSpans": 7}, {"resourceSpans": [{"scopeSpans": 1}]}]
    numbers = b'{"intValue": ' + b"9" * 400 + b"}"
    made: dict[str, tuple[bytes, set[int]]] = {
        "deep lists": (request_bytes(WEBHOOK, deep, HEADERS), {200}),
        "deep inside": (request_bytes(WEBHOOK, b'{"resourceSpans": [' + deep + b"]}", HEADERS), {200}),
        "deep for a program": (request_bytes("/api/v1/events", deep, HEADERS), {400}),
        "ints of 400 digits": (request_bytes(WEBHOOK, quoted.replace(b'{"intValue": 30}', numbers), HEADERS), {200}),
        "NUL bytes": (request_bytes(WEBHOOK, quoted.replace(b"openai/gpt-1", b"a\\u0000b"), HEADERS), {200}),
        "raw NUL bytes": (request_bytes(WEBHOOK, b"\x00" * 1000, HEADERS), {200}),
        "lone surrogates": (request_bytes(WEBHOOK, quoted.replace(b"chat-77", b"\\ud83d"), HEADERS), {200}),
        "bad UTF-8": (request_bytes(WEBHOOK, b'"\xff\xfe\xed\xa0\x80"', HEADERS), {200}),
        "gzip bomb": (
            request_bytes(WEBHOOK, gzip.compress(b" " * (100 * MIB)), {**HEADERS, "Content-Encoding": "gzip"}),
            {413, 503},
        ),
        "100 MB announced": (request_bytes(WEBHOOK, b"", HEADERS).replace(b"Length: 0", b"Length: 104857600"), {413}),
        "100 MB without the secret": (request_bytes(WEBHOOK, b" " * (100 * MIB), {}), {401}),
        "100 MB sent": (request_bytes(WEBHOOK, b" " * (100 * MIB), HEADERS), {413}),
        "a header of 1 MB": (request_bytes(WEBHOOK, b"{}", {**HEADERS, "X-Junk": "x" * MIB}), {0, 200, 400, 431}),
        "no HTTP": (b"\x16\x03\x01" * 100 + b"\r\n\r\n", {0, 400}),
    }
    for index, wrong in enumerate(wrong_types):
        made[f"wrong type {index}"] = (request_bytes(WEBHOOK, json.dumps(wrong).encode(), HEADERS), {200})
        made[f"wrong type {index} for a program"] = (
            request_bytes("/api/v1/events", json.dumps(wrong).encode(), HEADERS),
            {200, 204, 422},
        )
    return made


def large_trace() -> bytes:
    """30 MB as OpenRouter would send it without privacy mode."""
    spans = [span(f"gen-large-{number}", number) for number in range(3)]
    for one in spans:
        one["attributes"].append({"key": "gen_ai.prompt", "value": {"stringValue": "ż" * (5 * MIB)}})
    return request_bytes(WEBHOOK, json.dumps(json.loads(body_of_spans(spans)), ensure_ascii=False).encode(), HEADERS)


async def repeat(report: Report, port: int, name: str, request: bytes, until: float) -> None:
    while time.monotonic() < until:
        report.answered(name, await exchange(port, request))
        await asyncio.sleep(0.05)


async def drip(report: Report, port: int, until: float) -> None:
    """One byte per second of a request that never ends."""
    _, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(request_bytes(WEBHOOK, b"", HEADERS).replace(b"Length: 0", b"Length: 1000000"))
        while time.monotonic() < until:
            writer.write(b" ")
            await asyncio.sleep(1)
    except OSError:
        pass
    finally:
        writer.close()


def behave(port: int, seconds: float) -> tuple[list[float], dict[int, int]]:
    """The good client, in a process of its own, so that it measures the server and not the attackers' client."""

    async def send() -> tuple[list[float], dict[int, int]]:
        latencies: list[float] = []
        answers: dict[int, int] = {}
        until, number = time.monotonic() + seconds, 10**6
        while time.monotonic() < until:
            number += 1
            request = request_bytes(WEBHOOK, body(range(number, number + 1)), HEADERS)
            sent_at = time.perf_counter()
            status = await exchange(port, request)
            latencies.append(time.perf_counter() - sent_at)
            answers[status] = answers.get(status, 0) + 1
            await asyncio.sleep(0.02)
        return latencies, answers

    return asyncio.run(send())


async def watch(report: Report, pid: int, until: float) -> None:
    while time.monotonic() < until:
        report.most_memory_mb = max(report.most_memory_mb, memory_mb(pid))
        report.most_with_parsers_mb = max(report.most_with_parsers_mb, family_memory_mb(pid))
        await asyncio.sleep(0.05)


async def attack(port: int, pid: int, seconds: float) -> Report:
    report, until = Report(), time.monotonic() + seconds + 1
    large = large_trace()
    jobs: list[Coroutine[Any, Any, None]] = [watch(report, pid, until)]
    jobs += [drip(report, port, until) for _ in range(100)]
    jobs += [repeat(report, port, "30 MB traces", large, until) for _ in range(6)]
    jobs += [repeat(report, port, name, request, until) for name, (request, _) in shapes().items()]
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
        good = asyncio.get_running_loop().run_in_executor(pool, behave, port, seconds)
        await asyncio.gather(*jobs)
        report.latencies, report.answers["the good client"] = await good
    return report


def verdict(report: Report) -> list[str]:
    right: dict[str, set[int]] = {name: answers for name, (_, answers) in shapes().items()}
    right["30 MB traces"] = {200, 503}
    right["the good client"] = {200}
    wrong = [
        f"{name}: {counts}, should be of {sorted(right[name])}"
        for name, counts in report.answers.items()
        if not set(counts) <= right[name]
    ]
    if report.most_memory_mb > MOST_MEMORY_MB:
        wrong.append(f"memory: {report.most_memory_mb} MB, should be below {MOST_MEMORY_MB}")
    if percentile(report, 0.99) > 1:
        wrong.append(f"the good client's p99: {percentile(report, 0.99):.2f} s, should be below 1 s")
    return wrong


def percentile(report: Report, share: float) -> float:
    ordered = sorted(report.latencies)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=15)
    seconds = parser.parse_args().seconds
    with tempfile.TemporaryDirectory() as folder:
        port = servers.free_port()
        process = servers.start("api:app", port, Path(folder))
        try:
            servers.wait_for(port, process)
            report = asyncio.run(attack(port, process.pid, seconds))
        finally:
            process.terminate()
            process.wait(60)
    for name, counts in report.answers.items():
        print(f"{name:<28} {counts}")
    print(f"most memory of the server {report.most_memory_mb} MB, with its parsers {report.most_with_parsers_mb} MB")
    print(f"the good client: p50 {1000 * percentile(report, 0.5):.0f} ms, p99 {1000 * percentile(report, 0.99):.0f} ms")
    wrong = verdict(report)
    print("\n".join(wrong) if wrong else "every answer as specified")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
