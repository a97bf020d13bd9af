"""The row that a generation makes: its time, its day, what it costs. Pure: same fields, same book, same row."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mai_core.days import usage_day
from mai_core.ids import generation_time_ms
from mai_core.merging import Ranked
from mai_core.model import Rank
from mai_core.rating import Usage, rate
from mai_core.rating_book import RatingBook, as_resolved
from mai_core.store.ledger import DayKey, Facts, ranks_text

FUTURE_TOLERANCE_MS = 5 * 60 * 1000
NOT_SPLIT = "tokens_not_split"


def derive_event(
    rating_book: RatingBook,
    client_org_id: str,
    generation_id: str,
    fields: Ranked,
    *,
    flags: frozenset[str],
    received_at_ms: int,
    source: str,
    source_rank: int,
    now_ms: int,
    standing: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """The event row that merged fields make; `standing` is the row that it takes the place of."""
    value = {name: pair[1] for name, pair in fields.items()}
    agreement = rating_book.agreement(client_org_id)
    at_ms = generation_time_ms(generation_id) or value.get("started_at_ms") or received_at_ms
    future = at_ms > received_at_ms + FUTURE_TOLERANCE_MS
    if future:
        at_ms = received_at_ms
    model = value.get("model", "")
    usage = usage_of(value, at_ms)
    price, price_flags = rating_book.prices.at(model, at_ms)
    terms = rating_book.terms_at(agreement, at_ms)
    rated = rate(
        usage,
        price,
        rating_book.sale_prices.at(client_org_id, model, at_ms),
        terms if standing is None else as_resolved(terms, standing),
        price_flags,
    )
    told_of_time_and_tokens = {"future_time": future, NOT_SPLIT: is_total_only(fields)}
    all_flags = {*flags, *rated.flags, *(flag for flag, holds in told_of_time_and_tokens.items() if holds)}
    return {
        "client_org_id": client_org_id,
        "generation_id": generation_id,
        "at_ms": at_ms,
        "started_at_ms": value.get("started_at_ms"),
        "usage_date": usage_day(at_ms, agreement.zones).isoformat(),
        "external_user": value.get("external_user", ""),
        "model": model,
        "provider": value.get("provider", ""),
        "input_tokens": usage.input_tokens,
        "output_tokens": usage.output_tokens,
        "cached_tokens": usage.cached_tokens,
        "cache_write_tokens": usage.cache_write_tokens,
        "cache_write_1h_tokens": usage.cache_write_1h_tokens,
        "reasoning_tokens": usage.reasoning_tokens,
        "audio_tokens": usage.audio_tokens,
        "output_images": usage.output_images,
        "searches": usage.searches,
        "reported_pusd": usage.reported_pusd,
        "upstream_pusd": usage.upstream_pusd,
        "estimated_pusd": value.get("estimated_pusd"),
        "priced_pusd": rated.priced_pusd,
        "given_charge_pusd": usage.given_charge_pusd,
        "raw_pusd": rated.raw_pusd,
        "charged_pusd": rated.charged_pusd,
        "cost_basis": rated.cost_basis,
        "markup": rated.markup,
        "markup_from": rated.markup_from,
        "price_id": rated.price_id,
        "sale_price_id": rated.sale_price_id,
        "is_byok": value.get("is_byok"),
        "cancelled": value.get("cancelled"),
        "streamed": value.get("streamed"),
        "finish_reason": value.get("finish_reason"),
        "session_id": value.get("session_id"),
        "api_key_name": value.get("api_key_name"),
        "flags": " ".join(sorted(all_flags)),
        "source": source,
        "field_ranks": ranks_text(source_rank, fields),
        "held": 0,
        "received_at_ms": received_at_ms,
        "updated_at_ms": now_ms,
    }


def is_total_only(fields: Ranked) -> bool:
    """Old ways in know a total of tokens: all of them stand as input, no share is guessed, and a flag says so."""
    rank, tokens = fields.get("input_tokens", (0, 0))
    return rank in (Rank.FLAT, Rank.INFLUX) and tokens > 0 and "output_tokens" not in fields


def usage_of(value: Mapping[str, Any], at_ms: int) -> Usage:
    """What rating is asked about: a merged event's values by name, absent where nobody told them."""
    return Usage(
        model=value.get("model", ""),
        at_ms=at_ms,
        input_tokens=value.get("input_tokens", 0),
        output_tokens=value.get("output_tokens", 0),
        cached_tokens=value.get("cached_tokens", 0),
        cache_write_tokens=value.get("cache_write_tokens", 0),
        cache_write_1h_tokens=value.get("cache_write_1h_tokens", 0),
        reasoning_tokens=value.get("reasoning_tokens", 0),
        audio_tokens=value.get("audio_tokens", 0),
        output_images=value.get("output_images", 0),
        searches=value.get("searches", 0),
        reported_pusd=value.get("reported_pusd"),
        upstream_pusd=value.get("upstream_pusd"),
        given_charge_pusd=value.get("given_charge_pusd"),
        is_byok=value.get("is_byok", False),
        cancelled=value.get("cancelled", False) or value.get("finish_reason") == "error",
        tokens_known="input_tokens" in value or "output_tokens" in value,
    )


def day_key(event: dict[str, Any]) -> DayKey:
    return DayKey(
        event["client_org_id"], event["usage_date"], event["external_user"], event["model"], event["provider"]
    )


def facts(event: dict[str, Any]) -> Facts:
    return Facts(
        requests=1,
        input_tokens=event["input_tokens"],
        output_tokens=event["output_tokens"],
        cached_tokens=event["cached_tokens"],
        cache_write_tokens=event["cache_write_tokens"],
        reasoning_tokens=event["reasoning_tokens"],
        raw_pusd=event["raw_pusd"],
        charged_pusd=event["charged_pusd"],
        unpriced_requests=int(event["cost_basis"] == "unpriced"),
        byok_requests=int(bool(event["is_byok"])),
    )
