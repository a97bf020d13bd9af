"""API tokens: only their hash is kept, with role, client, scopes and end."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from mai_core.errors import NotFound
from mai_core.store.connection import Db, dicts


def add(
    db: Db,
    *,
    name: str,
    token_hash: str,
    last_four: str,
    role: str,
    scopes: Iterable[str],
    client_org_id: str | None,
    created_by: str,
    now_ms: int,
    expires_at_ms: int | None,
) -> int:
    db.execute(
        "INSERT INTO api_tokens (name, token_hash, last_four, role, scopes, client_org_id, created_by, created_at_ms, "
        "expires_at_ms) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (name, token_hash, last_four, role, " ".join(sorted(scopes)), client_org_id, created_by, now_ms, expires_at_ms),
    )
    return db.last_insert_rowid()


def find_live(db: Db, token_hash: str, now_ms: int) -> dict[str, Any] | None:
    rows = dicts(
        db,
        "SELECT id, name, role, scopes, client_org_id FROM api_tokens "
        "WHERE token_hash = ? AND revoked_at_ms IS NULL AND (expires_at_ms IS NULL OR expires_at_ms > ?)",
        (token_hash, now_ms),
    )
    return rows[0] if rows else None


def listed(db: Db, client_org_id: str | None = None) -> list[dict[str, Any]]:
    """Everything but the hash; with a client only its tokens."""
    return dicts(
        db,
        "SELECT id, name, last_four, role, scopes, client_org_id, created_by, created_at_ms, expires_at_ms, "
        "revoked_at_ms FROM api_tokens WHERE ? IS NULL OR client_org_id = ? ORDER BY id",
        (client_org_id, client_org_id),
    )


def revoke(db: Db, token_id: int, now_ms: int) -> dict[str, Any]:
    """Ends a token at once; revoking twice changes nothing."""
    rows = [row for row in listed(db) if row["id"] == token_id]
    if not rows:
        raise NotFound(f"there is no token {token_id}")
    db.execute("UPDATE api_tokens SET revoked_at_ms = ? WHERE id = ? AND revoked_at_ms IS NULL", (now_ms, token_id))
    return rows[0]
