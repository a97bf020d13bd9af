"""What an operator does about the ways in: secrets, routes of unknown senders, conflicts."""

from __future__ import annotations

import json
from typing import Any, Literal

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from mai_core.days import instant_text
from mai_core.errors import BadValue, MaiError
from mai_core.identity.secret_texts import new_secret
from mai_core.installation import Installation
from mai_core.intake import decisions
from mai_core.intake.replay import replay
from mai_core.store import clients, conflicts, credentials, people, routes
from routers.access import KeyMaker, Opened, Operator

REPLAYED_AT_ONCE = 500

router = APIRouter(prefix="/api/v1/admin", tags=["ways in: administration"])


class NewCredential(BaseModel):
    model_config = ConfigDict(extra="forbid")

    label: str = Field(min_length=1, max_length=200)
    client_org_id: str | None = Field(None, max_length=100, description="null: it carries many, every event is routed.")


class CredentialMade(BaseModel):
    id: int
    secret: str = Field(description="Shown this once.")


class CredentialShown(BaseModel):
    id: int
    label: str
    client_org_id: str | None
    created_at: str


class RouteSet(BaseModel):
    model_config = ConfigDict(extra="forbid")

    kind: Literal["external_user", "api_key_name"]
    value: str = Field(min_length=1, max_length=500)
    client_org_id: str = Field(max_length=100)
    user_id: str | None = Field(None, max_length=200, description="The person behind an external user, if known.")


class Route(BaseModel):
    kind: Literal["external_user", "api_key_name"]
    value: str
    client_org_id: str
    created_at: str


class RouteTaken(BaseModel):
    route: Route
    replayed: int = Field(description="Quarantined events that found their client through it.")
    still_waiting: int = Field(description="Others of the same sender; quarantine says why, or set the route again.")


class Unrouted(BaseModel):
    external_user: str | None
    api_key_name: str | None
    events: int
    last_seen_at: str


class ConflictShown(BaseModel):
    id: int
    client_org_id: str
    generation_id: str
    field: str
    rank: int
    seen_values: list[str]
    state: Literal["open", "decided", "superseded"]
    created_at: str
    updated_at: str


class Verdict(BaseModel):
    model_config = ConfigDict(extra="forbid")

    value: str | None = Field(None, max_length=500, description="One of the seen values; null: the standing one.")


@router.get("/webhook-credentials", summary="Secrets that open the ways in, never the secret itself")
def list_credentials(opened: Opened, caller: Operator) -> list[CredentialShown]:
    with opened.store.read() as db:
        return [
            CredentialShown.model_validate({**row, "created_at": instant_text(row["created_at_ms"])})
            for row in credentials.live(db)
        ]


@router.post("/webhook-credentials", status_code=201, summary="Make a secret; it is shown once")
def create_credential(opened: Opened, caller: KeyMaker, body: NewCredential) -> CredentialMade:
    secret = new_secret("maiw")
    with opened.store.write() as db:
        if body.client_org_id is not None:
            clients.require(db, body.client_org_id)
        number = credentials.add(
            db, opened.now_ms(), opened.secrets, label=body.label, secret=secret, client_org_id=body.client_org_id,
            actor=caller.name,
        )  # fmt: skip
    return CredentialMade(id=number, secret=secret)


@router.delete("/webhook-credentials/{credential_id}", status_code=204, summary="End a secret")
def revoke_credential(opened: Opened, caller: Operator, credential_id: int) -> None:
    with opened.store.write() as db:
        credentials.revoke(db, opened.now_ms(), credential_id, caller.name)


@router.get("/routes", summary="Who was assigned to which client")
def list_routes(opened: Opened, caller: Operator) -> list[Route]:
    with opened.store.read() as db:
        return [_route(row) for row in routes.listed(db)]


@router.put("/routes", summary="Assign an unknown external user or key name, and replay what waits for it")
def set_route(opened: Opened, caller: Operator, body: RouteSet) -> RouteTaken:
    if body.user_id and body.kind != "external_user":
        raise BadValue("user_id", "belongs to an external user, not to a key name")
    with opened.store.write() as db:
        now_ms = opened.now_ms()
        clients.require(db, body.client_org_id)
        row = routes.put(db, now_ms, caller.name, body.kind, body.value, body.client_org_id)
        if body.kind == "external_user":
            people.ensure_mapping(db, now_ms, body.client_org_id, body.value, body.user_id)
        waiting = routes.waiting_for(db, body.kind, body.value)
    replayed = sum(_is_booked(opened, entry, caller.name) for entry in waiting[:REPLAYED_AT_ONCE])
    return RouteTaken(route=_route(row), replayed=replayed, still_waiting=len(waiting) - replayed)


@router.delete("/routes", status_code=204, summary="Forget a route; what is booked stays")
def remove_route(opened: Opened, caller: Operator, kind: Literal["external_user", "api_key_name"], value: str) -> None:
    with opened.store.write() as db:
        routes.remove(db, opened.now_ms(), caller.name, kind, value)


@router.get("/unrouted", summary="External users and key names for which no client is known")
def list_unrouted(opened: Opened, caller: Operator) -> list[Unrouted]:
    with opened.store.read() as db:
        return [
            Unrouted.model_validate({**row, "last_seen_at": instant_text(row["last_seen_at_ms"])})
            for row in routes.unrouted(db)
        ]


@router.get("/conflicts", summary="Fields about which sources of one rank disagree")
def list_conflicts(opened: Opened, caller: Operator, client: str | None = None) -> list[ConflictShown]:
    with opened.store.read() as db:
        return [_conflict(row) for row in conflicts.open_conflicts(db, caller.tenant_or_all(client))]


@router.post("/conflicts/{conflict_id}/decide", summary="Say which value is right")
def decide_conflict(opened: Opened, caller: Operator, conflict_id: int, body: Verdict) -> ConflictShown:
    with opened.store.write() as db:
        return _conflict(decisions.decide(db, opened.settings, opened.now_ms(), caller.name, conflict_id, body.value))


def _is_booked(opened: Installation, entry_id: int, actor: str) -> bool:
    try:
        replay(opened, entry_id, actor)
    except MaiError:
        return False
    return True


def _route(row: dict[str, Any]) -> Route:
    return Route.model_validate({**row, "created_at": instant_text(row["created_at_ms"])})


def _conflict(row: dict[str, Any]) -> ConflictShown:
    return ConflictShown.model_validate(
        {
            **row,
            "seen_values": [str(value) for value in json.loads(row["seen_values"])],
            "created_at": instant_text(row["created_at_ms"]),
            "updated_at": instant_text(row["updated_at_ms"]),
        }
    )
