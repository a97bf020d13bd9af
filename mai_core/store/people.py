"""Who is behind an external user id, and the one erasable directory of names."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mai_core.errors import BadValue, NotFound
from mai_core.given import text_given
from mai_core.store import audit
from mai_core.store.connection import Db, dicts


def mapping_id(user_id: str, client_org_id: str) -> str:
    return f"{user_id}_{client_org_id}"


def ensure_mapping(db: Db, now_ms: int, client_org_id: str, external_user: str, user_id: str | None = None) -> None:
    """A person's first event makes the row; the user id is the external id until somebody tells the real one."""
    if not external_user:
        return
    seconds = now_ms // 1000
    known = user_id or external_user
    for row_id, standing in db.execute(
        "SELECT id, user_id FROM user_client_mapping WHERE client_org_id = ? AND openrouter_user_id = ?",
        (client_org_id, external_user),
    ).fetchall():
        if user_id and standing != user_id:
            db.execute(
                "UPDATE user_client_mapping SET id = ?, user_id = ?, updated_at = ? WHERE id = ?",
                (_free_id(db, user_id, client_org_id, external_user), user_id, seconds, row_id),
            )
        return
    db.execute(
        "INSERT INTO user_client_mapping (id, user_id, client_org_id, openrouter_user_id, created_at, updated_at)"
        " VALUES (?, ?, ?, ?, ?, ?)",
        (_free_id(db, known, client_org_id, external_user), known, client_org_id, external_user, seconds, seconds),
    )


def _free_id(db: Db, user_id: str, client_org_id: str, external_user: str) -> str:
    """`{user}_{client}`; a second external id of the same person gets its id appended."""
    plain = mapping_id(user_id, client_org_id)
    taken = db.execute(
        "SELECT 1 FROM user_client_mapping WHERE id = ? AND openrouter_user_id <> ?", (plain, external_user)
    ).fetchall()
    return f"{plain}:{external_user}" if taken else plain


def mappings(db: Db, client_org_id: str) -> list[dict[str, Any]]:
    return dicts(db, "SELECT * FROM user_client_mapping WHERE client_org_id = ? ORDER BY user_id, id", (client_org_id,))


def put_person(
    db: Db,
    now_ms: int,
    client_org_id: str,
    user_id: str,
    *,
    name: str | None = None,
    email: str | None = None,
    department: str | None = None,
    source: str,
) -> None:
    """What a source knows of a person; what it does not know stays. An erased person stays erased, and what an operator
    entered by hand is not written over by a machine."""
    for field, value in (("user_id", user_id), ("name", name), ("email", email), ("department", department)):
        text_given(field, value)
    if not user_id:
        raise BadValue("user_id", "is empty")
    db.execute(
        "INSERT INTO people (client_org_id, user_id, name, email, department, source, created_at_ms, updated_at_ms)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
        " ON CONFLICT (client_org_id, user_id) DO UPDATE SET"
        " name = coalesce(excluded.name, name), email = coalesce(excluded.email, email),"
        " department = coalesce(excluded.department, department), source = excluded.source,"
        " updated_at_ms = excluded.updated_at_ms"
        " WHERE erased_at_ms IS NULL AND (source <> 'operator' OR excluded.source = 'operator')"
        " AND (excluded.name IS NOT NULL AND excluded.name IS NOT name"
        " OR excluded.email IS NOT NULL AND excluded.email IS NOT email"
        " OR excluded.department IS NOT NULL AND excluded.department IS NOT department)",
        (client_org_id, user_id, name or None, email or None, department or None, source, now_ms, now_ms),
    )


def rename(db: Db, now_ms: int, client_org_id: str, user_id: str, changes: Mapping[str, str | None]) -> None:
    """By an operator: an empty text clears. It stands against what machines say later."""
    put_person(db, now_ms, client_org_id, user_id, source="operator")
    for field in ("name", "email", "department"):
        if field in changes:
            text = text_given(field, changes[field]).strip()
            db.execute(
                f"UPDATE people SET {field} = ?, source = 'operator', erased_at_ms = NULL, updated_at_ms = ?"
                " WHERE client_org_id = ? AND user_id = ?",
                (text or None, now_ms, client_org_id, user_id),
            )


def erase_person(db: Db, now_ms: int, client_org_id: str, user_id: str, actor: str) -> None:
    """Name, address and department go; every amount stays as it was, under the opaque id."""
    db.execute(
        "UPDATE people SET name = NULL, email = NULL, department = NULL, erased_at_ms = ?, updated_at_ms = ?"
        " WHERE client_org_id = ? AND user_id = ?",
        (now_ms, now_ms, client_org_id, user_id),
    )
    if not db.changes():
        raise NotFound("no such person is known in this client")
    audit.write(db, now_ms, actor, "person.erase", user_id, client_org_id)


def directory(db: Db, client_org_id: str) -> list[dict[str, Any]]:
    """Everybody of a client: those with events, and those only the directory knows."""
    return dicts(
        db,
        "SELECT m.openrouter_user_id AS external_user, m.user_id, p.name, p.email, p.department, m.is_active,"
        " m.created_at FROM user_client_mapping AS m LEFT JOIN people AS p"
        " ON p.client_org_id = m.client_org_id AND p.user_id = m.user_id WHERE m.client_org_id = ?1"
        " UNION ALL"
        " SELECT NULL, p.user_id, p.name, p.email, p.department, 1, p.created_at_ms / 1000 FROM people AS p"
        " WHERE p.client_org_id = ?1 AND NOT EXISTS (SELECT 1 FROM user_client_mapping AS m"
        " WHERE m.client_org_id = p.client_org_id AND m.user_id = p.user_id)"
        " ORDER BY 3, 2",
        (client_org_id,),
    )
