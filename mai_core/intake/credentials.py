"""Who sends: from the headers of a request to the credential behind them, in constant time and without a hint."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable
from dataclasses import dataclass

from mai_core.installation import Installation, named_client
from mai_core.intake.parsed import Headers
from mai_core.settings import Settings
from mai_core.store import credentials as stored_credentials

SIGNATURE_WINDOW_S = 300
_SIGNATURE = "x-openrouter-signature"


@dataclass(frozen=True, slots=True)
class Credential:
    """What opens a way in. Without a client it carries many, and every event is routed."""

    label: str
    client_org_id: str | None
    secret: bytes


def load_credentials(installation: Installation) -> list[Credential]:
    """Those of the environment (two during a rotation), then those that an operator added."""
    with installation.store.read() as db:
        stored = stored_credentials.live(db)
    return [
        *_from_environment(installation.settings),
        *(
            Credential(
                f"webhook_credential {row['id']} {row['label']}",
                row["client_org_id"],
                installation.secrets.decrypt(row["encrypted_secret"]).encode(),
            )
            for row in stored
        ),
    ]


def _from_environment(settings: Settings) -> list[Credential]:
    named = named_client(settings)
    client = named[0] if named else None
    given = (
        ("OPENROUTER_WEBHOOK_SECRET", settings.openrouter_webhook_secret),
        ("OPENROUTER_WEBHOOK_SECRET_PREVIOUS", settings.openrouter_webhook_secret_previous),
    )
    return [
        Credential(label, client, secret.get_secret_value().encode())
        for label, secret in given
        if secret.get_secret_value()
    ]


def by_secret(credentials: Iterable[Credential], headers: Headers) -> Credential | None:
    """A bearer token or `X-Webhook-Signature`, which despite its name is a static secret."""
    found = None
    for presented in _presented(headers):
        digest = hashlib.sha256(presented).digest()
        for credential in credentials:
            if hmac.compare_digest(digest, hashlib.sha256(credential.secret).digest()):
                found = found or credential
    return found


def bearer(headers: Headers) -> str | None:
    scheme, _, secret = headers.get("authorization", "").partition(" ")
    return secret.strip() or None if scheme.lower() == "bearer" else None


def _presented(headers: Headers) -> list[bytes]:
    given = (bearer(headers), headers.get("x-webhook-signature"))
    return [secret.encode("latin-1", "replace") for secret in given if secret]


def is_signed(headers: Headers) -> bool:
    return _SIGNATURE in headers


def by_signature(credentials: Iterable[Credential], headers: Headers, body: bytes, now_ms: int) -> Credential | None:
    """`X-OpenRouter-Signature: t=<unix>,v1=<hex of HMAC-SHA256 over "<t>,<body>">`, not older than five minutes."""
    parts = [part.strip().partition("=") for part in headers.get(_SIGNATURE, "").split(",")]
    moment = next((value for key, _, value in parts if key == "t"), "")
    signatures = [value.lower().encode() for key, _, value in parts if key == "v1"]
    if not (moment.isascii() and moment.isdigit() and len(moment) <= 12):
        return None
    if abs(now_ms // 1000 - int(moment)) > SIGNATURE_WINDOW_S:
        return None
    found = None
    for credential in credentials:
        digest = hmac.new(credential.secret, moment.encode() + b",", hashlib.sha256)
        digest.update(body)
        expected = digest.hexdigest().encode()
        for signature in signatures:
            if hmac.compare_digest(expected, signature):
                found = found or credential
    return found
