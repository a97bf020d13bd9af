"""The client's place in the ledger: is the file there, is the client in it, is everything as it must be."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mai_core.errors import MaiError
from mai_core.installation import named_client, open_installation
from mai_core.model import Client
from mai_core.onboarding import env_file
from mai_core.settings import Settings, database_path, load_settings
from mai_core.store import Store, clients
from mai_core.store.inspection import missing_tables

ACTOR = "set-up"


def settings_of(path: Path) -> Settings:
    """The file that set-up wrote counts before the environment of the person who runs it."""
    return load_settings({**os.environ, **env_file.read(path)}, path)


def check_connection(settings: Settings) -> str:
    """A sentence when the ledger can be used."""
    path = settings.usage_summary_db
    missing = missing_tables(path)
    if missing:
        raise MaiError(
            f"missing tables in {path.absolute()}: {', '.join(sorted(missing))}. "
            "Create or update them with --init-database"
        )
    return f"database found: {path.absolute()}"


def create_client(settings: Settings, agreed: Mapping[str, Any]) -> str:
    """Make ledger and client where there is none. `agreed` is what has no variable: zone, policy, e-mail."""
    client_org_id = _named(settings)
    is_new_file = not settings.usage_summary_db.is_file()
    installation = open_installation(settings)
    try:
        with installation.store.write() as db:
            client = clients.require(db, client_org_id)
            changes = {field: value for field, value in agreed.items() if value not in (None, getattr(client, field))}
            if changes:
                client = clients.update(db, installation.now_ms(), client_org_id, changes, actor=ACTOR)
    finally:
        installation.close()
    where = "new database" if is_new_file else "database"
    return f"client {client.id} ({client.name}) is in the {where} {settings.usage_summary_db.absolute()}"


def problems(settings: Settings) -> list[str]:
    """Everything that would keep this client from being metered, in words; empty when all is well."""
    found: list[str] = []
    try:
        client_org_id = _named(settings)
        check_connection(settings)
        client = known_client(settings, client_org_id)
    except MaiError as error:
        return [str(error)]
    if client is None:
        return [f"client {client_org_id} is not in the database: run with --init-database"]
    if not client.is_active:
        found.append(f"client {client.id} is switched off (is_active = 0)")
    if not settings.openrouter_webhook_secret.get_secret_value():
        found.append("OPENROUTER_WEBHOOK_SECRET is not set: no event could come in")
    if settings.database_url and not database_path(settings.database_url).is_file():
        found.append(f"database not found: DATABASE_URL names {database_path(settings.database_url).absolute()}")
    return found


def is_new(settings: Settings) -> bool:
    """Whether the client that is being set up is not in the ledger yet."""
    return not settings.usage_summary_db.is_file() or known_client(settings, _named(settings)) is None


def known_client(settings: Settings, client_org_id: str) -> Client | None:
    with Store(settings.usage_summary_db) as store, store.read() as db:
        return clients.get(db, client_org_id)


def _named(settings: Settings) -> str:
    named = named_client(settings)
    if named is None:
        raise MaiError("no client is named: set CLIENT_ORG_ID, or run generate_client_env.py first")
    return named[0]
