"""One model's pricing as OpenRouter words it: keys, discount, conditional overrides."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from mai_core.errors import BadValue
from mai_core.money import exact_decimal, plain_text

PER_TOKEN = (
    "prompt",
    "completion",
    "audio",
    "audio_output",
    "image_token",
    "input_audio_cache",
    "input_cache_read",
    "input_cache_write",
    "input_cache_write_1h",
    "internal_reasoning",
)
PER_UNIT = ("image", "image_output", "request", "web_search")
KEYS = (*PER_TOKEN, *PER_UNIT)

DEAREST_TOKEN = Decimal(1)
DEAREST_UNIT = Decimal(1000)
"""Nothing costs that much; a list that says so is wrong."""

MOST_OVERRIDES = 100

NO_PRICE = Decimal(-1)
"""How OpenRouter writes 'depends on the routed model'. Never free."""

DAY_MINUTES = 24 * 60


@dataclass(frozen=True, slots=True)
class Override:
    """Prices that count instead of the base while all conditions hold."""

    prices: Mapping[str, Decimal]
    above_prompt_tokens: int | None = None
    """Strictly more prompt tokens than this."""
    window: tuple[int, int] | None = None
    """[start, end) in minutes of the UTC day; may wrap midnight; start = end is the whole day."""

    @property
    def is_time_window(self) -> bool:
        return self.window is not None and self.above_prompt_tokens is None

    def applies(self, minute: int, prompt_tokens: int) -> bool:
        if self.above_prompt_tokens is not None and prompt_tokens <= self.above_prompt_tokens:
            return False
        return self.window is None or _inside(minute, *self.window)


def _inside(minute: int, start: int, end: int) -> bool:
    if start == end:
        return True
    if start < end:
        return start <= minute < end
    return minute >= start or minute < end


@dataclass(frozen=True, slots=True)
class Pricing:
    """USD per unit, before discount. A negative price means that there is none."""

    base: Mapping[str, Decimal]
    discount: Decimal = Decimal(0)
    overrides: tuple[Override, ...] = ()

    def keys_of_the_hour(self, minute: int) -> frozenset[str]:
        """Keys whose top-level price, seen at this minute, is a window's price and not the base."""
        return frozenset(
            key
            for override in self.overrides
            if override.is_time_window and override.applies(minute, 0)
            for key in override.prices
        )


def pricing_of(raw: object) -> Pricing:
    """OpenRouter's `pricing` object, or what `pricing_text` wrote. Raises BadValue naming the key."""
    if not isinstance(raw, Mapping):
        raise BadValue("pricing", "is not an object")
    base = {key: _price(key, raw[key]) for key in KEYS if raw.get(key) is not None}
    discount = Decimal(0) if raw.get("discount") is None else exact_decimal(raw["discount"], "discount")
    if not 0 <= discount <= 1:
        raise BadValue("discount", "is not between 0 and 1")
    overrides = raw.get("overrides") or []
    if not isinstance(overrides, list):
        raise BadValue("overrides", "is not a list")
    if len(overrides) > MOST_OVERRIDES:
        raise BadValue("overrides", f"has more than {MOST_OVERRIDES} entries")
    return Pricing(base, discount, tuple(_override(entry) for entry in overrides))


def _price(key: str, value: Any) -> Decimal:
    price = exact_decimal(value, key)
    if price == NO_PRICE:
        return NO_PRICE
    if price < 0:
        raise BadValue(key, f"is negative ({price})")
    if price > (DEAREST_TOKEN if key in PER_TOKEN else DEAREST_UNIT):
        raise BadValue(key, f"is implausible ({price} USD each)")
    return price


def _override(entry: object) -> Override:
    if not isinstance(entry, Mapping):
        raise BadValue("overrides", "has an entry that is not an object")
    unknown = sorted(set(entry) - {*KEYS, "min_prompt_tokens", "utc_start", "utc_end"})
    if unknown:
        raise BadValue("overrides", f"has a condition or price that is not known: {str(unknown[0])[:40]}")
    prices = {key: _price(key, entry[key]) for key in KEYS if entry.get(key) is not None}
    above = entry.get("min_prompt_tokens")
    if above is not None:
        above = _whole(above, "min_prompt_tokens")
    start, end = entry.get("utc_start"), entry.get("utc_end")
    window = None
    if start is not None or end is not None:
        window = (0 if start is None else _minute(start), 0 if end is None else _minute(end))
    return Override(prices, above, window)


def _whole(value: Any, key: str) -> int:
    number = exact_decimal(value, key)
    if number < 0 or number != number.to_integral_value():
        raise BadValue(key, "is not a whole number")
    return int(number)


def _minute(value: Any) -> int:
    """HHMM as a number: 30 is 00:30, 1630 is 16:30; 2400 is midnight."""
    hours, minutes = divmod(_whole(value, "utc_start/utc_end"), 100)
    if minutes > 59 or hours * 60 + minutes > DAY_MINUTES:
        raise BadValue("utc_start/utc_end", f"{value} is not a time of day as HHMM")
    return (hours * 60 + minutes) % DAY_MINUTES


def pricing_text(pricing: Pricing) -> str:
    """One text for one meaning: two lists that say the same give the same bytes."""
    shown: dict[str, Any] = _texts(pricing.base)
    if pricing.discount:
        shown["discount"] = plain_text(pricing.discount)
    if pricing.overrides:
        shown["overrides"] = [_override_shown(override) for override in pricing.overrides]
    return json.dumps(shown, sort_keys=True, separators=(",", ":"))


def _override_shown(override: Override) -> dict[str, Any]:
    shown: dict[str, Any] = _texts(override.prices)
    if override.above_prompt_tokens is not None:
        shown["min_prompt_tokens"] = override.above_prompt_tokens
    if override.window is not None:
        start, end = override.window
        shown["utc_start"], shown["utc_end"] = _hhmm(start), _hhmm(end)
    return shown


def _texts(prices: Mapping[str, Decimal]) -> dict[str, Any]:
    return {key: plain_text(price) for key, price in prices.items()}


def _hhmm(minute: int) -> int:
    return minute // 60 * 100 + minute % 60
