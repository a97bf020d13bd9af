"""How fast the webhook is with full durability, in the same run with the same client: single events as a share of a
bare route, batches of 100 as a share of the statements that the product itself issues for such a batch, bare.

The statements are recorded from the product, so the yardstick grows with it: what makes its SQL faster makes the
share harder to reach. Batches and bare statements take turns, because a shared machine is now fast and now slow.

python -m benchmarks.webhook_throughput [--seconds 8] [--rounds 5]
"""

from __future__ import annotations

import argparse
import itertools
import json
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

import uvloop

from benchmarks import load
from benchmarks.servers import CLIENT, SECRET, serving
from mai_core.installation import Installation, open_installation
from mai_core.intake import booking
from mai_core.intake.delivery import Delivery
from mai_core.intake.desk import Desk
from mai_core.intake.sources import SOURCES
from mai_core.settings import load_settings

HEADERS = {"Authorization": f"Bearer {SECRET}"}
CONNECTIONS = 32
MOST_BATCHES_PER_SECOND = 450

Statement = tuple[str, Any]


def span(generation_id: str, number: int) -> dict[str, Any]:
    """A span as OpenRouter sends them in Privacy Mode."""
    told: dict[str, Any] = {
        "trace.name": "OpenRouter Request",
        "span.type": "generation",
        "span.level": "DEFAULT",
        "gen_ai.operation.name": "chat",
        "gen_ai.system": "openai",
        "gen_ai.provider.name": "openai",
        "gen_ai.request.model": f"openai/gpt-{number % 7}",
        "gen_ai.response.model": f"openai/gpt-{number % 7}",
        "gen_ai.response.id": generation_id,
        "gen_ai.usage.input_tokens": 29 + number % 900,
        "gen_ai.usage.output_tokens": 300,
        "gen_ai.usage.total_tokens": 329 + number % 900,
        "gen_ai.usage.input_cost": 0.00001674,
        "gen_ai.usage.output_cost": 0.00105,
        "gen_ai.usage.total_cost": 0.00106674,
        "gen_ai.usage.input_tokens.cached": 8,
        "gen_ai.usage.input_tokens.audio": 0,
        "gen_ai.usage.output_tokens.reasoning": 296,
        "gen_ai.response.finish_reasons": '["length"]',
        "gen_ai.response.finish_reason": "length",
        "user.id": f"{CLIENT}_user_{number % 300:08x}",
        "session.id": "chat-77",
        "trace.metadata.openrouter.source": "openrouter",
        "trace.metadata.openrouter.api_key_name": "Open WebUI prod",
        "trace.metadata.openrouter.entity_id": "user_EXAMPLE",
        "trace.metadata.openrouter.provider_name": "OpenAI",
        "trace.metadata.openrouter.provider_slug": "openai",
        "trace.metadata.openrouter.input_unit_price": 7.4e-07,
        "trace.metadata.openrouter.output_unit_price": 3.5e-06,
    }
    kinds = {str: "stringValue", int: "intValue", float: "doubleValue"}
    now_ns = time.time_ns()
    return {
        "traceId": "4e6bd17d12a13998ff20d5a8ab9b99aa",
        "spanId": "4e6bd17d12a13998",
        "name": "LLM Generation",
        "kind": 3,
        "startTimeUnixNano": str(now_ns),
        "endTimeUnixNano": str(now_ns + 10**9),
        "status": {"code": 1},
        "attributes": [{"key": key, "value": {kinds[type(value)]: value}} for key, value in told.items()],
    }


def body(numbers: range) -> bytes:
    return body_of_spans([span(f"gen-{int(time.time())}-{number:020d}", number) for number in numbers])


def body_of_spans(spans: list[dict[str, Any]]) -> bytes:
    resource = {"attributes": [{"key": "service.name", "value": {"stringValue": "openrouter"}}]}
    scope_spans = [{"scope": {"name": "openrouter"}, "spans": spans}]
    return json.dumps({"resourceSpans": [{"resource": resource, "scopeSpans": scope_spans}]}).encode()


_numbers = itertools.count()


def prepared(count: int, spans: int) -> list[bytes]:
    """Requests made before the clock starts, each with generations of its own."""
    made = []
    for _ in range(count):
        first = next(_numbers) * spans
        made.append(load.request_bytes("/webhooks/openrouter", body(range(first, first + spans)), HEADERS))
    return made


def endless(requests: list[bytes]) -> Iterator[bytes]:
    """Once all were sent they go out again as duplicates; the report says so."""
    return itertools.cycle(requests)


def measure(port: int, requests: list[bytes], seconds: float, per_second: float | None = None) -> load.Result:
    return uvloop.run(
        load.run("127.0.0.1", port, endless(requests), connections=CONNECTIONS, seconds=seconds, per_second=per_second)
    )


