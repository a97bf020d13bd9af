"""OpenRouter's webhook of a finished video job. It goes to the same address as Broadcast and is signed."""

from __future__ import annotations

from typing import Any

from mai_core.errors import BadValue
from mai_core.intake.fields import amount, mapping, required_name, yes_or_no
from mai_core.model import Observation, Rank

KIND = "video.generation."


def read_video_job(document: dict[str, Any], source: str) -> Observation | None:
    """Only a completed job was billed. Its time is that of the message, so the generation's own time is not told."""
    if document["type"] != f"{KIND}completed":
        return None
    job = mapping(document.get("data"), "data")
    usage = mapping(job.get("usage"), "data.usage")
    cost = amount(usage.get("cost"), "data.usage.cost")
    if cost is None:
        raise BadValue("data.usage.cost", "is missing")
    return Observation(
        generation_id=required_name(job.get("generation_id"), "data.generation_id"),
        rank=Rank.COMPLETION,
        source=source,
        model=required_name(job.get("model"), "data.model"),
        reported_pusd=cost,
        is_byok=yes_or_no(usage.get("is_byok")),
    )
