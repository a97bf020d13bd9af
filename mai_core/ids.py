"""Names of things: organisations, people, generations. Formats are those of the existing mAI system."""

from __future__ import annotations

import hashlib
import hmac
import re
import uuid

from mai_core.errors import BadValue

_GENERATION_TIME = re.compile(r"gen-(\d{10})(\d{3})?-")


def client_org_id(organization_name: str) -> str:
    """`mai_client_` and the first 8 hex digits of the name's MD5: stable, so that set-up can run twice."""
    if not organization_name.strip():
        raise BadValue("organization_name", "is empty")
    digest = hashlib.md5(organization_name.encode(), usedforsecurity=False).hexdigest()
    return f"mai_client_{digest[:8]}"


def external_user_id(prefix: str, user_id: str) -> str:
    """What OpenRouter sees of a person; Open WebUI's user id is a UUID, anything else is refused."""
    try:
        uuid.UUID(user_id)
    except (ValueError, AttributeError, TypeError):
        raise BadValue("user_id", "is not a UUID") from None
    return f"{prefix}_user_{hashlib.sha256(user_id.encode()).hexdigest()[:8]}"


def generation_time_ms(generation_id: str) -> int | None:
    """The unix time inside `gen-<time>-...`, in milliseconds, where the id has one."""
    match = _GENERATION_TIME.match(generation_id)
    if match is None:
        return None
    return int(match[1]) * 1000 + int(match[2] or 0)


def keyed_hash(secret: bytes, value: str) -> str:
    """What a look-up by secret value uses: equal values give equal hashes, nobody can go back."""
    return hmac.new(secret, value.encode(), hashlib.sha256).hexdigest()


def anonymous_label(external_user: str) -> str:
    """Four letters that tell unnamed people apart on a page: 'Osoba 1a2b'."""
    return hashlib.sha256(external_user.encode()).hexdigest()[:4]
