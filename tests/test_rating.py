"""From a generation to what is charged: examples for a bookkeeper. Amounts in USD."""

from __future__ import annotations

from decimal import Decimal
from itertools import permutations
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mai_core.money import multiply, shortest_text, units_of
from mai_core.pricing import ModelPrice, pricing_of
from mai_core.rating import Rated, Terms, Usage, rate
from mai_core.sale_prices import SalePrice, SalePrices

LIST = ModelPrice(
    model="acme/large",
    valid_from_ms=0,
    id=7,
    pricing=pricing_of({"prompt": "0.000003", "completion": "0.000015", "request": "0.0001"}),
)
ROUTER = ModelPrice(model="a/auto", valid_from_ms=0, id=8, pricing=pricing_of({"prompt": "-1", "completion": "-1"}))
OWN = SalePrice(
    id=3,
    client_org_id=None,
    model="acme/large",
    effective_from_ms=0,
    input_per_million=Decimal(5),
    output_per_million=Decimal(20),
    cached_per_million=Decimal("0.5"),
    per_request=Decimal("0.001"),
)
TERMS = Terms(Decimal("1.3"), "client")
WITH_UPSTREAM = Terms(Decimal("1.3"), "client", byok_include_upstream=True)


def rated(price: ModelPrice | None = LIST, own: SalePrice | None = None, terms: Terms = TERMS, **used: Any) -> Rated:
    for name in ("reported", "upstream", "given_charge"):
        if name in used:
            used[f"{name}_pusd"] = units_of(used.pop(name))
    return rate(Usage(**{"model": "acme/large", "at_ms": 1, **used}), price, own, terms)


THOUSAND: dict[str, Any] = {"input_tokens": 1000, "output_tokens": 100}
"""0.0046 by the list."""

