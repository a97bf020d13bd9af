"""The vocabulary: what a source of events says about a generation, and what the ledger makes of it."""

from __future__ import annotations

from collections.abc import Sequence
from enum import IntEnum
from typing import Any

import msgspec


class Rank(IntEnum):
    """Whom to believe about a field when the same generation arrives by several ways in; the highest wins."""

    FLAT = 1
    INFLUX = 2
    CLOUD_EVENT = 3
    LITELLM = 4
    COMPLETION = 5
    ACTIVITY_CSV = 6
    BROADCAST = 7
    GENERATION = 8
    OPERATOR = 9
    """A person with the operator role, or the Python contract: what was entered by hand is final."""


SEALED_ID = "sealed_id"
"""A flag: the relay hides the generation's id, so another way in may tell of the same one and nobody would know."""


class Observation(msgspec.Struct, frozen=True, kw_only=True):
    """What one source says about one generation. None means the source did not say."""

    generation_id: str
    rank: Rank
    source: str
    """Name of the way in, as in the registry of sources."""
    started_at_ms: int | None = None
    external_user: str | None = None
    model: str | None = None
    provider: str | None = None
    input_tokens: int | None = None
    output_tokens: int | None = None
    cached_tokens: int | None = None
    cache_write_tokens: int | None = None
    cache_write_1h_tokens: int | None = None
    reasoning_tokens: int | None = None
    audio_tokens: int | None = None
    output_images: int | None = None
    searches: int | None = None
    reported_pusd: int | None = None
    """What OpenRouter says it took from our account (BYOK: its fee)."""
    upstream_pusd: int | None = None
    """BYOK: what the provider took from the client's own account there."""
    estimated_pusd: int | None = None
    """A relay's own guess (LiteLLM's response_cost): kept, never billed."""
    given_charge_pusd: int | None = None
    """A final charged amount from the Python contract or a person; never re-rated."""
    is_byok: bool | None = None
    cancelled: bool | None = None
    streamed: bool | None = None
    finish_reason: str | None = None
    session_id: str | None = None
    api_key_name: str | None = None
    flags: tuple[str, ...] = ()


class Arrival(msgspec.Struct, frozen=True, kw_only=True):
    """One observation on its way into the ledger, its client known."""

    client_org_id: str
    observation: Observation
    received_at_ms: int
    historical: bool = False
    draft: Sequence[Any] | None = None
    """The event row that it makes where its generation is not known, if somebody made it ahead."""


class Client(msgspec.Struct, frozen=True, kw_only=True):
    """A client organisation as rating and reports see it; keys are never part of it."""

    id: str
    name: str
    markup_rate: str | None
    monthly_limit: str | None
    billing_email: str | None
    timezone: str
    fx_policy: str
    byok_include_upstream: bool
    is_active: bool
    created_at: int
    updated_at: int
    provider_key_hash: str | None = None
