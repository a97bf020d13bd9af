"""The directory that Open WebUI's filter fills: names, addresses and departments behind the opaque ids."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends
from pydantic import BaseModel, Field

from mai_core import ids
from mai_core.errors import BadValue, NotFound
from mai_core.identity.callers import NO_SUCH_CLIENT
from mai_core.identity.recognition import Sender
from mai_core.installation import Installation
from mai_core.intake.routing import client_of
from mai_core.store import Db, clients, people
from routers.access import Opened, require_sender

router = APIRouter(tags=["people"])

Telling = Annotated[Sender, Depends(require_sender("directory", explicit=True))]


class Entry(BaseModel):
    user_id: str = Field(min_length=1, max_length=200, description="Open WebUI's user id.")
    external_user: str | None = Field(
        None, max_length=200, description="OpenRouter's `user`; default: made of user_id."
    )
    name: str | None = Field(None, max_length=200)
    email: str | None = Field(None, max_length=320)
    groups: list[str] = Field([], max_length=50, description="The first is shown as the department.")


class DirectoryUpdate(BaseModel):
    people: list[Entry] = Field(max_length=1000)
    client: str | None = Field(None, max_length=100, description="Only for credentials of many clients.")


class DirectoryTaken(BaseModel):
    taken: int


@router.post("/api/v1/directory", summary="Tell who is behind the ids")
def tell(opened: Opened, sender: Telling, body: DirectoryUpdate) -> DirectoryTaken:
    """All of it or, at the first entry that cannot be taken, nothing."""
    with opened.store.write() as db:
        for index, entry in enumerate(body.people):
            try:
                _take(db, opened, sender, body.client, entry)
            except BadValue as error:
                raise BadValue(f"people[{index}].{error.field}", error.reason) from None
    return DirectoryTaken(taken=len(body.people))


def _take(db: Db, opened: Installation, sender: Sender, client: str | None, entry: Entry) -> None:
    client_org_id = _client(db, sender, client, entry.external_user)
    prefix = opened.settings.openrouter_external_user or client_org_id
    external_user = entry.external_user or ids.external_user_id(prefix, entry.user_id)
    groups = [group.strip() for group in entry.groups if group.strip()]
    now_ms = opened.now_ms()
    people.ensure_mapping(db, now_ms, client_org_id, external_user, entry.user_id)
    people.put_person(
        db, now_ms, client_org_id, entry.user_id, name=entry.name, email=entry.email,
        department=groups[0] if groups else None, source="open_webui",
    )  # fmt: skip


def _client(db: Db, sender: Sender, client: str | None, external_user: str | None) -> str:
    if sender.client_org_id is not None:
        if client not in (None, "", sender.client_org_id):
            raise NotFound(NO_SUCH_CLIENT)
        return sender.client_org_id
    found = client or client_of(db, external_user, None)
    if not found:
        raise BadValue("external_user", "belongs to no known client: name the client")
    return clients.require(db, found).id