CASES: list[tuple[str, dict[str, Any], tuple[str, str, str], tuple[str, ...]]] = [
    ("reported, at 1.3", {**THOUSAND, "reported": "0.10"}, ("0.1", "0.13", "reported"), ()),
    ("not reported: the list", THOUSAND, ("0.0046", "0.00598", "price_book"), ()),
    ("reported as nothing is nothing", {**THOUSAND, "reported": "0"}, ("0", "0", "reported"), ()),
    ("no price known", {**THOUSAND, "price": None}, ("0", "0", "unpriced"), ("unpriced",)),
    ("a router has no price", {**THOUSAND, "price": ROUTER}, ("0", "0", "unpriced"), ("unpriced",)),
    ("a router that reports", {**THOUSAND, "price": ROUTER, "reported": "0.2"}, ("0.2", "0.26", "reported"), ()),
    ("tokens nobody told", {"tokens_known": False}, ("0", "0", "unpriced"), ("unpriced",)),
    ("tokens nobody told, but the cost", {"tokens_known": False, "reported": "1"}, ("1", "1.3", "reported"), ()),
    (
        "tokens nobody told: an own price has nothing to count, so the cost at 1.3",
        {"tokens_known": False, "reported": "1", "own": OWN},
        ("1", "1.3", "reported"),
        (),
    ),
    (
        "own key, stopped before the first word, and the provider took something",
        {"is_byok": True, "cancelled": True, "reported": "0", "upstream": "0.004", "terms": WITH_UPSTREAM},
        ("0.004", "0.0052", "reported"),
        (),
    ),
    ("a hit of the response cache", {"reported": "0"}, ("0", "0", "reported"), ()),
    ("the same without a cost", {}, ("0", "0", "price_book"), ()),
    ("the same for a model without a price", {"price": None}, ("0", "0", "price_book"), ()),
    (
        "stopped before the first word",
        {"input_tokens": 1000, "cancelled": True},
        ("0", "0", "price_book"),
        (),
    ),
    ("stopped in the middle", {**THOUSAND, "cancelled": True}, ("0.0046", "0.00598", "price_book"), ()),
    (
        "stopped, and OpenRouter took something",
        {"input_tokens": 1000, "cancelled": True, "reported": "0.003"},
        ("0.003", "0.0039", "reported"),
        (),
    ),
    ("an embedding has no answer", {"input_tokens": 1000}, ("0.0031", "0.00403", "price_book"), ()),
    (
        "own key: only the fee",
        {**THOUSAND, "is_byok": True, "reported": "0.0002", "upstream": "0.0046"},
        ("0.0002", "0.00026", "reported"),
        (),
    ),
    (
        "own key with upstream agreed: fee and upstream",
        {**THOUSAND, "is_byok": True, "reported": "0.0002", "upstream": "0.0046", "terms": WITH_UPSTREAM},
        ("0.0048", "0.00624", "reported"),
        (),
    ),
    (
        "own key, upstream agreed but not told: fee and list",
        {**THOUSAND, "is_byok": True, "reported": "0.0002", "terms": WITH_UPSTREAM},
        ("0.0048", "0.00624", "price_book"),
        ("byok_upstream_from_price_book",),
    ),
    (
        "own key, upstream agreed, neither told nor listed",
        {**THOUSAND, "is_byok": True, "reported": "0.0002", "terms": WITH_UPSTREAM, "price": None},
        ("0.0002", "0.00026", "reported"),
        ("byok_upstream_unknown",),
    ),
    (
        "own key, upstream told, fee not",
        {**THOUSAND, "is_byok": True, "upstream": "0.0046", "terms": WITH_UPSTREAM},
        ("0.0046", "0.00598", "reported"),
        ("byok_fee_unknown",),
    ),
    (
        "own key, nothing told, nothing listed",
        {**THOUSAND, "is_byok": True, "terms": WITH_UPSTREAM, "price": None},
        ("0", "0", "unpriced"),
        ("byok_fee_unknown", "byok_upstream_unknown", "unpriced"),
    ),
    (
        "a hit of the response cache with an own key",
        {"is_byok": True},
        ("0", "0", "price_book"),
        (),
    ),
    (
        "own key, fee not told: unpriced, not the list",
        {**THOUSAND, "is_byok": True},
        ("0", "0", "unpriced"),
        ("byok_fee_unknown", "unpriced"),
    ),
    (
        "own price instead of the markup: 1000 x 5 + 100 x 20 per million + 0.001",
        {**THOUSAND, "reported": "0.10", "own": OWN},
        ("0.1", "0.008", "reported"),
        (),
    ),
    (
        "own price with 400 cached: 600 x 5 + 400 x 0.50 + 100 x 20 + 0.001",
        {**THOUSAND, "cached_tokens": 400, "own": OWN},
        ("0.0046", "0.0062", "price_book"),
        (),
    ),
    ("own price of what nobody delivered", {"cancelled": True, "own": OWN}, ("0", "0", "price_book"), ()),
    ("a free model at an own price", {**THOUSAND, "reported": "0", "own": OWN}, ("0", "0.008", "reported"), ()),
    ("given by hand is final", {**THOUSAND, "reported": "1", "given_charge": "7"}, ("1", "7", "given"), ()),
    ("given wins over an own price", {**THOUSAND, "given_charge": "7", "own": OWN}, ("0.0046", "7", "given"), ()),
    (
        "more cached than sent",
        {**THOUSAND, "cached_tokens": 2000, "reported": "0.1"},
        ("0.1", "0.13", "reported"),
        ("cached_over_prompt",),
    ),
    ("a refund", {**THOUSAND, "reported": "-0.10"}, ("-0.1", "-0.13", "reported"), ()),
]


