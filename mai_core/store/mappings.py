"""Rows of `user_client_mapping` as the existing system's callers make and change them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mai_core.errors import BadValue, Conflict, NotFound
from mai_core.given import text_given
from mai_core.store import clients
from mai_core.store.connection import Db, dicts
from mai_core.store.people import mapping_id

UPDATABLE = frozenset({"user_id", "client_org_id", "openrouter_user_id", "is_active"})


def create(db: Db, now_ms: int, client_org_id: str, user_id: str, external_user: str) -> dict[str, Any]:
    """The person's row; one that a first event has made already learns the user id."""
    _check({"user_id": user_id, "openrouter_user_id": external_user})
    clients.require(db, client_org_id)
    standing = _by_external(db, client_org_id, external_user)
    seconds = now_ms // 1000
    if standing is None:
        row_id = mapping_id(user_id, client_org_id)
        if _find(db, "id = ?", (row_id,)):
            raise Conflict(f"user_id: {user_id[:80]!r} has a mapping in this client already")
        db.execute(
            "INSERT INTO user_client_mapping (id, user_id, client_org_id, openrouter_user_id, created_at, updated_at)"
            " VALUES (?, ?, ?, ?, ?, ?)",
            (row_id, user_id, client_org_id, external_user, seconds, seconds),
        )
    elif standing["user_id"] in (external_user, user_id):
        _write(db, seconds, standing, {"user_id": user_id, "is_active": 1})
    else:
        raise Conflict(f"openrouter_user_id: {external_user[:80]!r} belongs to another person")
    row = _by_external(db, client_org_id, external_user)
    assert row is not None
    return row


def find(db: Db, user_id: str) -> dict[str, Any] | None:
    """The active row of a person."""
    rows = _find(db, "user_id = ? AND is_active = 1", (user_id,))
    return rows[0] if rows else None


def active_of(db: Db, client_org_id: str) -> list[dict[str, Any]]:
    return _find(db, "client_org_id = ? AND is_active = 1", (client_org_id,))


def deactivate(db: Db, now_ms: int, user_id: str) -> None:
    db.execute(
        "UPDATE user_client_mapping SET is_active = 0, updated_at = ? WHERE user_id = ? AND is_active = 1",
        (now_ms // 1000, user_id),
    )
    if not db.changes():
        raise NotFound(f"user_id: {user_id[:80]!r} has no active mapping")


def update(db: Db, now_ms: int, user_id: str, changes: Mapping[str, Any]) -> None:
    unknown = sorted(str(name)[:80] for name in set(changes) - UPDATABLE)
    if unknown:
        raise BadValue(unknown[0], "is not a column of user_client_mapping that can be changed")
    _check(changes)
    if "client_org_id" in changes:
        clients.require(db, changes["client_org_id"])
    rows = _find(db, "user_id = ?", (user_id,))
    if not rows:
        raise NotFound(f"user_id: {user_id[:80]!r} has no mapping")
    _write(db, now_ms // 1000, rows[0], changes)


def _write(db: Db, seconds: int, standing: Mapping[str, Any], changes: Mapping[str, Any]) -> None:
    row = {**standing, **changes}
    other = _by_external(db, row["client_org_id"], row["openrouter_user_id"])
    if other is not None and other["id"] != standing["id"]:
        raise Conflict(f"openrouter_user_id: {row['openrouter_user_id'][:80]!r} belongs to another person")
    row_id = standing["id"]
    if (row["user_id"], row["client_org_id"]) != (standing["user_id"], standing["client_org_id"]):
        row_id = mapping_id(row["user_id"], row["client_org_id"])
        if row_id != standing["id"] and _find(db, "id = ?", (row_id,)):
            row_id = f"{row_id}:{row['openrouter_user_id']}"
    db.execute(
        "UPDATE user_client_mapping SET id = ?, user_id = ?, client_org_id = ?, openrouter_user_id = ?, is_active = ?,"
        " updated_at = ? WHERE id = ?",
        (
            row_id,
            row["user_id"],
            row["client_org_id"],
            row["openrouter_user_id"],
            int(row["is_active"]),
            seconds,
            standing["id"],
        ),
    )


def _check(values: Mapping[str, Any]) -> None:
    for field, value in values.items():
        if field == "is_active":
            if value not in (0, 1):
                raise BadValue(field, "must be true or false")
        else:
            text_given(field, value, required=True)


def _by_external(db: Db, client_org_id: str, external_user: str) -> dict[str, Any] | None:
    rows = _find(db, "client_org_id = ? AND openrouter_user_id = ?", (client_org_id, external_user))
    return rows[0] if rows else None


def _find(db: Db, where: str, bindings: tuple[Any, ...]) -> list[dict[str, Any]]:
    return dicts(
        db,
        "SELECT id, user_id, client_org_id, openrouter_user_id, is_active, created_at, updated_at"
        f" FROM user_client_mapping WHERE {where} ORDER BY is_active DESC, updated_at DESC, id",
        bindings,
    )


def known_since(db: Db, client_org_id: str, external_user: str, seconds: int) -> None:
    """A person who was there before the first event: the account's own date counts."""
    db.execute(
        "UPDATE user_client_mapping SET created_at = ? WHERE client_org_id = ? AND openrouter_user_id = ?"
        " AND created_at > ? AND ? > 0",
        (seconds, client_org_id, external_user, seconds, seconds),
    )
