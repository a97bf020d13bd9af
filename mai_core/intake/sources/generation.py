"""OpenRouter's own record of one generation (`GET /generation?id=`): the word that ends every argument."""

from __future__ import annotations

from typing import Any

from mai_core.errors import BadValue
from mai_core.intake import exact_json
from mai_core.intake.fields import amount, count, instant_ms, name, remark, required_name, yes_or_no
from mai_core.intake.items import parse_items
from mai_core.intake.parsed import Headers, Parsed, Source
from mai_core.model import Observation, Rank


def parse(body: bytes, headers: Headers) -> Parsed:
    document = exact_json.decode(body)
    record = document.get("data", document) if isinstance(document, dict) else document
    return parse_items([record], read_record)


def read_record(record: dict[str, Any]) -> Observation:
    """`data` of an answer. Native token counts are the billed ones; the others are OpenRouter's common measure."""
    cost = record.get("total_cost") if record.get("total_cost") is not None else record.get("usage")
    if cost is None:
        raise BadValue("total_cost", "is missing")
    is_byok = yes_or_no(record.get("is_byok"))
    return Observation(
        generation_id=required_name(record.get("id"), "id"),
        rank=Rank.GENERATION,
        source=SOURCE.name,
        started_at_ms=instant_ms(record.get("created_at"), "created_at"),
        external_user=name(record.get("external_user"), "external_user"),
        model=name(record.get("model"), "model"),
        provider=name(record.get("provider_name"), "provider_name"),
        input_tokens=_tokens(record, "native_tokens_prompt", "tokens_prompt"),
        output_tokens=_tokens(record, "native_tokens_completion", "tokens_completion"),
        cached_tokens=_tokens(record, "native_tokens_cached"),
        reasoning_tokens=_tokens(record, "native_tokens_reasoning"),
        reported_pusd=amount(cost, "total_cost"),
        upstream_pusd=amount(record.get("upstream_inference_cost"), "upstream_inference_cost") if is_byok else None,
        is_byok=is_byok,
        cancelled=yes_or_no(record.get("cancelled")),
        streamed=yes_or_no(record.get("streamed")),
        finish_reason=remark(record.get("finish_reason")),
        session_id=remark(record.get("session_id")),
    )


def _tokens(record: dict[str, Any], *names: str) -> int | None:
    for field in names:
        if record.get(field) is not None:
            return count(record[field], field)
    return None


SOURCE = Source("generation", parse)
