"""What the process beside says of a body is what parsing it here says, refusals and faults included."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from mai_core.intake import parsing_worker
from mai_core.intake.exact_json import Unreadable
from mai_core.intake.parsed import Headers, Parsed, Source
from mai_core.intake.parsing_worker import Asked
from mai_core.intake.sources import SOURCES
from tests.intake.test_two_ways_of_reading import Odd


def outcome(parse: Callable[[], Parsed]) -> Any:
    try:
        return parse()
    except Unreadable as error:
        return error.code, str(error)


def both(source: str, body: bytes, headers: Headers | None = None) -> tuple[Any, Any]:
    told = headers or {}
    here = outcome(lambda: SOURCES[source].parse(body, told))
    return here, outcome(lambda: parsing_worker.parsed_from(parsing_worker.answer(Asked(source, dict(told)), body)))


USAGE = {"prompt_tokens": 12, "completion_tokens": 3, "cost": 0.000123456789}
BODIES = {
    "a completion": ("completions", {"id": "gen-1795176000-a", "model": "openai/gpt-4o", "usage": USAGE}),
    "refused for one number": ("completions", {"id": "gen-1", "usage": {**USAGE, "prompt_tokens": -1}}),
    "a cost of many places": ("cloudevents", [{"specversion": "1.0", "id": "gen-1", "data": {"cost": "0.1"}}]),
    "half an emoji": ("litellm", [{"id": "gen-1", "model": "\ud83d", "prompt_tokens": 1}]),
    "a key in the body": ("flat", {"api_key": "sk-or-v1-\u0105", "tokens_used": 3, "cost": 1.10, "model": "a/b"}),
    "a turn of three": (
        "completions",
        {"generation_ids": ["gen-1", "gen-2", "gen-3"], "turn_id": "t", "usage": USAGE, "model": "a/b"},
    ),
    "no event at all": ("openrouter", {"resourceSpans": []}),
    "another message": ("openrouter", {"hello": 1.50}),
}


@pytest.mark.parametrize("name", BODIES)
def test_every_way_in_reads_alike(name: str) -> None:
    source, document = BODIES[name]
    here, beside = both(source, json.dumps(document).encode())
    assert beside == here


@pytest.mark.parametrize("body", [b"", b"{", b"[" * 100_000, b'{"resourceSpans":[%s]}' % (b"1," * 10_001 + b"1")])
def test_what_cannot_be_read_is_told_with_its_code(body: bytes) -> None:
    here, beside = both("openrouter", body)
    assert isinstance(here, tuple)
    assert beside == here


def test_odd_traces_are_read_alike() -> None:
    odd, refused = Odd(7), 0
    for _ in range(400):
        body = odd.trace()
        here, beside = both("openrouter", body)
        assert beside == here, body
        refused += bool(isinstance(here, Parsed) and here.refusals)
    assert refused > 50


def test_headers_come_along() -> None:
    here, beside = both("openrouter", b"no json", {"x-test-connection": "true"})
    assert beside == here == Parsed()


def test_a_fault_of_ours_names_its_place_and_not_the_body(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(body: bytes, headers: Headers) -> Parsed:
        raise ZeroDivisionError(body)

    monkeypatch.setitem(SOURCES, "flat", Source("flat", broken))
    with pytest.raises(parsing_worker.ParserFault, match=r"^ZeroDivisionError at broken:\d+$"):
        parsing_worker.parsed_from(parsing_worker.answer(Asked("flat", {}), b"a prompt"))
