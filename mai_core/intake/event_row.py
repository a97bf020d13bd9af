"""The row that a generation makes: its time, its day, what it costs. Pure: same fields, same book, same row."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from mai_core.days import usage_day
from mai_core.ids import generation_time_ms
from mai_core.merging import MERGED_FIELDS, Values, values_of
from mai_core.model import Observation, Rank
from mai_core.rating import Usage, rate
from mai_core.rating_book import RatingBook, as_resolved
from mai_core.store.ledger import DayKey, Facts, ranks_text_of_one

FUTURE_TOLERANCE_MS = 5 * 60 * 1000
NOT_SPLIT = "tokens_not_split"
_TOTALS_ONLY = (str(int(Rank.FLAT)), str(int(Rank.INFLUX)))
_RANK_OF_INPUT = 1 + MERGED_FIELDS.index("input_tokens")


def derive_event(
    rating_book: RatingBook,
    client_org_id: str,
    generation_id: str,
    values: Values,
    *,
    field_ranks: str,
    flags: Iterable[str],
    received_at_ms: int,
    source: str,
    now_ms: int,
    standing: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """The event row that merged fields make; `standing` is the row that it takes the place of."""
    get = values.get
    agreement = rating_book.agreement(client_org_id)
    at_ms = generation_time_ms(generation_id) or get("started_at_ms") or received_at_ms
    future = at_ms > received_at_ms + FUTURE_TOLERANCE_MS
    if future:
        at_ms = received_at_ms
    model = get("model", "")
    usage = usage_of(values, at_ms)
    price, price_flags = rating_book.prices.at(model, at_ms)
    terms = rating_book.terms_at(agreement, at_ms)
    rated = rate(
        usage,
        price,
        rating_book.sale_prices.at(client_org_id, model, at_ms),
        terms if standing is None else as_resolved(terms, standing),
        price_flags,
    )
    all_flags = {*flags, *rated.flags}
    if future:
        all_flags.add("future_time")
    if is_total_only(values, field_ranks):
        all_flags.add(NOT_SPLIT)
    return {
        "client_org_id": client_org_id,
        "generation_id": generation_id,
        "at_ms": at_ms,
        "started_at_ms": get("started_at_ms"),
        "usage_date": usage_day(at_ms, agreement.zones).isoformat(),
        "external_user": get("external_user", ""),
        "model": model,
        "provider": get("provider", ""),
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
        "estimated_pusd": get("estimated_pusd"),
        "priced_pusd": rated.priced_pusd,
        "given_charge_pusd": usage.given_charge_pusd,
        "raw_pusd": rated.raw_pusd,
        "charged_pusd": rated.charged_pusd,
        "cost_basis": rated.cost_basis,
        "markup": rated.markup,
        "markup_from": rated.markup_from,
        "price_id": rated.price_id,
        "sale_price_id": rated.sale_price_id,
        "is_byok": get("is_byok"),
        "cancelled": get("cancelled"),
        "streamed": get("streamed"),
        "finish_reason": get("finish_reason"),
        "session_id": get("session_id"),
        "api_key_name": get("api_key_name"),
        "flags": " ".join(sorted(all_flags)),
        "source": source,
        "field_ranks": field_ranks,
        "held": 0,
        "received_at_ms": received_at_ms,
        "updated_at_ms": now_ms,
    }


def first_event(
    rating_book: RatingBook, client_org_id: str, told: Observation, received_at_ms: int, now_ms: int = 0
) -> dict[str, Any]:
    """The event that one observation makes where nothing is known of its generation."""
    values = values_of(told)
    return derive_event(
        rating_book,
        client_org_id,
        told.generation_id,
        values,
        field_ranks=ranks_text_of_one(told.rank, tuple(values)),
        flags=told.flags,
        received_at_ms=received_at_ms,
        source=told.source,
        now_ms=now_ms,
    )


def is_total_only(values: Values, field_ranks: str) -> bool:
    """Old ways in know a total of tokens: all of them stand as input, no share is guessed, and a flag says so."""
    if field_ranks[_RANK_OF_INPUT] not in _TOTALS_ONLY:
        return False
    return values["input_tokens"] > 0 and "output_tokens" not in values


def usage_of(values: Values, at_ms: int) -> Usage:
    """What rating is asked about: a merged event's values by name, absent where nobody told them."""
    get = values.get
    return Usage(
        model=get("model", ""),
        at_ms=at_ms,
        input_tokens=get("input_tokens", 0),
        output_tokens=get("output_tokens", 0),
        cached_tokens=get("cached_tokens", 0),
        cache_write_tokens=get("cache_write_tokens", 0),
        cache_write_1h_tokens=get("cache_write_1h_tokens", 0),
        reasoning_tokens=get("reasoning_tokens", 0),
        audio_tokens=get("audio_tokens", 0),
        output_images=get("output_images", 0),
        searches=get("searches", 0),
        reported_pusd=get("reported_pusd"),
        upstream_pusd=get("upstream_pusd"),
        given_charge_pusd=get("given_charge_pusd"),
        is_byok=get("is_byok", False),
        cancelled=get("cancelled", False) or get("finish_reason") == "error",
        tokens_known="input_tokens" in values or "output_tokens" in values,
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
