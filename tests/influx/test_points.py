"""Points that cannot collide, and what old points say."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mai_core.errors import BadValue
from mai_core.influx.points import cost_of, derived_id, line_of, observation_of, opaque, timestamp_ns
from mai_core.money import units_of
from tests.builders import NOON

EVENT = {
    "client_org_id": "mai_client_x",
    "generation_id": 'gen-1"x',
    "at_ms": NOON,
    "external_user": "ext 1,=ż",
    "model": "openai/gpt-4o",
    "provider": "OpenAI",
    "source": "openrouter",
    "input_tokens": 29,
    "output_tokens": 300,
    "cached_tokens": 8,
    "cache_write_tokens": 0,
    "reasoning_tokens": 296,
    "raw_pusd": units_of("0.00106674"),
    "reported_pusd": units_of("0.00106674"),
    "charged_pusd": units_of("0.001386762"),
    "updated_at_ms": NOON,
}


def test_an_event_as_a_line() -> None:
    line = line_of(EVENT)
    assert line.startswith(r"usage_tracking,client_org_id=mai_client_x,external_user=ext\ 1\,\=ż,model=openai/gpt-4o ")
    for field in ("raw_pusd=1066740000i", "cost_usd=0.00106674", "tokens=329i", r'generation_id="gen-1\"x"'):
        assert field in line
    assert line.endswith(f" {timestamp_ns(NOON, EVENT['generation_id'])}")  # type: ignore[arg-type]


@given(st.text(min_size=1))
def test_the_id_fills_in_the_nanoseconds_of_its_millisecond(generation_id: str) -> None:
    assert timestamp_ns(NOON, generation_id) // 1_000_000 == NOON


def test_generations_of_one_millisecond_stay_apart() -> None:
    assert len({timestamp_ns(NOON, f"gen-{number}") for number in range(500)}) >= 499


def test_an_address_never_becomes_a_tag() -> None:
    assert opaque("Ewa@Example.com") == opaque("ewa@example.com")
    assert "@" not in opaque("ewa@example.com")
    assert opaque("ext-1") == "ext-1"


def test_our_own_point_comes_back_as_it_was() -> None:
    told = observation_of({**EVENT, "time": NOON * 1_000_000, "tokens": 329, "cost_usd": Decimal("0.1")})
    assert (told.generation_id, told.input_tokens, told.output_tokens) == ('gen-1"x', 29, 300)
    assert told.reported_pusd == units_of("0.00106674")


def test_an_old_point_has_a_total_and_a_cost_and_no_share_is_guessed() -> None:
    point = {
        "time": NOON * 1_000_000,
        "client_org_id": "mai_client_x",
        "model": "openai/gpt-4o",
        "user_email": "ewa@example.com",
        "tokens": 329,
        "cost_usd": Decimal("0.00106674"),
    }
    told = observation_of(point)
    assert (told.input_tokens, told.output_tokens) == (329, None)
    assert told.reported_pusd == units_of("0.00106674")
    assert told.external_user == opaque("ewa@example.com")
    assert told.generation_id == derived_id(point)
    assert derived_id(point) != derived_id({**point, "model": "other"})


def test_negative_tokens_are_refused() -> None:
    with pytest.raises(BadValue, match="negative"):
        observation_of({"time": 1, "tokens": -5})


def test_a_cost_from_the_price_book_does_not_come_back_as_a_reported_one() -> None:
    line = line_of({**EVENT, "reported_pusd": None})
    assert "reported_pusd" not in line
    told = observation_of({**EVENT, "reported_pusd": None, "time": NOON * 1_000_000})
    assert told.reported_pusd is None
    assert cost_of({**EVENT, "reported_pusd": None}) == units_of("0.00106674")
