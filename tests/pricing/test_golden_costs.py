"""What generations cost, worked out by hand. Prices in USD per million tokens, amounts in USD."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from mai_core.days import parse_instant_ms
from mai_core.money import plain_text, shortest_text
from mai_core.pricing import ModelPrice, pricing_of
from mai_core.rating import Usage

AT = "2026-10-14T10:00:00Z"


def price(per_million: dict[str, str], **more: Any) -> ModelPrice:
    """A price as OpenRouter lists it: per token; keys that are not per token go into `more` as they are."""
    listed = {key: str(Decimal(value) / 1_000_000) for key, value in per_million.items()}
    return ModelPrice(model="acme/large", valid_from_ms=0, pricing=pricing_of({**listed, **more}))


def cost(of: ModelPrice, at: str = AT, **used: Any) -> str | None:
    pusd = of.cost_pusd(Usage(model="acme/large", at_ms=parse_instant_ms(at), **used))
    return None if pusd is None else shortest_text(pusd)


PLAIN = {"prompt": "3", "completion": "15"}
CACHING = {**PLAIN, "input_cache_read": "0.3", "input_cache_write": "3.75", "input_cache_write_1h": "6"}

CASES = [
    ("a thousand in, a hundred out", price(PLAIN), {"input_tokens": 1000, "output_tokens": 100}, "0.0045"),
    ("one token in", price(PLAIN), {"input_tokens": 1}, "0.000003"),
    ("nothing used but a request price", price(PLAIN, request="0.005"), {}, "0.005"),
    (
        "800 of 1000 tokens came from the cache: 200 x 3 + 800 x 0.30",
        price(CACHING),
        {"input_tokens": 1000, "cached_tokens": 800},
        "0.00084",
    ),
    (
        "no cache price listed: cached tokens cost what others do",
        price(PLAIN),
        {"input_tokens": 1000, "cached_tokens": 800},
        "0.003",
    ),
    (
        "more cached than sent: only what was sent counts",
        price(CACHING),
        {"input_tokens": 1000, "cached_tokens": 5000},
        "0.0003",
    ),
    (
        "500 written to the cache, 100 of them for an hour: 500 x 3 + 400 x 3.75 + 100 x 6",
        price(CACHING),
        {"input_tokens": 1000, "cache_write_tokens": 500, "cache_write_1h_tokens": 100},
        "0.0036",
    ),
    (
        "no price for an hour: as the five minutes",
        price({**PLAIN, "input_cache_write": "3.75"}),
        {"input_tokens": 1000, "cache_write_tokens": 500, "cache_write_1h_tokens": 100},
        "0.003375",
    ),
    (
        "reasoning is part of the answer",
        price(PLAIN),
        {"output_tokens": 1000, "reasoning_tokens": 600},
        "0.015",
    ),
    (
        "an internal_reasoning of 0 does not make it free",
        price({**PLAIN, "internal_reasoning": "0"}),
        {"output_tokens": 1000, "reasoning_tokens": 600},
        "0.015",
    ),
    (
        "reasoning priced apart: 400 x 15 + 600 x 20",
        price({**PLAIN, "internal_reasoning": "20"}),
        {"output_tokens": 1000, "reasoning_tokens": 600},
        "0.018",
    ),
    (
        "audio has its price: 900 x 3 + 100 x 40",
        price({**PLAIN, "audio": "40"}),
        {"input_tokens": 1000, "audio_tokens": 100},
        "0.0067",
    ),
    (
        "two pictures in, one out, three searches, one request",
        price(PLAIN, image="0.001", image_output="0.04", web_search="0.01", request="0.005"),
        {"input_images": 2, "output_images": 1, "searches": 3},
        "0.077",
    ),
    (
        "a tenth off every token price, not off searches: 0.9 x 0.003 + 0.01",
        price(PLAIN, discount=Decimal("0.1"), web_search="0.01"),
        {"input_tokens": 1000, "searches": 1},
        "0.0127",
    ),
    (
        "the discount reaches cached tokens too: 0.5 x 0.00084",
        price(CACHING, discount=Decimal("0.5")),
        {"input_tokens": 1000, "cached_tokens": 800},
        "0.00042",
    ),
    ("a free model", price({"prompt": "0", "completion": "0"}), {"input_tokens": 10**6, "output_tokens": 10**6}, "0"),
    ("the router has no price", price({}, prompt="-1", completion="-1"), {"input_tokens": 1}, None),
    (
        "an answer without a price for answers has none",
        price({"prompt": "3"}, completion="-1"),
        {"input_tokens": 1000, "output_tokens": 1},
        None,
    ),
    (
        "what was not used needs no price",
        price({"prompt": "3"}, completion="-1"),
        {"input_tokens": 1000},
        "0.003",
    ),
    (
        "the capture of 29 tokens with 8 cached: 21 x 0.74 + 8 x 0.15 and 300 x 3.5",
        price({"prompt": "0.74", "completion": "3.5", "input_cache_read": "0.15"}),
        {"input_tokens": 29, "cached_tokens": 8, "output_tokens": 300, "reasoning_tokens": 296},
        "0.00106674",
    ),
    (
        "half of the smallest unit goes up",
        price({}, prompt="0.0000000000005", completion="0"),
        {"input_tokens": 1},
        "0.000000000001",
    ),
]


@pytest.mark.parametrize(("of", "used", "amount"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_a_generation_costs(of: ModelPrice, used: dict[str, Any], amount: str | None) -> None:
    assert cost(of, **used) == amount


@pytest.mark.parametrize("case", CASES, ids=[case[0] for case in CASES])
def test_the_lines_of_an_explanation_add_up_to_the_cost(
    case: tuple[str, ModelPrice, dict[str, Any], str | None],
) -> None:
    _, of, used, amount = case
    if amount is None:
        return
    lines = of.components(Usage(model="acme/large", at_ms=parse_instant_ms(AT), **used))
    exact = sum((line.amount_usd for line in lines), Decimal(0))
    assert abs(exact - Decimal(amount)) <= Decimal("5E-13")
    assert all(line.amount_usd == line.quantity * line.unit_usd for line in lines)


def test_a_line_of_an_explanation_keeps_every_place_of_a_price_and_its_discount() -> None:
    of = price({}, prompt="0.92345678901234567891", completion="0", discount="0.0876543211")
    (line,) = of.components(Usage(model="acme/large", at_ms=0, input_tokens=7))
    assert plain_text(line.unit_usd) == "0.842511811106282578906625361999"
    assert plain_text(line.amount_usd) == "5.897582677743978052346377533993"


LONG_PROMPTS = price(
    CACHING,
    overrides=[
        {"min_prompt_tokens": 200000, "prompt": "0.000006", "completion": "0.00003"},
        {"min_prompt_tokens": 500000, "prompt": "0.000012"},
    ],
)


@pytest.mark.parametrize(
    ("prompt_tokens", "amount"),
    [(200_000, "0.6015"), (200_001, "1.203006"), (500_000, "3.003"), (500_001, "6.003012")],
    ids=["at the threshold: as before", "above: dearer", "at the second: still", "above: later entries win, per key"],
)
def test_long_prompts_cost_more_strictly_above_a_threshold(prompt_tokens: int, amount: str) -> None:
    assert cost(LONG_PROMPTS, input_tokens=prompt_tokens, output_tokens=100) == amount


def test_a_key_that_the_override_does_not_name_keeps_its_base_price() -> None:
    assert cost(LONG_PROMPTS, input_tokens=300_000, cached_tokens=300_000) == "0.09"


NIGHT = price(PLAIN, overrides=[{"utc_start": 1630, "utc_end": 30, "prompt": "0.000001"}])


@pytest.mark.parametrize(
    ("at", "amount"),
    [
        ("2026-10-14T16:29:59.999Z", "0.003"),
        ("2026-10-14T16:30:00Z", "0.001"),
        ("2026-10-14T23:59:59Z", "0.001"),
        ("2026-10-15T00:00:00Z", "0.001"),
        ("2026-10-15T00:29:59.999Z", "0.001"),
        ("2026-10-15T00:30:00Z", "0.003"),
    ],
)
def test_a_window_of_the_day_is_half_open_and_wraps_midnight(at: str, amount: str) -> None:
    assert cost(NIGHT, at, input_tokens=1000) == amount


def test_a_window_that_ends_where_it_starts_is_the_whole_day() -> None:
    always = price(PLAIN, overrides=[{"utc_start": 900, "utc_end": 900, "prompt": "0.000001"}])
    assert {cost(always, f"2026-10-14T{hour:02d}:30:00Z", input_tokens=1000) for hour in range(24)} == {"0.001"}


def test_all_conditions_of_an_entry_must_hold() -> None:
    both = price(PLAIN, overrides=[{"utc_start": 0, "utc_end": 1200, "min_prompt_tokens": 100, "prompt": "0.000001"}])
    assert cost(both, "2026-10-14T11:59:00Z", input_tokens=101) == "0.000101"
    assert cost(both, "2026-10-14T11:59:00Z", input_tokens=100) == "0.0003"
    assert cost(both, "2026-10-14T12:00:00Z", input_tokens=101) == "0.000303"
