"""Whose is an event that came with a credential of many clients. Known or not known: nothing is guessed."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from mai_core.store.connection import Db, rows

_USER = "_user_"


def client_of(db: Db, external_user: str | None, api_key_name: str | None) -> str | None:
    """By the person (what an operator assigned, the client's name inside their id, their mapping), else by the API
    key's name. A mapping comes after both: a client's own secret makes one for whatever id it tells."""
    if external_user:
        told = _route(db, "external_user", external_user) or client_named_in(external_user, partial(_is_client, db))
        if told is not None:
            return told
        mapped = rows(
            db,
            "SELECT DISTINCT client_org_id FROM user_client_mapping WHERE openrouter_user_id = ? AND is_active = 1",
            (external_user,),
        )
        if len(mapped) == 1:
            return str(mapped[0][0])
    return _route(db, "api_key_name", api_key_name)


def client_named_in(external_user: str, is_client: Callable[[str], bool]) -> str | None:
    """The client whose `<id>_user_` begins the id; of two that fit, the longer name."""
    end = external_user.rfind(_USER)
    while end > 0:
        name = external_user[:end]
        if is_client(name):
            return name
        end = external_user.rfind(_USER, 0, end)
    return None


def _is_client(db: Db, name: str) -> bool:
    return bool(rows(db, "SELECT 1 FROM client_organizations WHERE id = ?", (name,)))


def _route(db: Db, kind: str, value: str | None) -> str | None:
    found = rows(db, "SELECT client_org_id FROM routes WHERE kind = ? AND value = ?", (kind, value)) if value else []
    return str(found[0][0]) if found else None


def client_of_api_key(db: Db, key_hash: str) -> str | None:
    """The flat webhook carries the client's own provider key; only its hash is ever looked up."""
    found = rows(db, "SELECT id FROM client_organizations WHERE openrouter_key_hash = ?", (key_hash,))
    return str(found[0][0]) if found else None
