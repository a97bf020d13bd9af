"""What a generation costs at one entry of the price book: which tokens x which price."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal, localcontext

from mai_core.money import divide_half_up, round_half_up
from mai_core.pricing.terms import DAY_MINUTES, PER_TOKEN, Pricing
from mai_core.rating import Component, Usage

_SCALE = 30
"""Unit prices are integers of 10^-30 USD: room for a price of 20 places and a discount of 10."""
_PER_PUSD = 10 ** (_SCALE - 12)

_WHERE_MISSING = {
    "audio": "prompt",
    "input_cache_read": "prompt",
    "input_cache_write": "prompt",
    "input_cache_write_1h": "input_cache_write",
    "input_audio_cache": "input_cache_read",
    "image_token": "prompt",
    "audio_output": "completion",
}
"""A key that a model does not list costs what this one does; others that it does not list cost nothing."""

_NEEDED = ("prompt", "completion")

Units = dict[str, int | None]
"""Key -> 10^-30 USD per unit after discount; None where there is no price."""


@dataclass(frozen=True, slots=True)
class ModelPrice:
    """One model's pricing from an instant on."""

    model: str
    valid_from_ms: int
    pricing: Pricing
    id: int | None = None
    source: str = "openrouter_api"
    name: str | None = None
    canonical_slug: str | None = None
    context_length: int | None = None
    alias_target: str | None = None
    _tables: dict[int, Units] = field(default_factory=dict, compare=False, repr=False)

    def cost_pusd(self, usage: Usage) -> int | None:
        """The cost in 10^-12 USD, rounded half up once; None where a price is missing for something used."""
        units = self.units_at(usage.at_ms, usage.input_tokens)
        total = 0
        for key, quantity in quantities(usage, bool(units["internal_reasoning"])):
            price = units[key]
            if price is None:
                return None
            total += quantity * price
        return divide_half_up(total, _PER_PUSD)

    def components(self, usage: Usage) -> tuple[Component, ...]:
        """The same sum, line by line, for whoever asks why."""
        units = self.units_at(usage.at_ms, usage.input_tokens)
        lines = []
        for key, quantity in quantities(usage, bool(units["internal_reasoning"])):
            price = units[key]
            if price:
                with localcontext() as context:
                    context.prec = 80
                    unit_usd = Decimal(price).scaleb(-_SCALE).normalize()
                    lines.append(Component(key, quantity, unit_usd, unit_usd * quantity))
        return tuple(lines)

    def units_at(self, at_ms: int, prompt_tokens: int) -> Units:
        """The prices in force for a prompt of this size at this time of the UTC day."""
        mask = 0
        if self.pricing.overrides:
            minute = at_ms // 60_000 % DAY_MINUTES
            for place, override in enumerate(self.pricing.overrides):
                if override.applies(minute, prompt_tokens):
                    mask |= 1 << place
        table = self._tables.get(mask)
        if table is None:
            table = self._tables[mask] = self._table(mask)
        return table

    def _table(self, mask: int) -> Units:
        listed = dict(self.pricing.base)
        for place, override in enumerate(self.pricing.overrides):
            if mask >> place & 1:
                listed.update(override.prices)
        return _units(listed, self.pricing.discount)

    @property
    def has_price(self) -> bool:
        return all(price is not None and price >= 0 for price in map(self.pricing.base.get, _NEEDED))

    def per_million(self, key: str) -> Decimal | None:
        """USD per million of the base price after discount, as price lists show it."""
        price = self._table(0)[key]
        return None if price is None else Decimal(price).scaleb(6 - _SCALE).normalize()


def _units(listed: Mapping[str, Decimal], discount: Decimal) -> Units:
    units: Units = {
        "image": 0,
        "image_output": 0,
        "request": 0,
        "web_search": 0,
        "internal_reasoning": 0,
        "prompt": None,
        "completion": None,
    }
    with localcontext() as context:
        context.prec = 80
        for key, price in listed.items():
            factor = 1 - discount if key in PER_TOKEN else Decimal(1)
            units[key] = None if price < 0 else round_half_up((price * factor).scaleb(_SCALE))
    for key, instead in _WHERE_MISSING.items():
        if key not in units:
            units[key] = units[instead]
    return units


def quantities(usage: Usage, reasoning_apart: bool) -> list[tuple[str, int]]:
    """How the tokens of a generation divide over the keys of a price. No token counts twice.

    Cached, cache-written and audio tokens are part of the prompt; reasoning is part of the completion.
    """
    left = usage.input_tokens
    cached = min(usage.cached_tokens, left)
    left -= cached
    written_1h = min(usage.cache_write_1h_tokens, left)
    written = min(usage.cache_write_tokens - written_1h, left - written_1h)
    written = max(written, 0)
    left -= written + written_1h
    audio = min(usage.audio_tokens, left)
    parts = [
        ("prompt", left - audio),
        ("input_cache_read", cached),
        ("input_cache_write", written),
        ("input_cache_write_1h", written_1h),
        ("audio", audio),
    ]
    reasoning = min(usage.reasoning_tokens, usage.output_tokens) if reasoning_apart else 0
    parts += [
        ("completion", usage.output_tokens - reasoning),
        ("internal_reasoning", reasoning),
        ("image", usage.input_images),
        ("image_output", usage.output_images),
        ("web_search", usage.searches),
        ("request", 1),
    ]
    return [(key, quantity) for key, quantity in parts if quantity]
