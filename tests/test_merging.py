"""Merging is a lattice: no order of arrivals matters."""

from __future__ import annotations

from functools import reduce
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from mai_core import merging
from mai_core.merging import Disagreement, Ranked

told = st.dictionaries(
    st.sampled_from(["model", "input_tokens", "reported_pusd"]),
    st.tuples(st.integers(1, 9), st.integers(0, 5)),
    max_size=3,
)


def merged(sources: list[dict[str, Any]]) -> Ranked:
    return reduce(lambda known, more: merging.merge(known, more)[0], sources, {})


@given(st.lists(told, max_size=6).flatmap(lambda sources: st.tuples(st.just(sources), st.permutations(sources))))
def test_any_order_ends_in_the_same_fields(sources: tuple[list[dict[str, Any]], list[dict[str, Any]]]) -> None:
    in_order, shuffled = sources
    assert merged(in_order) == merged(shuffled)


@given(told)
def test_telling_twice_changes_nothing(source: dict[str, Any]) -> None:
    assert merging.merge(source, source) == (source, [])


def test_an_absent_value_never_conflicts() -> None:
    assert merging.merge({"model": (7, "a")}, {}) == ({"model": (7, "a")}, [])


def test_equals_that_differ_leave_the_smaller_value_and_say_so() -> None:
    fields, disagreements = merging.merge({"input_tokens": (7, 100)}, {"input_tokens": (7, 90)})
    assert fields == {"input_tokens": (7, 90)}
    assert disagreements == [Disagreement("input_tokens", 7, (100, 90))]
