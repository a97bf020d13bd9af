"""Reading OpenRouter's list: what it may say, and what it may not."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mai_core.errors import BadValue, MaiError
from mai_core.pricing import parse_models, pricing_of, pricing_text
from mai_core.store import bundled_prices
from tests.pricing.listed import model


def test_the_example_of_the_documentation() -> None:
    listing = parse_models(
        {"data": [model("openai/gpt-4", prompt="0.00003", completion="0.00006", request="0", image="0")]}
    )
    (gpt,) = listing.models
    assert (gpt.model, gpt.name, gpt.context_length) == ("openai/gpt-4", "openai/gpt-4 by name", 8192)
    assert gpt.pricing.base["completion"] == Decimal("0.00006")
    assert gpt.is_priced
    assert not gpt.is_free


def test_minus_one_is_no_price_and_zero_is_free() -> None:
    auto, free = parse_models(
        [model("openrouter/auto", prompt="-1", completion="-1"), model("a/b:free", prompt="0", completion="0")]
    ).models
    assert (auto.is_priced, auto.is_free) == (False, False)
    assert (free.is_priced, free.is_free) == (True, True)


def test_an_alias_says_what_it_stands_for() -> None:
    row = {**model("~acme/large-latest"), "alias_target": {"slug": "acme/large-3", "name": "Large 3"}}
    assert parse_models([row]).models[0].alias_target == "acme/large-3"


@pytest.mark.parametrize(
    ("pricing", "reason"),
    [
        ({"prompt": "NaN", "completion": "0"}, "prompt: is not a finite number"),
        ({"prompt": "-0.5", "completion": "0"}, "prompt: is negative"),
        ({"prompt": "free", "completion": "0"}, "prompt: is not a number"),
        ({"prompt": "3", "completion": "15"}, "prompt: is implausible"),
        ({"prompt": "0.1", "completion": "0", "request": "5000"}, "request: is implausible"),
        ({"completion": "0"}, "prompt: has no price"),
        ({"prompt": "0", "completion": "0", "discount": 2}, "discount: is not between 0 and 1"),
        ({"prompt": "0", "completion": "0", "overrides": {}}, None),
        ({"prompt": "0", "completion": "0", "overrides": "x"}, "overrides: is not a list"),
        ({"prompt": "0", "completion": "0", "overrides": [{}] * 101}, "overrides: has more than 100 entries"),
        ({"prompt": "0", "completion": "0", "overrides": [1]}, "overrides: has an entry that is not an object"),
        ({"prompt": "0", "completion": "0", "overrides": [{"weekday": 1}]}, "overrides: has a condition or price"),
        (
            {"prompt": "0", "completion": "0", "overrides": [{"utc_start": 1260, "utc_end": 0}]},
            "utc_start/utc_end: 1260",
        ),
        (
            {"prompt": "0", "completion": "0", "overrides": [{"min_prompt_tokens": -1}]},
            "min_prompt_tokens: is not a whole",
        ),
        ("cheap", "pricing: is not an object"),
    ],
)
def test_a_row_that_cannot_be_taken_drops_itself_and_says_why(pricing: Any, reason: str | None) -> None:
    good = [model(f"acme/{number}") for number in range(9)]
    listing = parse_models([*good, {"id": "bad/one", "pricing": pricing}])
    if reason is None:
        assert listing.refused == ()
        return
    assert len(listing.models) == 9
    ((name, said),) = listing.refused
    assert name == "bad/one"
    assert said.startswith(reason)


@pytest.mark.parametrize("answer", [[], {"data": []}, {"data": "x"}, "text", None, {}, 5])
def test_an_answer_that_is_no_list_is_refused(answer: object) -> None:
    with pytest.raises(MaiError, match="OpenRouter"):
        parse_models(answer)


def test_a_list_with_too_many_bad_rows_is_not_trusted() -> None:
    rows = [model("acme/good"), {"id": "x", "pricing": {}}, "text"]
    with pytest.raises(MaiError, match="2 of 3 rows are unusable"):
        parse_models(rows)


def test_rows_without_a_usable_name_are_refused() -> None:
    good = [model(f"acme/{number}") for number in range(9)]
    assert parse_models([*good, {**model("x"), "id": ""}]).refused == (("", "id: is missing"),)
    assert parse_models([*good, ["row"]]).refused == (("row 9", "model: is not an object"),)


PRICES = st.decimals(0, 1, places=12).map(str)
KEYS = st.sampled_from(["input_cache_read", "audio", "internal_reasoning", "input_cache_write_1h"])
WINDOWS = st.fixed_dictionaries(
    {"utc_start": st.sampled_from([0, 30, 1630]), "utc_end": st.sampled_from([0, 900, 2359])}
)


@given(
    st.dictionaries(KEYS, PRICES),
    PRICES,
    st.decimals(0, 1, places=3),
    st.lists(st.builds(lambda window, price: {**window, "prompt": price}, WINDOWS, PRICES), max_size=3),
)
def test_what_is_stored_means_what_was_listed(
    more: dict[str, str], prompt: str, discount: Decimal, overrides: list[dict[str, Any]]
) -> None:
    listed = pricing_of({"prompt": prompt, "completion": "0", **more, "discount": discount, "overrides": overrides})
    text = pricing_text(listed)
    again = pricing_of(json.loads(text))
    assert again == listed
    assert pricing_text(again) == text


def test_the_same_price_in_other_words_is_the_same_text() -> None:
    one = pricing_of({"prompt": "0.0000030", "completion": "1.5e-5", "discount": 0, "overrides": []})
    other = pricing_of({"completion": "0.000015", "prompt": Decimal("0.000003"), "image": None})
    assert pricing_text(one) == pricing_text(other) == '{"completion":"0.000015","prompt":"0.000003"}'


def test_a_missing_end_of_a_window_is_midnight() -> None:
    assert pricing_of({"overrides": [{"utc_start": 1200, "prompt": "0"}]}).overrides[0].window == (720, 0)
    assert pricing_of({"overrides": [{"utc_end": 2400, "prompt": "0"}]}).overrides[0].window == (0, 0)
    with pytest.raises(BadValue):
        pricing_of({"overrides": [{"utc_end": 2401, "prompt": "0"}]})


def test_the_bundled_list_is_whole() -> None:
    listing, since_ms = bundled_prices.listing()
    assert listing.refused == ()
    assert len(listing.models) >= 60
    assert since_ms > 0
    assert {price.source for price in bundled_prices.model_prices()} == {"fallback"}
