"""A trace that is read at once says exactly what it says when it is read in pieces, however odd its values are."""

from __future__ import annotations

import json
import random
from contextlib import suppress

import pytest

from mai_core.errors import BadValue
from mai_core.intake import otlp
from mai_core.intake.sources import openrouter

NUMBERS = [
    *("0", "-0", "1", "-1", "1.0", "1e3", "1E-30", "1e400", "18446744073709551616", "-9223372036854775809", "0.1"),
    *("1.5", "1e18", "0e5", "-0.0", "1.00"),
]
TEXTS = [
    *("", "12", "-1", "1e5", "NaN", "Infinity", "gen-1795176000-abc", "gen-1:stream", "  gen-1 ", "ż", "٣", " 12"),
    *("+5", "1_0", "0x10", "true", "Test Generation", "\u2028", "x" * 300, "1795176000000000000", "a\u0000b", "😀"),
]
KEYS = [*sorted(openrouter._READ), "gen_ai.prompt"]


class Odd:
    """Traces as a hostile or broken exporter might write them, as JSON text: objects may name a key twice."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)

    def often(self, share: float) -> bool:
        return self.random.random() < share

    def scalar(self) -> str:
        pick = self.random.choice
        return pick(
            [pick(NUMBERS), json.dumps(pick(TEXTS)), pick(["true", "false", "null", "[]", "{}", "[1]", '{"a":1}'])]
        )

    def thing(self, *pairs: tuple[str, str]) -> str:
        kept = [f'"{name}":{value}' for name, value in pairs if self.often(0.95)]
        return "{" + ",".join(kept) + "}" if self.often(0.995) else self.scalar()

    def value(self) -> str:
        kinds = ["stringValue", "intValue", "doubleValue", "boolValue", "arrayValue"]
        return self.thing(
            *((self.random.choice(kinds), self.scalar()) for _ in range(self.random.choice([1, 1, 1, 2])))
        )

    def attributes(self, *known: str) -> str:
        some = [self.thing(("key", json.dumps(self.random.choice(KEYS))), ("value", self.value())) for _ in range(3)]
        some = [*known, *(one for one in some if self.often(0.5))]
        self.random.shuffle(some)
        return f"[{','.join(some)}]"

    def span(self) -> str:
        known = f'{{"key":"gen_ai.response.id","value":{{"stringValue":"gen-{self.random.randrange(9)}"}}}}'
        parent = self.scalar() if self.often(0.2) else "null"
        began = self.scalar() if self.often(0.2) else '"1795176000000000000"'
        return self.thing(
            ("name", self.scalar()),
            ("parentSpanId", parent),
            ("startTimeUnixNano", began),
            ("attributes", self.attributes(known)),
        )

    def trace(self) -> bytes:
        holder = self.thing(("attributes", self.attributes() if self.often(0.2) else "[]"))
        scope = self.thing(("scope", holder), ("spans", f"[{self.span()},{self.span()}]"))
        resource = self.thing(("resource", holder), ("scopeSpans", f"[{scope}]"))
        body = f'{{"resourceSpans":[{resource}]}}'.encode()
        place = self.random.randrange(len(body))
        return body if self.often(0.9) else body[:place] + body[place + 1 :]


@pytest.mark.parametrize("seed", range(3))
def test_odd_traces_are_read_alike(seed: int) -> None:
    odd, compared, events = Odd(seed), 0, 0
    for _ in range(1500):
        body = odd.trace()
        with suppress(*otlp.NOT_AT_ONCE, BadValue):
            at_once = openrouter._parsed_at_once(body)
            assert at_once == openrouter._parsed_in_pieces(body), body
            compared, events = compared + 1, events + len(at_once.observations)
    assert compared > 300
    assert events > 100
