"""The price of a model at an instant, by whatever name it goes."""

from __future__ import annotations

from typing import Any

import pytest

from mai_core.money import shortest_text
from mai_core.pricing import ModelPrice, PriceBook, pricing_of
from mai_core.pricing import book as book_module
from mai_core.rating import Usage

JULY, AUGUST = 1_000, 2_000


def priced(model: str, prompt: str, since: int = JULY, **more: Any) -> ModelPrice:
    return ModelPrice(
        model=model, valid_from_ms=since, pricing=pricing_of({"prompt": prompt, "completion": prompt}), **more
    )


def of_million(book: PriceBook, model: str, at_ms: int = JULY) -> tuple[str | None, tuple[str, ...]]:
    price, flags = book.at(model, at_ms)
    if price is None:
        return None, flags
    cost = price.cost_pusd(Usage(model=model, at_ms=at_ms, input_tokens=1_000_000))
    return (None if cost is None else shortest_text(cost)), flags


HISTORY = PriceBook(
    [
        priced("acme/large", "0.000002", AUGUST),
        priced("acme/large", "0.000003", JULY, canonical_slug="acme/large-2026-01-01"),
        priced("acme/large:free", "0", JULY, canonical_slug="acme/large-2026-01-01"),
        priced("acme/large:batch", "0.000001", JULY),
        priced("~acme/latest", "-1", JULY, alias_target="acme/large"),
        priced("~acme/own", "0.000009", JULY, alias_target="acme/large"),
        priced("only/here:free", "0", JULY, canonical_slug="only/here-1"),
    ]
)


@pytest.mark.parametrize(
    ("at_ms", "expected"),
    [
        (JULY, ("3", ())),
        (AUGUST - 1, ("3", ())),
        (AUGUST, ("2", ())),
        (AUGUST + 10**9, ("2", ())),
        (JULY - 1, ("3", ("price_before_first_known",))),
    ],
    ids=["from then on", "until the next", "the next", "for ever", "before the first: the earliest, flagged"],
)
def test_the_price_in_force(at_ms: int, expected: tuple[str, tuple[str, ...]]) -> None:
    assert of_million(HISTORY, "acme/large", at_ms) == expected


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("acme/large-2026-01-01", ("3", ())),
        ("acme/large:free", ("0", ())),
        ("acme/large-2026-01-01:free", ("0", ())),
        ("acme/large:batch", ("1", ())),
        ("acme/large:nitro", ("3", ("price_of_base_model",))),
        ("acme/large:floor", ("3", ("price_of_base_model",))),
        ("acme/large:online", ("3", ("price_of_base_model",))),
        ("acme/large:exacto", ("3", ("price_of_base_model",))),
        ("acme/large-2026-01-01:nitro", ("3", ("price_of_base_model",))),
        ("acme/large:extended", (None, ())),
        ("~acme/latest", ("3", ())),
        ("~acme/own", ("9", ())),
        ("only/here", (None, ())),
        ("only/here-1", (None, ())),
        ("acme/unheard-of", (None, ())),
        ("acme/unheard-of:nitro", (None, ())),
        ("", (None, ())),
    ],
)
def test_the_names_of_a_model(name: str, expected: tuple[str | None, tuple[str, ...]]) -> None:
    assert of_million(HISTORY, name) == expected


def test_a_free_offer_never_takes_the_price_of_the_paid_model_nor_the_other_way() -> None:
    book = PriceBook([priced("acme/large", "0.000003"), priced("acme/small:free", "0")])
    assert of_million(book, "acme/large:free") == (None, ())
    assert of_million(book, "acme/small") == (None, ())


def test_the_bundled_list_speaks_only_for_models_that_openrouter_never_listed() -> None:
    book = PriceBook(
        [
            priced("acme/large", "0.000009", JULY, source="fallback"),
            priced("acme/large", "0.000003", AUGUST),
            priced("acme/small", "0.000001", JULY, source="fallback"),
        ]
    )
    assert of_million(book, "acme/large", JULY) == ("3", ("price_before_first_known",))
    assert of_million(book, "acme/small", JULY) == ("1", ("fallback_price",))


def test_a_book_can_be_read() -> None:
    assert [price.valid_from_ms for price in HISTORY.history("acme/large:nitro")] == [JULY, AUGUST]
    assert HISTORY.history("nobody") == []
    assert [price.model for price in HISTORY.latest()][:2] == ["acme/large", "acme/large:batch"]
    assert len(HISTORY) == 6
    auto = PriceBook([priced("a/auto", "-1")]).latest()[0]
    assert auto.per_million("prompt") is None
    assert not auto.has_price


def test_names_without_end_do_not_fill_the_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(book_module, "MOST_REMEMBERED", 3)
    book = PriceBook([priced("acme/large", "0.000003")])
    for number in range(10):
        assert of_million(book, f"made/up-{number}") == (None, ())
        assert of_million(book, "acme/large") == ("3", ())
    assert len(book._found) <= 3