@dataclass(frozen=True)
class Round:
    """Batches through the real webhook, and right after it their statements bare: neighbours of one moment."""

    batches: load.Result
    as_issued: float
    one_by_one: float

    @property
    def events(self) -> float:
        return self.batches.per_second * 100


def rounds_of_batches(port: int, data: Path, seconds: float, rounds: int) -> list[Round]:
    as_issued = recorded_statements(100, data / "recorded", smallest_bundle=booking.SMALLEST_BUNDLE)
    one_by_one = recorded_statements(100, data / "recorded-one-by-one", smallest_bundle=10**9)
    made = []
    for number in range(rounds):
        requests = prepared(int(seconds * MOST_BATCHES_PER_SECOND), 100)
        batches = measure(port, requests, seconds)
        if batches.requests > len(requests):
            raise SystemExit("batches were sent twice: prepare more of them (MOST_BATCHES_PER_SECOND)")
        made.append(
            Round(
                batches,
                statements_bare(as_issued, data / f"bare-{number}"),
                statements_bare(one_by_one, data / f"bare-one-by-one-{number}"),
            )
        )
    return made


def statements_bare(issued: list[list[Statement]], data: Path) -> float:
    """Events per second when statements of batches of 100 are issued with nothing around them, a commit each."""
    fresh = opened(data)
    begun = time.perf_counter()
    for statements in issued:
        with fresh.store.write() as db:
            for sql, bindings in statements:
                db.execute(sql, bindings).fetchall()
    seconds = time.perf_counter() - begun
    fresh.close()
    return len(issued) * 100 / seconds


def recorded_statements(batches: int, data: Path, *, smallest_bundle: int) -> list[list[Statement]]:
    """What the product issues for each batch, by its own account."""
    installation = opened(data)
    desk, issued = Desk(installation), []
    usual, booking.SMALLEST_BUNDLE = booking.SMALLEST_BUNDLE, smallest_bundle
    for number in range(batches):
        parsed = SOURCES["openrouter"].parse(body(range(10**9 + number * 100, 10**9 + number * 100 + 100)), {})
        recorded: list[Statement] = []

        def note(_: Any, sql: str, bindings: Any, into: list[Statement] = recorded) -> bool:
            into.append((sql, bindings))
            return True

        with installation.store.write() as db:
            db.exec_trace = note
            desk._deliver(db, [Delivery(SOURCES["openrouter"], CLIENT, parsed, installation.now_ms())])
            db.exec_trace = None
        issued.append(recorded)
    booking.SMALLEST_BUNDLE = usual
    installation.close()
    return issued


def opened(data: Path) -> Installation:
    return open_installation(load_settings({"MAI_DATA_DIR": str(data), "CLIENT_ORG_ID": CLIENT}, data / ".env"))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=6)
    parser.add_argument("--rounds", type=int, default=5, help="of batches and bare statements; the median counts")
    arguments = parser.parse_args()
    seconds = arguments.seconds
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder)
        singles = prepared(int(seconds * 6000), 1)
        with serving("benchmarks.bare_route:app", data / "a") as port:
            measure(port, singles, 1)
            bare = measure(port, singles, seconds)
        with serving("api:app", data / "b") as port:
            measure(port, singles[:100], 1)
            ours = measure(port, singles, seconds)
            half = measure(port, prepared(int(ours.per_second / 2 * seconds) + 500, 1), seconds, ours.per_second / 2)
            measure(port, prepared(50, 100), 0.5)
            rounds = rounds_of_batches(port, data, seconds / 3, arguments.rounds)
    report("bare route", bare, "requests/s", bare.per_second)
    report("webhook", ours, "requests/s", ours.per_second)
    print(f"  share of bare       {ours.per_second / bare.per_second:8.0%}   (must be >= 35 %, and >= 1500 requests/s)")
    report("  at half that load", half, "requests/s", half.per_second)
    print("                                (p99 must be < 25 ms)")
    for one in rounds:
        report("batches of 100", one.batches, "events/s", one.events)
    events = median(one.events for one in rounds)
    print(f"  median              {events:8.0f} events/s   (must be >= 5000 events/s)")
    as_issued, one_by_one = median(one.as_issued for one in rounds), median(one.one_by_one for one in rounds)
    print(f"bare statements       {as_issued:8.0f} events/s   as the product issues them for a batch")
    share = median(one.events / one.as_issued for one in rounds)
    print(f"  share of these      {share:8.0%}   (must be >= 50 %)")
    share = median(one.events / one.one_by_one for one in rounds)
    print(f"  for comparison      {one_by_one:8.0f} events/s   as it issues them for single events: {share:.0%}")


def report(name: str, result: load.Result, unit: str, rate: float) -> None:
    print(f"{name:<21} {rate:8.0f} {unit:<12} p99 {result.percentile(0.99):6.1f} ms  {result.statuses}")


if __name__ == "__main__":
    main()
