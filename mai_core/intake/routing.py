"""Whose is an event that came with a credential of many clients. Known or not known: nothing is guessed."""

from __future__ import annotations

from mai_core.store.connection import Db, rows

_USER = "_user_"


def client_of(db: Db, external_user: str | None, api_key_name: str | None) -> str | None:
    """By the person (their mapping, the client's name inside their id, a route), else by the API key's name."""
    if external_user:
        mapped = rows(
            db,
            "SELECT DISTINCT client_org_id FROM user_client_mapping WHERE openrouter_user_id = ? AND is_active = 1",
            (external_user,),
        )
        if len(mapped) == 1:
            return str(mapped[0][0])
        if len(mapped) > 1:
            return None
        client, separator, _ = external_user.rpartition(_USER)
        if separator and rows(db, "SELECT 1 FROM client_organizations WHERE id = ?", (client,)):
            return client
    return _route(db, "external_user", external_user) or _route(db, "api_key_name", api_key_name)


def _route(db: Db, kind: str, value: str | None) -> str | None:
    found = rows(db, "SELECT client_org_id FROM routes WHERE kind = ? AND value = ?", (kind, value)) if value else []
    return str(found[0][0]) if found else None


def client_of_api_key(db: Db, key_hash: str) -> str | None:
    """The flat webhook carries the client's own provider key; only its hash is ever looked up."""
    found = rows(db, "SELECT id FROM client_organizations WHERE openrouter_key_hash = ?", (key_hash,))
    return str(found[0][0]) if found else None
