"""The trail: who changed what, from what, to what."""

from __future__ import annotations

import json
from typing import Any

from mai_core.store.connection import Db, dicts, rows


def write(
    db: Db,
    now_ms: int,
    actor: str,
    action: str,
    subject: str,
    client_org_id: str | None = None,
    before: Any = None,
    after: Any = None,
) -> None:
    db.execute(
        "INSERT INTO audit_log (at_ms, actor, action, subject, client_org_id, before, after)"
        " VALUES (?, ?, ?, ?, ?, ?, ?)",
        (now_ms, actor, action, subject, client_org_id, _text(before), _text(after)),
    )


def _text(value: Any) -> str | None:
    return None if value is None else json.dumps(value, ensure_ascii=False, sort_keys=True, default=str)


def newest(db: Db, client_org_id: str | None, before_id: int | None, limit: int) -> list[dict[str, Any]]:
    """The latest lines first, of one client or all; `before_id` goes on where another answer ended."""
    found = dicts(
        db,
        "SELECT * FROM audit_log WHERE (?1 IS NULL OR client_org_id = ?1) AND (?2 IS NULL OR id < ?2)"
        " ORDER BY id DESC LIMIT ?3",
        (client_org_id, before_id, limit),
    )
    return [{**line, "before": _value(line["before"]), "after": _value(line["after"])} for line in found]


def _value(text: str | None) -> Any:
    return None if text is None else json.loads(text)


def last_told(db: Db, actor: str, subject: str) -> dict[str, Any]:
    """What a subject was when this actor changed it last; empty when it never did."""
    found = rows(
        db, "SELECT after FROM audit_log WHERE actor = ? AND subject = ? ORDER BY id DESC LIMIT 1", (actor, subject)
    )
    return dict(json.loads(found[0][0])) if found and found[0][0] else {}
