"""What a new list changes in the book, and when it is rather the list that is wrong."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from mai_core.errors import MaiError
from mai_core.pricing.listing import Listed, Listing
from mai_core.pricing.price import ModelPrice
from mai_core.pricing.terms import DAY_MINUTES, Pricing, pricing_text


@dataclass(frozen=True, slots=True)
class Difference:
    """One model whose price is new or changed; `before` is None for a new model."""

    listed: Listed
    pricing: Pricing
    before: ModelPrice | None
    completes: bool = False
    """The base price behind time windows became known: the standing row is completed, nothing changed in price."""


@dataclass(frozen=True, slots=True)
class Plan:
    differences: tuple[Difference, ...]
    doubtful: tuple[tuple[str, str], ...]
    """Rows that were not taken, with the reason; their last price stays."""


def plan_refresh(known: Mapping[str, ModelPrice], listing: Listing, now_ms: int) -> Plan:
    """The changes a list makes at this instant. Models that it no longer lists keep their last price; the bundled list
    gives way to whatever OpenRouter says."""
    known = {model: price for model, price in known.items() if price.source != "fallback"}
    _refuse_a_list_that_gives_everything_away(known, listing.models)
    doubtful = list(listing.refused)
    differences = []
    for listed in listing.models:
        before = known.get(listed.model)
        if before is not None and before.has_price and not listed.is_priced:
            doubtful.append((listed.model, "had a price and is now listed without one: the last price stays"))
            continue
        difference = _difference(listed, before, now_ms)
        if difference is not None:
            differences.append(difference)
    return Plan(tuple(differences), tuple(doubtful))


def _refuse_a_list_that_gives_everything_away(known: Mapping[str, ModelPrice], models: Sequence[Listed]) -> None:
    paid = [listed for listed in models if listed.model in known and _costs(known[listed.model])]
    given_away = [listed for listed in paid if listed.is_free]
    if len(given_away) > 3 and len(given_away) * 3 > len(paid):
        raise MaiError(
            f"OpenRouter's list of models cannot be trusted: {len(given_away)} of {len(paid)} paid models"
            " became free at once"
        )


def _costs(price: ModelPrice) -> bool:
    return price.has_price and any(price.pricing.base.values())


def _difference(listed: Listed, before: ModelPrice | None, now_ms: int) -> Difference | None:
    pricing = _base_pricing(listed.pricing, before, now_ms)
    if before is None:
        return Difference(listed, pricing, None)
    if pricing_text(pricing) == pricing_text(before.pricing):
        return None
    return Difference(listed, pricing, before, completes=_completes(pricing, before.pricing))


def _base_pricing(seen: Pricing, before: ModelPrice | None, now_ms: int) -> Pricing:
    """What is listed at top level during a time window is the window's price; the base is the last one seen outside."""
    of_the_hour = seen.keys_of_the_hour(now_ms // 60_000 % DAY_MINUTES)
    if not of_the_hour:
        return seen
    base: dict[str, Decimal] = {key: price for key, price in seen.base.items() if key not in of_the_hour}
    if before is not None:
        base |= {key: before.pricing.base[key] for key in of_the_hour if key in before.pricing.base}
    return Pricing(base, seen.discount, seen.overrides)


def _completes(now: Pricing, before: Pricing) -> bool:
    return (
        now.overrides == before.overrides
        and now.discount == before.discount
        and len(now.base) > len(before.base)
        and all(now.base.get(key) == price for key, price in before.base.items())
        and "prompt" not in before.base
    )
