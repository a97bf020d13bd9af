"""What a source makes of a body: observations that can be booked, refusals with their reason, totals to compare."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from mai_core.intake import exact_json
from mai_core.intake.drafts import Drafts
from mai_core.intake.exact_json import Unreadable
from mai_core.intake.redaction import values_in, without_depths
from mai_core.model import Observation

MIB = 1024 * 1024

MOST_REFUSED = 10_000
"""Items of one body that are refused one by one. No sender that means it has more; a million of `1,` would hold the
service for minutes."""

MOST_REFUSED_VALUES = 300_000
"""That are kept of the refused items of one body: each is an object here, and a text of its own in quarantine."""

MOST_OBSERVED = 100_000
"""Events of one body. A whole body of real ones has fewer; a million that say nothing but an id would take a gigabyte
and hold everybody's commits up for a minute."""

Headers = Mapping[str, str]
"""Names in lower case, values as bytes in Latin-1, which is what HTTP gives."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """One item that cannot be booked. `item` reads as a whole body of the same source, so that it can be replayed."""

    index: int
    code: str
    reason: str
    item: Any


@dataclass(frozen=True, slots=True)
class TurnWitness:
    """What a turn of several generations cost together: compared with them, never billed."""

    turn_id: str
    external_user: str | None
    generation_ids: tuple[str, ...]
    input_tokens: int | None
    output_tokens: int | None
    cost_pusd: int | None


@dataclass(slots=True)
class Parsed:
    """`positions[n]` is the index in the body of `observations[n]`; `ignored` counts what is rightly no event."""

    observations: list[Observation] = field(default_factory=list)
    positions: list[int] = field(default_factory=list)
    refusals: list[Refusal] = field(default_factory=list)
    witnesses: list[TurnWitness] = field(default_factory=list)
    ignored: int = 0
    api_key: str | None = None
    """A provider key that came in the body instead of a credential (flat legacy webhook only)."""
    drafts: Drafts | None = None
    refused_values: int = field(default=0, compare=False, repr=False)

    def add(self, index: int, observation: Observation) -> None:
        if len(self.observations) >= MOST_OBSERVED:
            raise Unreadable("too_many_events", f"the body has more than {MOST_OBSERVED} events")
        self.observations.append(observation)
        self.positions.append(index)

    def refuse(self, index: int, code: str, reason: str, item: Any) -> None:
        if len(self.refusals) >= MOST_REFUSED:
            raise Unreadable("too_many_refused", f"more than {MOST_REFUSED} items of the body are refused")
        kept = without_depths(item)
        values = values_in(kept)
        if self.refused_values + values > MOST_REFUSED_VALUES:
            kept = {"redacted": hashlib.sha256(exact_json.encode(kept)).hexdigest()}
        else:
            self.refused_values += values
        self.refusals.append(Refusal(index, code, reason, kept))


JSON_TYPES = frozenset({"application/json"})


@dataclass(frozen=True, slots=True)
class Source:
    """A way in. `parse` raises exact_json.Unreadable for a body that is no document at all."""

    name: str
    parse: Callable[[bytes, Headers], Parsed]
    content_types: frozenset[str] = JSON_TYPES
    largest_body: int = 2 * MIB
    can_act_on_errors: bool = True
    """False: what is wrong is answered 200 and kept in quarantine, because the sender would repeat it for ever."""
    names_client_by_key: bool = False
    """A body may be authenticated by the provider key that it carries, instead of by a credential."""
