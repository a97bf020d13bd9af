"""Client organisations: onboard, agree terms, close, reopen. Operators write, accountants read."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Annotated, Any, Literal

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field, SecretStr

from mai_core import ids
from mai_core.days import ZoneSince, day_start_ms, instant_text, parse_day, parse_instant_ms
from mai_core.errors import BadValue
from mai_core.model import Client
from mai_core.store import Db, clients
from routers.access import Anyone, Biller, Opened, Operator

router = APIRouter(tags=["clients"])

Name = Annotated[str, Field(min_length=1, max_length=500)]
Markup = Annotated[Decimal, Field(gt=0, le=1000, description="1.3 means 30 % on top of our cost.")]
Limit = Annotated[Decimal, Field(ge=0, description="USD per calendar month of the client.")]


class Terms(BaseModel):
    """What can be agreed with a client; absent means unchanged (on creation: the installation's default)."""

    model_config = ConfigDict(extra="forbid")

    markup_rate: Markup | None = None
    monthly_limit: Limit | None = None
    billing_email: str | None = Field(None, max_length=320)
    timezone: str | None = Field(None, max_length=60, description="IANA name; counts from the next local midnight.")
    fx_policy: Literal["daily", "period_end"] | None = None
    byok_include_upstream: bool | None = None
    openrouter_api_key: SecretStr | None = Field(None, description="Stored encrypted, never shown again.")
    provider_key_hash: str | None = Field(None, max_length=200, description="Hash by which OpenRouter names the key.")


class NewClient(Terms):
    name: Name
    id: str | None = Field(None, pattern=r"^[A-Za-z0-9_.-]{1,100}$", description="Default: made from the name.")


class ClientChange(Terms):
    name: Name | None = None
    markup_from: str | None = Field(
        None,
        max_length=40,
        description="From when the markup counts: an instant, or a day (its local midnight). Default: now.",
    )


class MarkupSince(BaseModel):
    markup: str | None = Field(description="null: not agreed, the installation's default counts.")
    since: str | None = Field(description="null: from the beginning.")
    set_by: str


class ZoneSinceShown(BaseModel):
    timezone: str
    since: str | None


class ClientSummary(BaseModel):
    id: str
    name: str
    timezone: str = Field(description="As agreed last; a change counts from the next local midnight.")
    zone_now: str = Field(description="The time zone of the running day.")
    is_active: bool
    monthly_limit: str | None = Field(description="USD a month; null: none agreed.")
    fx_policy: Literal["daily", "period_end"]


class ClientShown(ClientSummary):
    markup_rate: str | None
    billing_email: str | None
    byok_include_upstream: bool
    has_openrouter_key: bool
    provider_key_hash: str | None
    created_at: str
    updated_at: str


class ClientDetail(ClientShown):
    markups: list[MarkupSince]
    timezones: list[ZoneSinceShown]


@router.get("/api/v1/clients", summary="The clients that the caller may see")
def visible_clients(opened: Opened, caller: Anyone) -> list[ClientSummary]:
    with opened.store.read() as db:
        return [
            ClientSummary.model_validate(_shown(db, client, opened.now_ms(), set()))
            for client in clients.list_all(db)
            if caller.may_see(client.id)
        ]


@router.get("/api/v1/admin/clients", summary="All clients with their terms")
def list_clients(opened: Opened, caller: Biller) -> list[ClientShown]:
    with opened.store.read() as db:
        keyed = clients.with_own_key(db)
        return [ClientShown(**_shown(db, client, opened.now_ms(), keyed)) for client in clients.list_all(db)]


@router.post("/api/v1/admin/clients", status_code=201, summary="Onboard a client")
def create_client(opened: Opened, caller: Operator, body: NewClient) -> ClientDetail:
    terms = _given(body)
    client_org_id = body.id or ids.client_org_id(body.name)
    api_key = terms.pop("openrouter_api_key", None)
    byok = terms.pop("byok_include_upstream", None)
    terms.pop("id", None)
    with opened.store.write() as db:
        now_ms = opened.now_ms()
        clients.create(
            db, now_ms, client_org_id=client_org_id, api_key=api_key, secrets=opened.secrets, actor=caller.name, **terms
        )
        if byok:
            clients.update(db, now_ms, client_org_id, {"byok_include_upstream": 1}, actor=caller.name)
        return _detail(db, client_org_id, opened.now_ms())


@router.get("/api/v1/admin/clients/{client_org_id}", summary="One client with the history of its terms")
def show_client(opened: Opened, caller: Biller, client_org_id: str) -> ClientDetail:
    with opened.store.read() as db:
        return _detail(db, client_org_id, opened.now_ms())


@router.patch("/api/v1/admin/clients/{client_org_id}", summary="Change the terms")
def update_client(opened: Opened, caller: Operator, client_org_id: str, body: ClientChange) -> ClientDetail:
    changes = _given(body)
    since = changes.pop("markup_from", None)
    if since and "markup_rate" not in changes:
        raise BadValue("markup_from", "counts only together with markup_rate")
    with opened.store.write() as db:
        zones = clients.zones(db, clients.require(db, client_org_id).id)
        clients.update(
            db, opened.now_ms(), client_org_id, changes, secrets=opened.secrets, actor=caller.name,
            markup_from_ms=_start_ms(since, zones) if since else None,
        )  # fmt: skip
        return _detail(db, client_org_id, opened.now_ms())


@router.post("/api/v1/admin/clients/{client_org_id}/close", summary="No more usage is taken for this client")
def close_client(opened: Opened, caller: Operator, client_org_id: str) -> ClientDetail:
    return _activate(opened, caller.name, client_org_id, 0)


@router.post("/api/v1/admin/clients/{client_org_id}/reopen", summary="Serve this client again")
def reopen_client(opened: Opened, caller: Operator, client_org_id: str) -> ClientDetail:
    return _activate(opened, caller.name, client_org_id, 1)


def _activate(opened: Opened, actor: str, client_org_id: str, active: int) -> ClientDetail:
    with opened.store.write() as db:
        clients.update(db, opened.now_ms(), client_org_id, {"is_active": active}, actor=actor)
        return _detail(db, client_org_id, opened.now_ms())


def _given(body: Terms) -> dict[str, Any]:
    """What the body says; a null clears, except where there is nothing to clear."""
    values = body.model_dump(exclude_unset=True)
    for field in ("name", "timezone", "fx_policy", "byok_include_upstream", "openrouter_api_key", "markup_from"):
        if field in values and values[field] is None:
            del values[field]
    if "openrouter_api_key" in values:
        values["openrouter_api_key"] = values["openrouter_api_key"].get_secret_value().strip()
    return values


def _start_ms(text: str, zones: Sequence[ZoneSince]) -> int:
    if len(text) == 10:
        return day_start_ms(parse_day(text, "markup_from"), zones)
    return parse_instant_ms(text, "markup_from")


def _detail(db: Db, client_org_id: str, now_ms: int) -> ClientDetail:
    client = clients.require(db, client_org_id)
    return ClientDetail(
        **_shown(db, client, now_ms, clients.with_own_key(db)),
        markups=[
            MarkupSince(markup=row["markup"], since=_since(row["effective_from_ms"]), set_by=row["set_by"])
            for row in clients.markup_history(db, client_org_id)
        ],
        timezones=[ZoneSinceShown(timezone=name, since=_since(ms)) for ms, name in clients.zones(db, client_org_id)],
    )


def _shown(db: Db, client: Client, now_ms: int, keyed: set[str]) -> dict[str, Any]:
    fields = ("id", "name", "timezone", "is_active", "monthly_limit", "billing_email", "fx_policy",
              "byok_include_upstream", "provider_key_hash")  # fmt: skip
    return {
        **{field: getattr(client, field) for field in fields},
        "markup_rate": clients.markup_in_force(db, client.id, now_ms),
        "zone_now": clients.zone_now(db, client.id, now_ms),
        "has_openrouter_key": client.id in keyed,
        "created_at": instant_text(client.created_at * 1000),
        "updated_at": instant_text(client.updated_at * 1000),
    }


def _since(at_ms: int) -> str | None:
    return instant_text(at_ms) if at_ms else None
