"""API tokens for programs: shown once, then only recognised."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from mai_core.days import DAY_MS
from mai_core.errors import BadValue
from mai_core.identity.accounts import check_role, clean_name
from mai_core.identity.callers import SCOPES
from mai_core.identity.secret_texts import new_secret, secret_hash
from mai_core.store import Db, audit, tokens


def create(
    db: Db,
    now_ms: int,
    actor: str,
    *,
    name: str,
    role: str,
    client_org_id: str | None,
    scopes: Sequence[str] = (),
    days: int | None = None,
) -> tuple[int, str]:
    """(its number, the token itself): nobody can ask for the token again."""
    if not clean_name(name):
        raise BadValue("name", "is empty: say which program uses the token")
    check_role(db, role, client_org_id)
    for scope in scopes:
        if scope not in SCOPES:
            raise BadValue("scopes", f"knows only {', '.join(SCOPES)}")
    if days is not None and not 1 <= days <= 3650:
        raise BadValue("days", "must be between 1 and 3650")
    token = new_secret("mait")
    token_id = tokens.add(
        db, name=clean_name(name), token_hash=secret_hash(token), last_four=token[-4:], role=role, scopes=scopes,
        client_org_id=client_org_id, created_by=actor, now_ms=now_ms,
        expires_at_ms=None if days is None else now_ms + days * DAY_MS,
    )  # fmt: skip
    shown = {"name": name, "role": role, "scopes": sorted(scopes), "days": days, "last_four": token[-4:]}
    audit.write(db, now_ms, actor, "token.create", f"token {token_id}", client_org_id, after=shown)
    return token_id, token


def revoke(db: Db, now_ms: int, actor: str, token_id: int) -> dict[str, Any]:
    row = tokens.revoke(db, token_id, now_ms)
    audit.write(
        db, now_ms, actor, "token.revoke", f"token {token_id}", row["client_org_id"], before={"name": row["name"]}
    )
    return row
