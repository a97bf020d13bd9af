"""The usage API of the existing mAI system: the same paths and field names, read from the ledger."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Annotated, Literal

from fastapi import APIRouter, Path
from pydantic import BaseModel, ConfigDict, Field

from mai_core import usage_reading
from mai_core.given import text_given
from mai_core.identity.callers import Caller
from mai_core.installation import Installation
from mai_core.intake.booking import Outcome, Result
from mai_core.intake.manual import book_entry, manual_arrival
from mai_core.language import Words, language_of
from mai_core.model import Client
from mai_core.store import Db, audit, clients, rating_books
from routers.access import Anyone, Opened, Operator

router = APIRouter(prefix="/api/v1/usage-tracking", tags=["usage"])

ClientParam = str | None


class Answer(BaseModel):
    model_config = ConfigDict(protected_namespaces=())

    success: bool = True


class ExchangeRateInfo(BaseModel):
    rate: float
    effective_date: str
    table_no: str
    rate_source: str
    fx_policy: Literal["daily", "period_end"]
    provisional: bool = Field(description="Some amount of the month stands at a rate that is not final.")


class CurrentMonth(BaseModel):
    month: str
    total_tokens: int
    total_cost: float
    total_cost_pln: float | None
    total_requests: int
    days_with_usage: int
    days_in_month: int
    usage_percentage: float
    exchange_rate_info: ExchangeRateInfo | None = Field(description="null: no exchange rate is known.")


class Day(BaseModel):
    date: str
    day_name: str
    tokens: int
    cost: float
    cost_pln: float | None
    requests: int
    primary_model: str | None
    last_activity: str | None


class TopModel(BaseModel):
    model_config = ConfigDict(protected_namespaces=())

    model_name: str
    total_tokens: int


class MonthlySummary(BaseModel):
    average_daily_tokens: int
    average_daily_cost: float
    average_usage_day_tokens: int
    busiest_day: str | None
    highest_cost_day: str | None
    top_models: list[TopModel]
    total_unique_users: int


class Stats(BaseModel):
    current_month: CurrentMonth
    daily_breakdown: list[Day]
    monthly_summary: MonthlySummary
    client_org_name: str
    pln_conversion_available: bool


class UsageSummary(Answer):
    stats: Stats
    client_id: str


class UserUsage(BaseModel):
    user_id: str
    user_name: str
    user_email: str | None
    external_user_id: str | None
    total_tokens: int
    total_requests: int
    markup_cost: float
    cost_pln: float | None
    days_active: int
    last_activity: str | None
    user_mapping_enabled: bool


class UsageByUser(Answer):
    user_usage: list[UserUsage]
    organization_name: str
    total_users: int
    exchange_rate_info: ExchangeRateInfo | None


class ModelUsage(BaseModel):
    model_config = ConfigDict(protected_namespaces=())

    model_name: str
    provider: str
    total_tokens: int
    total_requests: int
    markup_cost: float
    cost_pln: float | None
    days_used: int


class UsageByModel(Answer):
    model_usage: list[ModelUsage]
    exchange_rate_info: ExchangeRateInfo | None


class TierShown(BaseModel):
    tier_range: str
    price_per_user_pln: float
    is_current_tier: bool


class SeatShown(BaseModel):
    user_id: str
    user_name: str
    user_email: str | None
    created_date: str
    days_remaining_when_added: int
    billing_proportion: float
    monthly_cost_pln: float


class SubscriptionMonth(BaseModel):
    month: int
    year: int
    total_users: int
    current_tier_price_pln: float
    total_cost_pln: float
    tier_breakdown: list[TierShown]
    user_details: list[SeatShown]


class SubscriptionData(BaseModel):
    current_month: SubscriptionMonth


class SubscriptionBilling(Answer):
    subscription_data: SubscriptionData


class RealTime(Answer):
    client_org_id: str
    date: str
    total_tokens: int
    total_requests: int
    total_cost: float
    total_cost_pln: float | None
    exchange_rate_info: ExchangeRateInfo | None
    active_users: int
    last_activity: str | None


class ManualEntry(BaseModel):
    model_config = ConfigDict(extra="forbid", protected_namespaces=())

    client_org_id: str
    model_name: str
    usage_date: date
    user_id: str = ""
    openrouter_user_id: str = Field("", description="OpenRouter's `user`; default: user_id.")
    input_tokens: int = 0
    output_tokens: int = 0
    raw_cost: Decimal = Field(Decimal(0), description="USD that OpenRouter took.")
    markup_cost: Decimal | None = Field(None, description="USD to charge, final; default: by the client's agreement.")
    provider: str | None = None
    generation_id: str | None = Field(None, description="Counts once, by whatever way it comes again.")


class ManualRecord(Answer):
    generation_id: str
    result: Literal["new", "changed", "duplicate", "held"]


@router.get("/my-organization/usage-summary", summary="The month so far, day by day")
def usage_summary(caller: Anyone, opened: Opened, client: ClientParam = None) -> UsageSummary:
    with opened.store.read() as db:
        period = usage_reading.this_month(db, _client(db, caller, client), opened.now_ms())
        stats = usage_reading.usage_summary(db, period)
    return UsageSummary.model_validate({"stats": stats, "client_id": period.client.id})


@router.get("/my-organization/usage-by-user", summary="The month so far by person, people without usage included")
def usage_by_user(caller: Anyone, opened: Opened, client: ClientParam = None) -> UsageByUser:
    with opened.store.read() as db:
        period = usage_reading.this_month(db, _client(db, caller, client), opened.now_ms())
        entries = usage_reading.usage_by_user(db, period, _words(caller))
        converted = usage_reading.rate_info(db, period)
    return UsageByUser.model_validate(
        {
            "user_usage": entries,
            "organization_name": period.client.name,
            "total_users": len(entries),
            "exchange_rate_info": converted,
        }
    )


@router.get("/my-organization/usage-by-model", summary="The month so far by model and provider")
def usage_by_model(caller: Anyone, opened: Opened, client: ClientParam = None) -> UsageByModel:
    with opened.store.read() as db:
        period = usage_reading.this_month(db, _client(db, caller, client), opened.now_ms())
        entries = usage_reading.usage_by_model(db, period)
        converted = usage_reading.rate_info(db, period)
    return UsageByModel.model_validate({"model_usage": entries, "exchange_rate_info": converted})


@router.get("/my-organization/subscription-billing", summary="The month's subscription by head")
def subscription_billing(caller: Anyone, opened: Opened, client: ClientParam = None) -> SubscriptionBilling:
    with opened.store.read() as db:
        known = _client(db, caller, client)
        month = usage_reading.subscription_billing(db, known, opened.now_ms(), _words(caller))
    return SubscriptionBilling.model_validate({"subscription_data": {"current_month": month}})


@router.get("/usage/real-time/{client_org_id}", summary="Today so far")
def real_time(caller: Anyone, opened: Opened, client_org_id: Annotated[str, Path(max_length=100)]) -> RealTime:
    with opened.store.read() as db:
        known = _client(db, caller, client_org_id)
        return RealTime.model_validate(usage_reading.today_so_far(db, known, opened.now_ms()))


@router.post("/usage/manual-record", summary="One entry by hand, audited", status_code=201)
def manual_record(caller: Operator, opened: Opened, entry: ManualEntry) -> ManualRecord:
    now_ms = opened.now_ms()
    with opened.store.write() as db:
        known = clients.require(db, entry.client_org_id)
        outcome = _book(db, opened, known, entry, now_ms)
        if outcome.result is not Result.DUPLICATE:
            told = entry.model_dump(mode="json", exclude={"client_org_id", "user_id"}, exclude_defaults=True)
            audit.write(db, now_ms, caller.name, "usage.manual_record", outcome.generation_id, known.id, after=told)
    return ManualRecord(generation_id=outcome.generation_id, result=outcome.result.value)


def _book(db: Db, opened: Installation, known: Client, entry: ManualEntry, now_ms: int) -> Outcome:
    person = text_given("user_id", entry.user_id)
    external_user = entry.openrouter_user_id or person
    arrival = manual_arrival(
        client_org_id=known.id,
        zones=clients.zones(db, known.id),
        now_ms=now_ms,
        source="manual",
        usage_date=entry.usage_date,
        external_user=external_user,
        model=entry.model_name,
        input_tokens=entry.input_tokens,
        output_tokens=entry.output_tokens,
        raw_cost=entry.raw_cost,
        charged=entry.markup_cost,
        provider=entry.provider,
        generation_id=entry.generation_id,
    )
    return book_entry(db, opened, rating_books.load(db, opened.settings), arrival, person or None)


def _client(db: Db, caller: Caller, asked: str | None) -> Client:
    return clients.require(db, caller.tenant(asked))


def _words(caller: Caller) -> Words:
    return Words(language_of(caller.language))
