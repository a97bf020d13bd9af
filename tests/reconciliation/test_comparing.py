"""What a difference between OpenRouter's day and ours is called; the names of a line add up to its difference."""

from __future__ import annotations

from datetime import date, timedelta
from random import Random

import pytest

from mai_core.reconciliation.comparing import (
    Recorded,
    Residual,
    compare,
    explain_by_generation,
    explain_without_generations,
    with_remainder,
)
from mai_core.reconciliation.groups import rest_of
from mai_core.upstream.openrouter_account import Billed, ProviderDay

MONDAY = date(2026, 10, 12)
CENT = 10**10


def told(cents: int, requests: int = 1, *, day: date = MONDAY, model: str = "a/x", provider: str = "P") -> ProviderDay:
    return ProviderDay(day, model, provider, requests, 10, 5, cents * CENT, 0)


def ours(
    cents: int, name: str = "gen-1", *, day: date = MONDAY, model: str = "a/x", provider: str = "P", guess: bool = False
) -> Recorded:
    return Recorded(name, "acme", day, model, provider, cents * CENT, guess)


def names(billed: list[ProviderDay], recorded: list[Recorded], unrouted: tuple[date, ...] = ()) -> list[str]:
    return [one.residual_class for one in explain_without_generations(compare(billed, recorded), unrouted)]


@pytest.mark.parametrize(
    ("billed", "recorded", "name"),
    [
        ([told(5)], [ours(5)], []),
        ([told(5, 2)], [ours(3)], ["missing_generation"]),
        ([told(5)], [ours(3)], ["cost_drift"]),
        ([told(5)], [ours(3, guess=True)], ["price_drift"]),
        ([told(5)], [ours(3), ours(4, "gen-2")], ["not_explained"]),
        ([], [ours(3)], ["not_explained"]),
        # Counted on Monday there and on Tuesday here.
        ([told(5)], [ours(5, day=MONDAY + timedelta(days=1))], ["late", "late"]),
        # The same provider under another spelling, and a provider that nobody named.
        ([told(5, provider="Google AI Studio")], [ours(5, provider="google-ai-studio")], []),
        ([told(5, provider="P"), told(6, provider="Q")], [ours(11, provider="")], []),
        ([told(5, provider="P"), told(6, provider="Q")], [ours(5)], ["missing_generation"]),
        # A routing variant is not another model.
        ([told(5, model="a/x:nitro")], [ours(5)], []),
    ],
)
def test_the_likeliest_name(billed: list[ProviderDay], recorded: list[Recorded], name: list[str]) -> None:
    assert names(billed, recorded) == name


def test_what_waits_for_a_route_explains_its_day() -> None:
    assert names([told(5, 2)], [ours(3)], (MONDAY,)) == ["unrouted"]


def test_rounding_in_binary_is_no_difference() -> None:
    billed = [ProviderDay(MONDAY, "a/x", "P", 1, 1, 1, 5 * CENT + 9_999, 0)]
    assert names(billed, [ours(5)]) == []


def test_single_generations_are_named_one_by_one() -> None:
    known = {one.generation_id: one for one in (ours(3), ours(4, "gen-2", guess=True), ours(9, "gen-3"))}
    known["gen-4"] = ours(2, "gen-4", day=MONDAY - timedelta(days=1))
    listing = [Billed(f"gen-{n}", "a/x", 5 * CENT) for n in (1, 2, 5, 6)]
    listing += [Billed("gen-3", "a/x", 9 * CENT), Billed("gen-4", "a/x", 2 * CENT)]
    on_the_day = [known["gen-1"], known["gen-2"], known["gen-3"], ours(7, "manual-1"), ours(0, "free")]
    found = explain_by_generation(MONDAY, listing, known, on_the_day, {"gen-6"})
    assert [(one.generation_id, one.residual_class) for one in found] == [
        ("gen-1", "cost_drift"),
        ("gen-2", "price_drift"),
        ("gen-5", "missing_generation"),
        ("gen-6", "unrouted"),
        ("gen-4", "late"),
        ("manual-1", "not_explained"),
    ]


@pytest.mark.parametrize("seed", range(5))
def test_the_names_of_a_day_add_up_to_its_difference(seed: int) -> None:
    random = Random(seed)
    listing = [Billed(f"gen-{n}", random.choice(["a/x", "b/y"]), random.randrange(1, 10**12)) for n in range(40)]
    recorded = [
        Recorded(one.generation_id, "acme", MONDAY, one.model, "P", one.cost_pusd + random.choice((0, 10**9)), False)
        for one in random.sample(listing, 25)
    ]
    costs = {model: sum(one.cost_pusd for one in listing if one.model == model) for model in ("a/x", "b/y")}
    billed = [ProviderDay(MONDAY, model, "P", 1, 1, 1, cost + 77 * CENT, 0) for model, cost in costs.items()]
    explained = explain_by_generation(
        MONDAY, listing, {one.generation_id: one for one in recorded}, recorded, frozenset()
    )
    named = with_remainder(compare(billed, recorded), explained)
    difference = sum(one.cost_pusd for one in billed) - sum(one.cost_pusd for one in recorded)
    assert sum(one.difference_pusd for one in named) == difference
    assert [one.difference_pusd for one in named if one.residual_class == "not_explained"] == [77 * CENT] * 2


def test_nothing_left_over_adds_no_line() -> None:
    explained = [Residual(MONDAY, "a/x", "P", "cost_drift", 5 * CENT, 3 * CENT, "gen-1")]
    assert with_remainder(compare([told(5)], [ours(3)]), explained) == explained


def test_the_rest_of_an_account_is_what_no_key_has() -> None:
    whole = [told(5, 3), told(7, model="b/y")]
    (rest, other) = rest_of(whole, [[told(3)]])
    assert (rest.requests, rest.cost_pusd, other) == (2, 2 * CENT, whole[1])
    assert rest_of([told(5)], [[told(5)]]) == []
