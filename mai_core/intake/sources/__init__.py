"""The ways in: one file and one line each."""

from __future__ import annotations

from mai_core.intake.parsed import Source
from mai_core.intake.sources import (
    activity_csv,
    cloudevents,
    completions,
    flat,
    generation,
    influx,
    litellm,
    openrouter,
)

SOURCES: dict[str, Source] = {
    source.name: source
    for source in (
        openrouter.SOURCE,
        completions.SOURCE,
        cloudevents.SOURCE,
        litellm.SOURCE,
        flat.SOURCE,
        activity_csv.SOURCE,
        generation.SOURCE,
        influx.SOURCE,
    )
}
