"""Secrets that open the ways in: hashed to be recognised, encrypted because signatures need the secret itself."""

from __future__ import annotations

from typing import Any

from mai_core.errors import BadValue, Conflict, NotFound
from mai_core.secrets_box import SecretBox
from mai_core.store import audit
from mai_core.store.connection import Db, dicts, rows

SHORTEST_SECRET = 16


def add(
    db: Db, now_ms: int, secrets: SecretBox, *, label: str, secret: str, client_org_id: str | None, actor: str
) -> int:
    """A credential without a client carries many: every event of it is routed."""
    if len(secret) < SHORTEST_SECRET:
        raise BadValue("secret", f"needs at least {SHORTEST_SECRET} characters")
    if rows(db, "SELECT 1 FROM webhook_credentials WHERE secret_hash = ?", (secrets.hash(secret),)):
        raise Conflict("this webhook secret is already in use")
    db.execute(
        "INSERT INTO webhook_credentials (label, client_org_id, secret_hash, encrypted_secret, created_at_ms)"
        " VALUES (?, ?, ?, ?, ?)",
        (label, client_org_id, secrets.hash(secret), secrets.encrypt(secret), now_ms),
    )
    credential_id = db.last_insert_rowid()
    audit.write(db, now_ms, actor, "webhook_credential.add", label, client_org_id)
    return credential_id


def revoke(db: Db, now_ms: int, credential_id: int, actor: str) -> None:
    db.execute(
        "UPDATE webhook_credentials SET revoked_at_ms = ? WHERE id = ? AND revoked_at_ms IS NULL",
        (now_ms, credential_id),
    )
    if db.changes() == 0:
        raise NotFound(f"there is no live webhook credential {credential_id}")
    audit.write(db, now_ms, actor, "webhook_credential.revoke", str(credential_id))


def live(db: Db) -> list[dict[str, Any]]:
    return dicts(
        db,
        "SELECT id, label, client_org_id, encrypted_secret, created_at_ms FROM webhook_credentials"
        " WHERE revoked_at_ms IS NULL ORDER BY id",
    )


def find_live(db: Db, secret_hash: str) -> dict[str, Any] | None:
    found = dicts(
        db,
        "SELECT id, label, client_org_id FROM webhook_credentials WHERE secret_hash = ? AND revoked_at_ms IS NULL",
        (secret_hash,),
    )
    return found[0] if found else None
