"""SQL that analysts keep under a name, per client."""

from __future__ import annotations

from typing import Any

from mai_core.errors import NotFound
from mai_core.store import audit
from mai_core.store.connection import Db, dicts


def listed(db: Db, client_org_id: str) -> list[dict[str, Any]]:
    return dicts(
        db,
        "SELECT id, name, sql, saved_by, updated_at_ms FROM saved_queries WHERE client_org_id = ? ORDER BY name",
        (client_org_id,),
    )


def put(db: Db, now_ms: int, client_org_id: str, name: str, sql: str, actor: str) -> dict[str, Any]:
    """The same name again replaces the query."""
    db.execute(
        "INSERT INTO saved_queries (client_org_id, name, sql, saved_by, updated_at_ms) VALUES (?, ?, ?, ?, ?)"
        " ON CONFLICT (client_org_id, name) DO UPDATE SET sql = excluded.sql, saved_by = excluded.saved_by,"
        " updated_at_ms = excluded.updated_at_ms",
        (client_org_id, name, sql, actor, now_ms),
    )
    audit.write(db, now_ms, actor, "saved_query.put", name, client_org_id, after={"sql": sql})
    return next(row for row in listed(db, client_org_id) if row["name"] == name)


def remove(db: Db, now_ms: int, client_org_id: str, query_id: int, actor: str) -> None:
    found = [row for row in listed(db, client_org_id) if row["id"] == query_id]
    if not found:
        raise NotFound("there is no such saved query")
    db.execute("DELETE FROM saved_queries WHERE id = ? AND client_org_id = ?", (query_id, client_org_id))
    audit.write(
        db, now_ms, actor, "saved_query.remove", found[0]["name"], client_org_id, before={"sql": found[0]["sql"]}
    )
