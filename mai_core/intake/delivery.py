"""A parsed body on its way into the ledger, and the receipt that says what became of each item of it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import msgspec

from mai_core.days import utc_day
from mai_core.intake import exact_json
from mai_core.intake.exact_json import Unreadable
from mai_core.intake.parsed import MIB, Parsed, Refusal, Source
from mai_core.intake.redaction import redact
from mai_core.model import SEALED_ID, Observation
from mai_core.secrets_box import SecretBox

LARGEST_KEPT = 256 * 1024
"""Characters of a redacted item, bytes of an unreadable body; what is longer is cut and cannot be replayed."""

UNROUTED = "unrouted"
TOO_OLD = "too_old"
NOT_BOOKABLE = "not_bookable"
IMPORTED_DAY = "imported_day"
REASONS = {
    UNROUTED: "no client belongs to this person or API key name: add a route, then replay",
    TOO_OLD: "older than the dedupe memory of live ways in (59 days): import it, or replay to ask the archive",
    NOT_BOOKABLE: "the ledger refused this event; the log says why",
    SEALED_ID: "LiteLLM hides the generation's id (docs/ways-in.md): drop it where Broadcast tells of it, or replay it",
    IMPORTED_DAY: "its day came in as history of the older system and may hold it: drop it, or replay to count it",
}


@dataclass(frozen=True, slots=True)
class Kept:
    """What quarantine gets: a redacted body that can be replayed, or an encrypted one that can only be looked at."""

    reason_code: str
    reason: str
    sha256: str
    body: str | None = None
    encrypted_body: bytes | None = None


@dataclass(frozen=True, slots=True)
class Delivery:
    source: Source
    client_org_id: str | None
    """The credential's client; None: it carries many, and every event is routed."""
    parsed: Parsed
    received_at_ms: int
    historical: bool = False
    kept: tuple[Kept, ...] = ()
    decided: bool = False
    """A person said that these count."""

    @property
    def weight(self) -> int:
        return 1 + len(self.parsed.observations) + len(self.kept)


@dataclass(frozen=True, slots=True)
class Problem:
    """One item that was not booked."""

    index: int
    code: str
    reason: str


@dataclass(slots=True)
class Receipt:
    """What became of a delivery, after it was committed."""

    new: int = 0
    changed: int = 0
    duplicates: int = 0
    witnesses: int = 0
    ignored: int = 0
    refused: list[Problem] = field(default_factory=list)
    quarantined: list[Problem] = field(default_factory=list)

    @property
    def accepted(self) -> int:
        return self.new + self.changed


def kept_refusals(refusals: Iterable[Refusal]) -> tuple[Kept, ...]:
    """Refused items of a sender that could not act on an error."""
    return tuple(_kept_item(refusal) for refusal in refusals)


def _kept_item(refusal: Refusal) -> Kept:
    digest = hashlib.sha256(exact_json.encode(refusal.item)).hexdigest()
    body = exact_json.encode({"item": redact(refusal.item)}).decode()
    return Kept(refusal.code, refusal.reason, digest, body if len(body) <= LARGEST_KEPT else None)


def kept_observation(code: str, observation: Observation) -> Kept:
    told = {name: value for name, value in msgspec.to_builtins(observation).items() if value not in (None, ())}
    body = exact_json.encode({"observation": told})
    return Kept(code, REASONS[code], hashlib.sha256(body).hexdigest(), body.decode())


def kept_unreadable(error: Unreadable, body: bytes, secrets: SecretBox) -> Kept:
    """Nobody knows where the prompts are in it, so it is kept encrypted, and only for 14 days."""
    return Kept(
        error.code,
        f"{error} ({len(body)} bytes)",
        hashlib.sha256(body).hexdigest(),
        encrypted_body=secrets.encrypt_bytes(bytes(body[:LARGEST_KEPT])),
    )


def kept_too_large(source: Source, client_org_id: str | None, now_ms: int) -> Kept:
    """No body at all, only that there was one: one entry per way in, client and day, which raises the alert."""
    day = utc_day(now_ms)
    subject = f"{source.name} {client_org_id} {day}"
    reason = f"a body over {source.largest_body // MIB} MB was refused (413): its usage is missing unless it came again"
    return Kept("too_large", reason, hashlib.sha256(subject.encode()).hexdigest())


def observation_from(told: dict[str, Any]) -> Observation:
    """The counterpart of kept_observation."""
    return msgspec.convert(told, Observation)
