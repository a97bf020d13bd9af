"""CloudEvents 1.0 as OpenMeter takes them: `id` is the generation, `subject` the person, `data` the usage object of a
completion with `model` and `provider`.

    {"specversion": "1.0", "type": "completion", "id": "gen-1795176000-abc", "source": "my-gateway",
     "time": "2026-11-20T12:00:00Z", "subject": "customer-1",
     "data": {"model": "openai/gpt-4o", "prompt_tokens": 194, "completion_tokens": 2, "cost": 0.00095}}

In binary mode the attributes are headers (`ce-id`, ...) and the body is `data` alone.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote

from mai_core.errors import BadValue
from mai_core.intake import exact_json
from mai_core.intake.fields import instant_ms, mapping, name, remark, required_name, yes_or_no
from mai_core.intake.items import one_or_many, parse_items
from mai_core.intake.parsed import Headers, Parsed, Source
from mai_core.intake.usage_object import read_usage
from mai_core.model import Observation, Rank

_BINARY = "ce-"


def parse(body: bytes, headers: Headers) -> Parsed:
    document = exact_json.decode(body)
    if _BINARY + "specversion" in headers:
        told = {key.removeprefix(_BINARY): unquote(headers[key]) for key in headers if key.startswith(_BINARY)}
        document = {**told, "data": document}
    return parse_items(one_or_many(document), read_event)


def read_event(item: dict[str, Any]) -> Observation:
    if item.get("specversion") not in ("1.0", "1.0.2"):
        raise BadValue("specversion", 'is not "1.0"')
    required_name(item.get("type"), "type")
    required_name(item.get("source"), "source")
    data = _data(item)
    usage = {**data, **mapping(data.get("usage"), "usage")}
    told = read_usage(usage)
    if told["input_tokens"] is None and told["output_tokens"] is None and told["reported_pusd"] is None:
        raise BadValue("data", "has neither token counts nor a cost")
    return Observation(
        generation_id=required_name(item.get("id"), "id"),
        rank=Rank.CLOUD_EVENT,
        source=SOURCE.name,
        started_at_ms=instant_ms(item.get("time"), "time"),
        external_user=required_name(item.get("subject"), "subject"),
        model=required_name(data.get("model"), "data.model"),
        provider=name(data.get("provider"), "data.provider"),
        cancelled=yes_or_no(data.get("cancelled")),
        streamed=yes_or_no(data.get("streamed")),
        finish_reason=remark(data.get("finish_reason")),
        session_id=remark(data.get("session_id")),
        api_key_name=remark(data.get("api_key_name")),
        **told,
    )


def _data(item: dict[str, Any]) -> Mapping[str, Any]:
    """SDKs write `data_base64` where a program hands them bytes."""
    if "data" in item:
        return mapping(item["data"], "data")
    if "data_base64" not in item:
        raise BadValue("data", "is missing")
    try:
        return mapping(exact_json.decode(base64.b64decode(item["data_base64"], validate=True)), "data")
    except (TypeError, ValueError, exact_json.Unreadable):
        raise BadValue("data_base64", "is not JSON in base64") from None


SOURCE = Source(
    "cloudevents",
    parse,
    content_types=frozenset({"application/json", "application/cloudevents+json", "application/cloudevents-batch+json"}),
)
