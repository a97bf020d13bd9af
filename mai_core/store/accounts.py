"""Accounts of people who log in, their one-time links, and attempts that are counted: failed logins, invitations and
requests for a new password."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mai_core.errors import BadValue, Conflict, NotFound
from mai_core.store.connection import Db, dicts, rows

_SHOWN = (
    "id, email, name, role, client_org_id, language, digest, is_active, password_hash IS NOT NULL AS has_password, "
    "created_at_ms, updated_at_ms"
)
UPDATABLE = frozenset({"name", "role", "client_org_id", "language", "digest", "is_active"})


def add(
    db: Db, now_ms: int, *, email: str, name: str, role: str, client_org_id: str | None, language: str | None = None
) -> int:
    if find(db, email) is not None:
        raise Conflict(f"there is an account with the address {email} already")
    db.execute(
        "INSERT INTO accounts (email, name, role, client_org_id, language, created_at_ms, updated_at_ms) "
        "VALUES (?, ?, ?, ?, ?, ?, ?)",
        (email, name, role, client_org_id, language, now_ms, now_ms),
    )
    return db.last_insert_rowid()


def find(db: Db, email: str) -> dict[str, Any] | None:
    found = dicts(db, f"SELECT {_SHOWN} FROM accounts WHERE email = ?", (email,))
    return found[0] if found else None


def require(db: Db, account_id: int) -> dict[str, Any]:
    found = dicts(db, f"SELECT {_SHOWN} FROM accounts WHERE id = ?", (account_id,))
    if not found:
        raise NotFound("there is no such account")
    return found[0]


def listed(db: Db, client_org_id: str | None = None) -> list[dict[str, Any]]:
    return dicts(
        db,
        f"SELECT {_SHOWN} FROM accounts WHERE ? IS NULL OR client_org_id = ? ORDER BY email",
        (client_org_id, client_org_id),
    )


def update(db: Db, now_ms: int, account_id: int, changes: Mapping[str, Any]) -> dict[str, Any]:
    unknown = sorted(set(changes) - UPDATABLE)
    if unknown:
        raise BadValue(unknown[0], "cannot be changed on an account")
    columns = ", ".join(f"{name} = ?" for name in (*changes, "updated_at_ms"))
    db.execute(f"UPDATE accounts SET {columns} WHERE id = ?", (*changes.values(), now_ms, account_id))
    return require(db, account_id)


def password_hash(db: Db, account_id: int) -> str | None:
    found = rows(db, "SELECT password_hash FROM accounts WHERE id = ?", (account_id,))
    return found[0][0] if found else None


def set_password_hash(db: Db, now_ms: int, account_id: int, value: str) -> None:
    db.execute("UPDATE accounts SET password_hash = ?, updated_at_ms = ? WHERE id = ?", (value, now_ms, account_id))


def add_link(db: Db, token_hash: str, account_id: int, purpose: str, now_ms: int, expires_at_ms: int) -> None:
    """A new link makes the account's older ones void: only the last one that was sent opens anything."""
    void_links(db, account_id, now_ms)
    db.execute(
        "INSERT INTO account_links (token_hash, account_id, purpose, created_at_ms, expires_at_ms) "
        "VALUES (?, ?, ?, ?, ?)",
        (token_hash, account_id, purpose, now_ms, expires_at_ms),
    )


def find_link(db: Db, token_hash: str, now_ms: int) -> dict[str, Any] | None:
    found = dicts(
        db,
        "SELECT l.purpose, l.expires_at_ms, a.id, a.email, a.name, a.role, a.client_org_id, a.language "
        "FROM account_links l JOIN accounts a ON a.id = l.account_id "
        "WHERE l.token_hash = ? AND l.used_at_ms IS NULL AND l.expires_at_ms > ? AND a.is_active = 1",
        (token_hash, now_ms),
    )
    return found[0] if found else None


def void_links(db: Db, account_id: int, now_ms: int) -> None:
    db.execute(
        "UPDATE account_links SET used_at_ms = ? WHERE account_id = ? AND used_at_ms IS NULL", (now_ms, account_id)
    )


def note_attempts(db: Db, subjects: tuple[str, ...], now_ms: int, forget_before_ms: int) -> None:
    db.execute("DELETE FROM login_failures WHERE at_ms < ?", (forget_before_ms,))
    for subject in subjects:
        db.execute("INSERT INTO login_failures (subject, at_ms) VALUES (?, ?)", (subject, now_ms))


def attempts(db: Db, subject: str, since_ms: int) -> list[int]:
    found = rows(db, "SELECT at_ms FROM login_failures WHERE subject = ? AND at_ms > ?", (subject, since_ms))
    return [int(at_ms) for (at_ms,) in found]


def forget_attempts(db: Db, subject: str) -> None:
    db.execute("DELETE FROM login_failures WHERE subject = ?", (subject,))
