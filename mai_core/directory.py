"""Names and departments out of Open WebUI's own database, where DATABASE_URL names it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from mai_core import ids
from mai_core.errors import BadValue, MaiError
from mai_core.given import LONGEST_TEXT
from mai_core.installation import Installation, named_client
from mai_core.settings import database_path
from mai_core.store import Db, clients, legacy_source, mappings, people
from mai_core.store.legacy_source import LegacySource

SOURCE = "open_webui"
_USER_COLUMNS = ("id", "name", "email", "role", "created_at")


@dataclass(frozen=True, slots=True)
class Person:
    user_id: str
    name: str | None
    email: str | None
    department: str | None
    since: int
    """Unix seconds of the account's creation."""


def open_webui_path(database_url: str) -> Path:
    scheme, separator, _ = database_url.partition("://")
    if separator and scheme != "sqlite":
        raise MaiError(f"DATABASE_URL names a {scheme} database; people can only be read from a SQLite file")
    return database_path(database_url)


def refresh(installation: Installation, client_org_id: str | None = None) -> int:
    """Take over whom Open WebUI knows; returns how many people it named. Without DATABASE_URL nothing happens."""
    settings = installation.settings
    if not settings.database_url:
        return 0
    named = named_client(settings)
    client = client_org_id or (named[0] if named else None)
    if client is None:
        raise MaiError("whose people does DATABASE_URL name? Set CLIENT_ORG_ID or OPENROUTER_EXTERNAL_USER")
    with legacy_source.opened(open_webui_path(settings.database_url)) as source:
        found = list(people_of(source))
    with installation.store.write() as db:
        clients.require(db, client)
        prefix = settings.openrouter_external_user or client
        return sum(_take(db, installation.now_ms(), client, prefix, person) for person in found)


def people_of(source: LegacySource) -> Iterator[Person]:
    """Everybody who may use Open WebUI; the first group is shown as the department."""
    groups = _groups(source)
    for row in source.rows("user", _USER_COLUMNS):
        if row["role"] == "pending" or not isinstance(row["id"], str):
            continue
        since = row["created_at"] if isinstance(row["created_at"], int) else 0
        yield Person(
            user_id=row["id"],
            name=_short(row["name"]),
            email=_short(row["email"]),
            department=_short(min(groups[row["id"]], default=None)),
            since=since // 1000 if since > 10**11 else since,
        )


def _groups(source: LegacySource) -> dict[str, list[str]]:
    names = {row["id"]: row["name"] for row in source.rows("group", ("id", "name"))}
    groups: dict[str, list[str]] = defaultdict(list)
    for row in source.rows("group_member", ("group_id", "user_id")):
        if names.get(row["group_id"]):
            groups[row["user_id"]].append(names[row["group_id"]])
    return groups


def _take(db: Db, now_ms: int, client: str, prefix: str, person: Person) -> bool:
    try:
        external_user = ids.external_user_id(prefix, person.user_id)
    except BadValue:
        return False
    people.ensure_mapping(db, now_ms, client, external_user, person.user_id)
    mappings.known_since(db, client, external_user, person.since)
    people.put_person(
        db,
        now_ms,
        client,
        person.user_id,
        name=person.name,
        email=person.email,
        department=person.department,
        source=SOURCE,
    )
    return True


def _short(value: object) -> str | None:
    return value[:LONGEST_TEXT].replace("\x00", "") or None if isinstance(value, str) else None
