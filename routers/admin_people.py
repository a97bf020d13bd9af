"""The directory of metered people: rename, put into a department, erase. No amount ever changes here."""

from __future__ import annotations

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from mai_core.errors import NotFound
from mai_core.ids import anonymous_label
from mai_core.store import audit, clients, people
from routers.access import Anyone, Opened, Operator

router = APIRouter(tags=["people"])


class Person(BaseModel):
    external_user: str | None = Field(description="OpenRouter's `user`; null: known by name, no usage yet.")
    user_id: str
    name: str | None
    email: str | None
    department: str | None
    label: str = Field(description="Stands for the name where there is none, behind 'Osoba ' or 'Person '.")


class PersonKey(BaseModel):
    model_config = ConfigDict(extra="forbid")

    client_org_id: str = Field(max_length=100)
    user_id: str = Field(min_length=1, max_length=500)


class PersonChange(PersonKey):
    """Absent means unchanged, an empty text clears."""

    name: str | None = Field(None, max_length=200)
    email: str | None = Field(None, max_length=320)
    department: str | None = Field(None, max_length=200)


@router.get("/api/v1/people", summary="Everybody of a client, with and without usage")
def list_people(opened: Opened, caller: Anyone, client: str | None = None) -> list[Person]:
    client_org_id = caller.tenant(client)
    with opened.store.read() as db:
        clients.require(db, client_org_id)
        return [_person(row) for row in people.directory(db, client_org_id)]


@router.patch("/api/v1/admin/people", summary="Rename a person, set address or department")
def change_person(opened: Opened, caller: Operator, body: PersonChange) -> Person:
    changes = body.model_dump(exclude_unset=True, exclude={"client_org_id", "user_id"})
    with opened.store.write() as db:
        now_ms = opened.now_ms()
        clients.require(db, body.client_org_id)
        people.rename(db, now_ms, body.client_org_id, body.user_id, changes)
        fields = sorted(changes)  # not the values: the audit log is not erasable
        audit.write(
            db, now_ms, caller.name, "person.update", body.user_id, body.client_org_id, after={"changed": fields}
        )
        return _find(people.directory(db, body.client_org_id), body.user_id)


@router.post("/api/v1/admin/people/erase", status_code=204, summary="Forget name, address and department for good")
def erase_person(opened: Opened, caller: Operator, body: PersonKey) -> None:
    with opened.store.write() as db:
        now_ms = opened.now_ms()
        clients.require(db, body.client_org_id)
        _find(people.directory(db, body.client_org_id), body.user_id)
        people.put_person(db, now_ms, body.client_org_id, body.user_id, source="operator")
        people.erase_person(db, now_ms, body.client_org_id, body.user_id, caller.name)


def _find(directory: list[dict[str, object]], user_id: str) -> Person:
    for row in directory:
        if row["user_id"] == user_id:
            return _person(row)
    raise NotFound("no such person is known in this client")


def _person(row: dict[str, object]) -> Person:
    fields = {name: row[name] for name in ("external_user", "user_id", "name", "email", "department")}
    return Person.model_validate({**fields, "label": anonymous_label(str(row["external_user"] or row["user_id"]))})
