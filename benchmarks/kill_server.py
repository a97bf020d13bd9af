"""Kills the real server with SIGKILL under load, again and again, and counts: what was acknowledged is there once.

    python -m benchmarks.kill_server --kills 200

Senders repeat what was not acknowledged, as OpenRouter does. By default the server is forked from a process that has
imported it already (a start then takes milliseconds); `--exec` starts `python -m uvicorn api:app` afresh every time.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import signal
import socket
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks import servers
from benchmarks.load import request_bytes
from benchmarks.webhook_throughput import body_of_spans, span
from mai_core.clock import Clock
from mai_core.store import Store, rows

CONNECTIONS = 16
SHORT_LIFE, LONG_LIFE = (0.15, 0.6), (0.6, 2.0)
"""Seconds. Only in a long one the process that parses large bodies gets to its work."""
HEADERS = {"Authorization": f"Bearer {servers.SECRET}"}


@dataclass
class Tally:
    """What senders know."""

    next_number: int = 0
    acknowledged: set[str] = field(default_factory=set)
    unanswered: list[tuple[bytes, list[str]]] = field(default_factory=list)
    answered: list[tuple[bytes, list[str]]] = field(default_factory=list)
    """Some requests that were acknowledged, to be delivered once more."""
    answers: dict[int, int] = field(default_factory=dict)


def generation(number: int) -> str:
    return f"gen-{int(time.time())}-{number:012d}"


def request(tally: Tally, dice: random.Random) -> tuple[bytes, list[str]]:
    """Spans, completions, seldom a batch so large that a process beside parses it; now and then something that was
    acknowledged already."""
    if tally.unanswered:
        return tally.unanswered.pop()
    if tally.answered and dice.random() < 0.05:
        return dice.choice(tally.answered)
    count = dice.choices((1, 2, 10, 60), (60, 20, 20, 3))[0]
    numbers = range(tally.next_number, tally.next_number + count)
    tally.next_number += count
    ids = [generation(number) for number in numbers]
    if count == 2:
        usage = {"prompt_tokens": 29, "completion_tokens": 300, "cost": 0.00106674}
        completions = [{"id": one, "model": "openai/gpt-0", "user": "u", "usage": usage} for one in ids]
        return request_bytes("/api/v1/completions", json.dumps(completions).encode(), HEADERS), ids
    spans = [span(one, number) for one, number in zip(ids, numbers, strict=True)]
    return request_bytes("/webhooks/openrouter", body_of_spans(spans), HEADERS), ids


async def send_until_killed(port: int, tally: Tally, dice: random.Random) -> None:
    try:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
    except OSError:
        return
    try:
        while True:
            sent = request(tally, dice)
            try:
                writer.write(sent[0])
                head = (await reader.readuntil(b"\r\n\r\n")).lower()
                length = int(head.split(b"content-length:")[1].split(b"\r\n")[0]) if b"content-length:" in head else 0
                await reader.readexactly(length)
            except (OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
                tally.unanswered.append(sent)
                raise
            status = int(head[9:12])
            tally.answers[status] = tally.answers.get(status, 0) + 1
            if status == 200:
                tally.acknowledged.update(sent[1])
                tally.answered = [*tally.answered[-49:], sent]
            else:
                tally.unanswered.append(sent)
    except (OSError, asyncio.IncompleteReadError):
        pass
    finally:
        writer.close()


async def live(port: int, pid: int, tally: Tally, dice: random.Random, seconds: float) -> None:
    senders = [asyncio.ensure_future(send_until_killed(port, tally, dice)) for _ in range(CONNECTIONS)]
    await asyncio.sleep(seconds)
    os.kill(pid, signal.SIGKILL)
    await asyncio.wait(senders, timeout=2)
    for sender in senders:
        sender.cancel()
    await asyncio.gather(*senders, return_exceptions=True)


def start(listener: socket.socket, port: int, data: Path, afresh: bool) -> int:
    if afresh:
        return servers.start("api:app", port, data).pid
    pid = os.fork()
    if pid:
        return pid
    try:
        environment = servers.environment(data)
        os.environ.clear()
        os.environ.update(environment)
        import uvicorn

        from api import create_app

        uvicorn.run(create_app(), fd=listener.fileno(), access_log=False, log_level="error")
    except BaseException as error:
        print(f"the server failed: {error!r}", file=sys.stderr, flush=True)
    finally:
        os._exit(1)


def wait_until_it_answers(port: int) -> None:
    until = time.monotonic() + 120
    while time.monotonic() < until:
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=30) as probe:
                probe.settimeout(30)
                probe.sendall(b"GET /health HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
                if probe.recv(64).startswith(b"HTTP/1.1 200"):
                    return
        except OSError:
            time.sleep(0.01)
    raise SystemExit("the server did not start again")


def problems(data: Path, tally: Tally) -> list[str]:
    """Everything that would be wrong with the ledger; empty is right."""
    found: list[str] = []
    with Store(data / "usage_summary.db", Clock()) as store, store.read() as db:
        events = rows(db, "SELECT generation_id, raw_pusd, charged_pusd FROM usage_events")
        stored = {row[0] for row in events}
        daily = rows(db, "SELECT requests, raw_pusd, charged_pusd, input_tokens, output_tokens FROM usage_daily")
        tokens = rows(db, "SELECT sum(input_tokens), sum(output_tokens) FROM usage_events")[0]
        checks: dict[str, tuple[Any, Any]] = {
            "acknowledged events that are lost": (len(tally.acknowledged - stored), 0),
            "events stored twice": (len(events) - len(stored), 0),
            "requests of the days": (sum(row[0] for row in daily), len(events)),
            "raw cost of the days": (sum(row[1] for row in daily), sum(row[1] for row in events)),
            "charged amount of the days": (sum(row[2] for row in daily), sum(row[2] for row in events)),
            "cost by the number of events": (sum(row[1] for row in events), 1_066_740_000 * len(events)),
            "input tokens of the days": (sum(row[3] for row in daily), tokens[0] or 0),
            "output tokens of the days": (sum(row[4] for row in daily), tokens[1] or 0),
            "dedupe memory": (rows(db, "SELECT count(*) FROM processed_generations")[0][0], len(events)),
            "quarantine": (rows(db, "SELECT count(*) FROM quarantine")[0][0], 0),
            "conflicts": (rows(db, "SELECT count(*) FROM conflicts")[0][0], 0),
            "integrity": (rows(db, "PRAGMA integrity_check")[0][0], "ok"),
        }
    for name, (is_now, should_be) in checks.items():
        if is_now != should_be:
            found.append(f"{name}: {is_now}, should be {should_be}")
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--exec", action="store_true", help="start python -m uvicorn afresh every time")
    args = parser.parse_args()
    dice, tally = random.Random(args.seed), Tally()
    if not args.exec:
        import api  # noqa: F401  (once for all forks)
    begun = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder)
        with socket.socket() as listener:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind(("127.0.0.1", 0))
            port = listener.getsockname()[1]
            if args.exec:
                listener.close()
            else:
                listener.listen(128)
            for kill in range(1, args.kills + 1):
                pid = start(listener, port, data, args.exec)
                wait_until_it_answers(port)
                asyncio.run(
                    live(port, pid, tally, dice, dice.uniform(*dice.choice((SHORT_LIFE, SHORT_LIFE, LONG_LIFE))))
                )
                os.waitpid(pid, 0)
                if kill % 25 == 0 or kill == args.kills:
                    wrong = problems(data, tally)
                    seconds = time.monotonic() - begun
                    print(f"{kill} kills, {len(tally.acknowledged)} events acknowledged, {seconds:.0f} s", flush=True)
                    if wrong:
                        print("\n".join(wrong), file=sys.stderr)
                        return 1
    print(f"answers {tally.answers}; 0 lost, 0 doubled, every sum exact")
    return 0


if __name__ == "__main__":
    sys.exit(main())
