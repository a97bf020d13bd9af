"""What a new list changes, and when the list is not believed."""

from __future__ import annotations

import json
from typing import Any

import pytest

from mai_core.days import parse_instant_ms
from mai_core.errors import MaiError
from mai_core.pricing import ModelPrice, Plan, parse_models, plan_refresh, pricing_of, pricing_text
from tests.pricing.listed import model

NOON = parse_instant_ms("2026-10-14T12:00:00Z")
NIGHT = parse_instant_ms("2026-10-14T22:00:00Z")
CHEAP_NIGHTS = [{"utc_start": 2000, "utc_end": 600, "prompt": "0.000001"}]


def standing(name: str = "acme/large", source: str = "openrouter_api", **pricing: Any) -> dict[str, ModelPrice]:
    raw = {"prompt": "0.000003", "completion": "0.000015", **pricing}
    raw = {key: value for key, value in raw.items() if value is not None}
    return {name: ModelPrice(model=name, valid_from_ms=5, pricing=pricing_of(raw), source=source)}


def plan(known: dict[str, ModelPrice], *rows: dict[str, Any], at: int = NOON) -> Plan:
    return plan_refresh(known, parse_models(list(rows)), at)


def changes(known: dict[str, ModelPrice], *rows: dict[str, Any], at: int = NOON) -> list[dict[str, Any]]:
    return [json.loads(pricing_text(difference.pricing)) for difference in plan(known, *rows, at=at).differences]


def test_the_same_list_changes_nothing() -> None:
    assert changes(standing(), model()) == []


def test_a_new_model_and_a_new_price() -> None:
    (new,) = plan({}, model()).differences
    assert (new.before, new.completes) == (None, False)
    assert changes(standing(), model(prompt="0.000002")) == [{"prompt": "0.000002", "completion": "0.000015"}]


def test_a_model_that_is_no_longer_listed_keeps_its_price() -> None:
    assert changes({**standing("acme/old"), **standing()}, model()) == []


def test_a_price_that_disappears_is_doubted() -> None:
    result = plan(standing(), model(prompt="-1", completion="-1"))
    assert result.differences == ()
    assert result.doubtful == (("acme/large", "had a price and is now listed without one: the last price stays"),)


def test_the_bundled_list_gives_way_to_openrouter_even_at_the_same_price() -> None:
    (difference,) = plan(standing(source="fallback"), model()).differences
    assert difference.before is None


def test_a_list_that_gives_everything_away_is_not_believed() -> None:
    known = {name: price for number in range(6) for name, price in standing(f"acme/{number}").items()}
    free = [model(f"acme/{number}", prompt="0", completion="0") for number in range(4)]
    with pytest.raises(MaiError, match="4 of 6 paid models became free at once"):
        plan(known, *free, model("acme/4"), model("acme/5"))
    assert len(changes(known, free[0], *(model(f"acme/{number}") for number in range(1, 6)))) == 1


def test_seen_outside_its_window_the_top_level_price_is_the_base() -> None:
    assert changes({}, model(overrides=CHEAP_NIGHTS))[0]["prompt"] == "0.000003"


def test_seen_inside_its_window_the_base_stays_the_last_one_seen_outside() -> None:
    known = standing(overrides=CHEAP_NIGHTS)
    assert changes(known, model(prompt="0.000001", overrides=CHEAP_NIGHTS), at=NIGHT) == []
    (changed,) = changes(known, model(prompt="0.000001", completion="0.00002", overrides=CHEAP_NIGHTS), at=NIGHT)
    assert (changed["prompt"], changed["completion"]) == ("0.000003", "0.00002")


def test_a_base_never_seen_is_not_guessed_and_completed_when_seen() -> None:
    (first,) = changes({}, model(prompt="0.000001", overrides=CHEAP_NIGHTS), at=NIGHT)
    assert "prompt" not in first
    (completed,) = plan(standing(prompt=None, overrides=CHEAP_NIGHTS), model(overrides=CHEAP_NIGHTS)).differences
    assert completed.completes
    (other,) = plan(standing(prompt=None, overrides=CHEAP_NIGHTS), model()).differences
    assert not other.completes
