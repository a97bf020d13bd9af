"""Quotas: the decision before a chat, and what operators set."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel, ConfigDict, Field

from mai_core import quotas as rules
from mai_core.days import instant_text, usage_day
from mai_core.errors import NotFound
from mai_core.identity.callers import NO_SUCH_CLIENT
from mai_core.identity.recognition import Sender
from mai_core.intake.routing import client_of
from mai_core.language import Language, Words
from mai_core.model import Client
from mai_core.money import decimal_text, shortest_text, units_of
from mai_core.store import Db, clients, quotas
from routers.access import Anyone, Opened, Operator, require_sender

router = APIRouter(tags=["quotas"])

Amount = Annotated[Decimal, Field(ge=0, le=9_000_000)]
Asking = Annotated[Sender, Depends(require_sender("quota"))]


class QuotaQuestion(BaseModel):
    external_user: str | None = Field(
        None, max_length=200, description="OpenRouter's `user`; absent: the client as a whole."
    )
    client: str | None = Field(None, max_length=100, description="Only for credentials of many clients.")


class QuotaAnswer(BaseModel):
    allow: bool
    warning: bool = Field(description="A soft limit is passed, or the limit could not be checked.")
    client_org_id: str | None
    decided_by: Literal["person", "client"] | None = Field(description="Whose quota decided, or is the tightest.")
    currency: Literal["USD", "PLN"] | None
    limit: str | None
    used: str | None = Field(description="Charged this month so far.")
    remaining: str | None
    resets_at: str | None = Field(description="The first instant of the client's next month.")
    reason: ReasonTexts


class ReasonTexts(BaseModel):
    code: rules.ReasonKey
    pl: str
    en: str


class QuotaSet(BaseModel):
    model_config = ConfigDict(extra="forbid")

    client_org_id: str = Field(max_length=100)
    external_user: str = Field("", max_length=200, description="Empty: the client as a whole.")
    currency: Literal["USD", "PLN"]
    soft: Amount | None = Field(None, description="Warns from here.")
    hard: Amount | None = Field(None, description="Stops from here.")


class QuotaShown(BaseModel):
    client_org_id: str
    external_user: str
    currency: Literal["USD", "PLN"]
    soft: str | None
    hard: str | None
    updated_at: str


@router.post("/api/v1/quota/check", summary="May this person go on?")
async def check(request: Request, opened: Opened, sender: Asking, body: QuotaQuestion) -> QuotaAnswer:
    """Answers on the event loop from one snapshot: a chat waits for it."""
    now_ms = opened.now_ms()
    with opened.store.read() as db:
        client = _client(db, sender, body)
        if client is None:
            return _unlimited()
        standings = quotas.standings(db, client, body.external_user, now_ms, _memory(request))
        decision = rules.decide(standings, is_active=client.is_active)
        resets_at_ms, zones = quotas.resets_at_ms(db, client, now_ms), clients.zones(db, client.id)
    return _answer(client, decision, resets_at_ms, usage_day(resets_at_ms, zones))


@router.get("/api/v1/quotas", summary="The quotas of a client")
def list_quotas(opened: Opened, caller: Anyone, client: str | None = None) -> list[QuotaShown]:
    client_org_id = caller.tenant(client)
    with opened.store.read() as db:
        clients.require(db, client_org_id)
        return [_shown(row) for row in quotas.listed(db, client_org_id)]


@router.put("/api/v1/admin/quotas", summary="Set a quota")
def set_quota(opened: Opened, caller: Operator, body: QuotaSet) -> QuotaShown:
    soft = None if body.soft is None else units_of(body.soft, "soft")
    hard = None if body.hard is None else units_of(body.hard, "hard")
    with opened.store.write() as db:
        clients.require(db, body.client_org_id)
        row = quotas.put(
            db, opened.now_ms(), caller.name, body.client_org_id, body.external_user, body.currency, soft, hard
        )
    return _shown(row)


@router.delete("/api/v1/admin/quotas", status_code=204, summary="Remove a quota")
def remove_quota(opened: Opened, caller: Operator, client: str, external_user: str = "") -> None:
    with opened.store.write() as db:
        quotas.remove(db, opened.now_ms(), caller.name, client, external_user)


def _memory(request: Request) -> quotas.Memory:
    state = request.app.state
    if not hasattr(state, "quota_memory"):
        state.quota_memory = quotas.Memory()
    memory: quotas.Memory = state.quota_memory
    return memory


def _client(db: Db, sender: Sender, body: QuotaQuestion) -> Client | None:
    """The sender's own client; a sender for many is routed by what it names. Unknown people have no quota."""
    if sender.client_org_id is not None:
        if body.client not in (None, "", sender.client_org_id):
            raise NotFound(NO_SUCH_CLIENT)
        return clients.require(db, sender.client_org_id)
    if body.client:
        return clients.require(db, body.client)
    routed = client_of(db, body.external_user, None)
    return clients.get(db, routed) if routed else None


def _answer(client: Client, decision: rules.Decision, resets_at_ms: int, reset: date) -> QuotaAnswer:
    standing = decision.standing
    return QuotaAnswer(
        allow=decision.allow,
        warning=decision.warning,
        client_org_id=client.id,
        decided_by=standing.quota.holder if standing else None,
        currency=standing.quota.currency if standing else None,
        limit=_text(decision.limit_units),
        used=_text(standing.used_units) if standing else None,
        remaining=_text(standing.remaining_units) if standing else None,
        resets_at=instant_text(resets_at_ms),
        reason=ReasonTexts(
            code=decision.reason,
            pl=_reason("pl", decision, reset),
            en=_reason("en", decision, reset),
        ),
    )


def _unlimited() -> QuotaAnswer:
    return QuotaAnswer(
        allow=True, warning=False, client_org_id=None, decided_by=None, currency=None, limit=None, used=None,
        remaining=None, resets_at=None,
        reason=ReasonTexts(code="quota.none", pl=Words("pl")("quota.none"), en=Words("en")("quota.none")),
    )  # fmt: skip


def _reason(language: Language, decision: rules.Decision, reset: date) -> str:
    words, standing = Words(language), decision.standing
    values: dict[str, Any] = {"reset": words.day(reset)}
    if standing is not None:
        currency, places = standing.quota.currency, _places_of(decision.limit_units or 0)
        for name, units in (
            ("limit", decision.limit_units),
            ("used", standing.used_units),
            ("remaining", standing.remaining_units),
        ):
            values[name] = "" if units is None else words.money(units, currency, places)
    return words(decision.reason, **values)


def _places_of(limit_units: int) -> int:
    """As many as say the limit: one below a cent must not read as zero."""
    return next((places for places in (2, 4) if limit_units % 10 ** (12 - places) == 0), 6)


def _text(units: int | None) -> str | None:
    return None if units is None else decimal_text(units)


def _shown(row: dict[str, Any]) -> QuotaShown:
    soft, hard = row["soft_units"], row["hard_units"]
    return QuotaShown(
        client_org_id=row["client_org_id"], external_user=row["external_user"], currency=row["currency"],
        soft=None if soft is None else shortest_text(soft), hard=None if hard is None else shortest_text(hard),
        updated_at=instant_text(row["updated_at_ms"]),
    )  # fmt: skip