@pytest.mark.parametrize(("told", "amounts", "flags"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_a_generation_is_rated(told: dict[str, Any], amounts: tuple[str, str, str], flags: tuple[str, ...]) -> None:
    result = rated(**told)
    assert (shortest_text(result.raw_pusd), shortest_text(result.charged_pusd), result.cost_basis) == amounts
    assert result.flags == flags


def test_both_the_reported_and_the_listed_cost_are_kept() -> None:
    result = rated(**THOUSAND, reported="0.10")
    assert (shortest_text(result.priced_pusd or 0), result.price_id, result.markup) == ("0.0046", 7, "1.3")


def test_the_row_says_what_the_charge_comes_from() -> None:
    assert (rated(own=OWN, **THOUSAND).markup_from, rated(own=OWN, **THOUSAND).sale_price_id) == ("sale_price", 3)
    assert (rated(**THOUSAND).markup_from, rated(**THOUSAND).sale_price_id) == ("client", None)
    given = rated(own=OWN, given_charge="1", **THOUSAND)
    assert (given.markup_from, given.sale_price_id) == ("given", None)


def test_a_doubtful_price_is_flagged_only_where_it_was_used() -> None:
    usage = Usage(model="acme/large", at_ms=1, input_tokens=1)
    assert rate(usage, LIST, None, TERMS, ("fallback_price",)).flags == ("fallback_price",)
    reported = Usage(model="acme/large", at_ms=1, input_tokens=1, reported_pusd=1)
    assert rate(reported, LIST, None, TERMS, ("fallback_price",)).flags == ()


@given(st.integers(-(10**18), 10**18), st.decimals("0.01", 1000, places=4))
def test_charged_is_the_cost_times_the_markup_rounded_half_up_once(reported: int, markup: Decimal) -> None:
    usage = Usage(model="acme/large", at_ms=1, input_tokens=1, reported_pusd=reported)
    result = rate(usage, LIST, None, Terms(markup, "client"))
    assert (result.raw_pusd, result.charged_pusd) == (reported, multiply(reported, markup))


def test_the_same_events_in_any_order_give_the_same_amounts() -> None:
    events = [
        Usage(model="acme/large", at_ms=number, input_tokens=number * 997, output_tokens=number * 13)
        for number in range(1, 6)
    ]
    fresh = [rate(event, LIST, OWN if event.at_ms % 2 else None, TERMS) for event in events]
    for order in permutations(range(5)):
        again = {place: rate(events[place], LIST, OWN if events[place].at_ms % 2 else None, TERMS) for place in order}
        assert [again[place] for place in range(5)] == fresh


def test_an_own_price_explains_itself_line_by_line() -> None:
    usage = Usage(model="acme/large", at_ms=1, input_tokens=1000, cached_tokens=400, output_tokens=100)
    lines = [(line.key, line.quantity, f"{line.amount_usd.normalize():f}") for line in OWN.components(usage)]
    assert lines == [
        ("input", 600, "0.003"),
        ("cached", 400, "0.0002"),
        ("output", 100, "0.002"),
        ("request", 1, "0.001"),
    ]


def own_price(
    number: int, since: int, client: str | None = "c1", model: str = "acme/large", ended: bool = False
) -> SalePrice:
    return SalePrice(number, client, model, since, Decimal(number), Decimal(number), ended=ended)


PRICES = SalePrices(
    [
        own_price(1, 100),
        own_price(2, 200),
        own_price(3, 300, ended=True),
        own_price(4, 150, client=None),
        own_price(5, 100, client="c2", model="acme/small"),
    ],
    {"acme/large-2026": "acme/large", "acme/large:nitro": "acme/large"}.get,
)


@pytest.mark.parametrize(
    ("client", "model", "at_ms", "number"),
    [
        ("c1", "acme/large", 99, None),
        ("c1", "acme/large", 100, 1),
        ("c1", "acme/large", 199, 1),
        ("c1", "acme/large", 200, 2),
        ("c1", "acme/large", 300, 4),
        ("c2", "acme/large", 149, None),
        ("c2", "acme/large", 150, 4),
        ("c2", "acme/small", 100, 5),
        ("c1", "acme/small", 100, None),
        ("c1", "acme/large-2026", 100, 1),
        ("c1", "acme/large:nitro", 250, 2),
        ("c1", "acme/large:free", 250, None),
    ],
)
def test_the_own_price_in_force(client: str, model: str, at_ms: int, number: int | None) -> None:
    found = PRICES.at(client, model, at_ms)
    assert (found.id if found else None) == number


def test_without_own_prices_there_is_none() -> None:
    assert SalePrices([]).at("c1", "acme/large", 1) is None
