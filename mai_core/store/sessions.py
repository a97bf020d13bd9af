"""Sessions: a row per login, ended by logout, by a new password and by the end of its time."""

from __future__ import annotations

from typing import Any

from mai_core.store.connection import Db, dicts


def start(db: Db, token_hash: str, account_id: int, now_ms: int, expires_at_ms: int) -> None:
    db.execute(
        "INSERT INTO sessions (token_hash, account_id, created_at_ms, expires_at_ms) VALUES (?, ?, ?, ?)",
        (token_hash, account_id, now_ms, expires_at_ms),
    )


def find_live(db: Db, token_hash: str, now_ms: int) -> dict[str, Any] | None:
    """The account behind a session that has neither ended nor expired."""
    rows = dicts(
        db,
        "SELECT a.id, a.email, a.name, a.role, a.client_org_id, a.language, s.expires_at_ms "
        "FROM sessions s JOIN accounts a ON a.id = s.account_id "
        "WHERE s.token_hash = ? AND s.ended_at_ms IS NULL AND s.expires_at_ms > ? AND a.is_active = 1",
        (token_hash, now_ms),
    )
    return rows[0] if rows else None


def end(db: Db, token_hash: str, now_ms: int) -> bool:
    db.execute("UPDATE sessions SET ended_at_ms = ? WHERE token_hash = ? AND ended_at_ms IS NULL", (now_ms, token_hash))
    return db.changes() > 0


def end_all(db: Db, account_id: int, now_ms: int) -> None:
    db.execute("UPDATE sessions SET ended_at_ms = ? WHERE account_id = ? AND ended_at_ms IS NULL", (now_ms, account_id))
