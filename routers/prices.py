"""What models cost and sell for, and at which exchange rate: price list, own prices, NBP rates."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path, Query
from pydantic import BaseModel, ConfigDict, Field

from mai_core import conversion
from mai_core.days import instant_text, parse_day
from mai_core.pricing import ModelPrice
from mai_core.rating_book import RatingBook
from mai_core.store import price_books, prices, rates, rating_books, sale_prices
from routers.access import Anyone, Biller, Opened, Operator

router = APIRouter(tags=["prices"])

PREFIX = "/api/v1/usage-tracking"
Currency = Annotated[str, Path(pattern="^[A-Za-z]{3}$")]
Day = Annotated[str, Path(pattern=r"^\d{4}-\d{2}-\d{2}$")]
PerMillion = Annotated[Decimal, Field(ge=0, le=1_000_000, description="USD per million tokens.")]


class PricedModel(BaseModel):
    id: str
    name: str
    provider: str
    price_per_million_input: float | None = Field(description="USD; null: depends on the model it is routed to.")
    price_per_million_output: float | None
    price_per_million_cached: float | None = Field(description="Cached input tokens; null: as input.")
    price_per_request: float
    context_length: int | None
    category: Literal["free", "budget", "standard", "premium", "routed"]


class ModelPricing(BaseModel):
    success: bool = True
    models: list[PricedModel]
    last_updated: str | None = Field(description="When OpenRouter was last asked with success.")
    source: Literal["openrouter_api", "cache", "fallback"]
    prices_are: Literal["listed", "sold"] = Field(
        description="'listed': OpenRouter's; 'sold': what the caller's organisation pays."
    )
    error: str | None = Field(None, description="Why the last refresh failed; operators only.")


@router.get(f"{PREFIX}/model-pricing", summary="Models and their prices in USD per million tokens")
def model_pricing(
    caller: Anyone,
    opened: Opened,
    client: str | None = None,
    at: Annotated[
        str | None, Query(max_length=40, description="As of an instant or a day (its midnight). Default: now.")
    ] = None,
) -> ModelPricing:
    """Operators and accountants see OpenRouter's list, a client's people what their organisation pays."""
    now_ms = opened.now_ms()
    sold_to = caller.tenant_or_all(client) if not caller.sees_all_clients or client else None
    with opened.store.read() as db:
        book = rating_books.load(db, opened.settings)
        at_ms = sale_prices.since_ms(db, at, sold_to, "at") or now_ms
        prices_known = price_books.load(db)
        listed = [prices_known.at(price.model, at_ms)[0] or price for price in prices_known.latest()]
        last, good = prices.last_fetch(db), prices.last_fetch(db, good=True)
        source = prices.source(db, now_ms)
    return ModelPricing(
        models=[_priced(price, book, sold_to, at_ms) for price in listed],
        last_updated=None if good is None else instant_text(good.fetched_at_ms),
        source=source,  # type: ignore[arg-type]
        prices_are="listed" if sold_to is None else "sold",
        error=last.error if last is not None and caller.role == "operator" else None,
    )


def _priced(price: ModelPrice, book: RatingBook, sold_to: str | None, at_ms: int) -> PricedModel:
    given, taken = price.per_million("prompt"), price.per_million("completion")
    cached, each = price.per_million("input_cache_read"), (price.per_million("request") or Decimal(0)).scaleb(-6)
    if sold_to is not None:
        own = book.sale_prices.at(sold_to, price.model, at_ms)
        if own is not None:
            given, taken, cached = own.input_per_million, own.output_per_million, own.cached_per_million
            each = own.per_request
        else:
            markup = book.terms_at(book.agreement(sold_to), at_ms).markup
            given, taken, cached = (None if listed is None else listed * markup for listed in (given, taken, cached))
            each *= markup
    return PricedModel(
        id=price.model,
        name=price.name or price.model,
        provider=price.model.lstrip("~").partition("/")[0],
        price_per_million_input=None if given is None else float(given),
        price_per_million_output=None if taken is None else float(taken),
        price_per_million_cached=None if cached is None else float(cached),
        price_per_request=float(each),
        context_length=price.context_length,
        category=category(price),
    )


def category(price: ModelPrice) -> Literal["free", "budget", "standard", "premium", "routed"]:
    """By the listed price of a million tokens in and a million out."""
    given, taken = price.per_million("prompt"), price.per_million("completion")
    if given is None or taken is None:
        return "routed"
    both = given + taken
    return "free" if both == 0 else "budget" if both < 2 else "standard" if both < 20 else "premium"


class ShownRate(BaseModel):
    success: bool = True
    base: str
    quote: Literal["PLN"] = "PLN"
    rate: float = Field(description="PLN for one unit.")
    rate_text: str = Field(description="The same as exact decimal text.")
    effective_date: str
    table_no: str
    rate_source: Literal["NBP table A"] = "NBP table A"
    provisional: bool = Field(description="A newer table may still appear for the day asked for.")
    fetched_at: str | None
    age_s: int | None
    last_error: str | None = Field(description="Why NBP could not be asked last time.")


@router.get(PREFIX + "/exchange-rate/{currency}/PLN", summary="NBP middle rate of today or of a day")
def exchange_rate(
    caller: Anyone,
    opened: Opened,
    currency: Currency,
    date: Annotated[str | None, Query(pattern=r"^\d{4}-\d{2}-\d{2}$")] = None,
) -> ShownRate:
    now_ms, code = opened.now_ms(), currency.upper()
    day = conversion.warsaw_today(now_ms) if date is None else parse_day(date)
    with opened.store.read() as db:
        rate = conversion.rate_of_day(day, "daily", rates.known(db, code))
        answer = rates.last_answer(db, code) or {}
    answered_at_ms = answer.get("answered_at_ms")
    return ShownRate(
        base=code,
        rate=float(rate.rate),
        rate_text=format(rate.rate, "f"),
        effective_date=rate.effective_date.isoformat(),
        table_no=rate.table_no,
        provisional=rate.provisional,
        fetched_at=None if answered_at_ms is None else instant_text(answered_at_ms),
        age_s=None if answered_at_ms is None else max(0, now_ms - answered_at_ms) // 1000,
        last_error=answer.get("last_error") if caller.role == "operator" else None,
    )


class RateRow(BaseModel):
    effective_date: str
    rate: str
    table_no: str
    state: Literal["used", "held", "refused"]
    fetched_at: str


@router.get("/api/v1/exchange-rates/{currency}", summary="The NBP tables that are known, held ones included")
def exchange_rates(
    caller: Biller, opened: Opened, currency: Currency, since: str | None = None, through: str | None = None
) -> list[RateRow]:
    start = parse_day(since, "since").isoformat() if since else ""
    end = parse_day(through, "through").isoformat() if through else "9999"
    with opened.store.read() as db:
        tables = rates.list_tables(db, currency.upper(), start, end)
    return [RateRow(**{**table, "fetched_at": instant_text(table.pop("fetched_at_ms"))}) for table in tables]


class RateDecision(BaseModel):
    decision: Literal["accept", "refuse"]


@router.post("/api/v1/exchange-rates/{currency}/{day}", summary="Confirm or refuse a rate that is held")
def decide_rate(caller: Biller, opened: Opened, currency: Currency, day: Day, body: RateDecision) -> dict[str, Any]:
    at, now_ms, code = parse_day(day, "day"), opened.now_ms(), currency.upper()
    with opened.store.write() as db:
        if body.decision == "refuse":
            rates.refuse(db, now_ms, at, caller.name, code)
            changed = [at]
        else:
            changed = rates.accept(db, now_ms, at, caller.name, code)
        rates.fix_day_rates(db, now_ms)
    return {"success": True, "decision": body.decision, "days": [day.isoformat() for day in changed]}


class SalePriceEnd(BaseModel):
    model_config = ConfigDict(extra="forbid")

    model: str = Field(min_length=1, max_length=200)
    client_org_id: str | None = Field(None, description="null: for all clients without an own price.")
    since: str | None = Field(
        None, max_length=40, description="An instant or a day (its local midnight). Default: now."
    )


class NewSalePrice(SalePriceEnd):
    input_per_million: PerMillion
    output_per_million: PerMillion
    cached_per_million: PerMillion | None = Field(None, description="Default: as input.")
    per_request: Annotated[Decimal, Field(ge=0, le=1_000_000, description="USD per request.")] = Decimal(0)


class SalePriceShown(BaseModel):
    id: int
    client_org_id: str | None
    model: str
    since: str
    input_per_million: str
    output_per_million: str
    cached_per_million: str | None
    per_request: str
    ended: bool
    set_by: str


@router.get("/api/v1/sale-prices", summary="Own prices and since when; where one is in force the markup does not apply")
def own_prices(caller: Biller, opened: Opened, client: str | None = None) -> list[SalePriceShown]:
    with opened.store.read() as db:
        found = sale_prices.list_all(db, caller.tenant_or_all(client))
    return [
        SalePriceShown(**{**row, "since": instant_text(row.pop("effective_from_ms")), "ended": bool(row["ended"])})
        for row in found
    ]


@router.post("/api/v1/sale-prices", summary="Agree on an own price", status_code=201)
def put_own_price(caller: Operator, opened: Opened, body: NewSalePrice) -> dict[str, Any]:
    with opened.store.write() as db:
        number = sale_prices.put(
            db,
            opened.now_ms(),
            model=body.model,
            client_org_id=body.client_org_id,
            input_per_million=body.input_per_million,
            output_per_million=body.output_per_million,
            cached_per_million=body.cached_per_million,
            per_request=body.per_request,
            effective_from_ms=sale_prices.since_ms(db, body.since, body.client_org_id),
            actor=caller.name,
        )
    return {"success": True, "id": number}


@router.post("/api/v1/sale-prices/end", summary="Let the markup apply again")
def end_own_price(caller: Operator, opened: Opened, body: SalePriceEnd) -> dict[str, Any]:
    with opened.store.write() as db:
        number = sale_prices.end(
            db,
            opened.now_ms(),
            model=body.model,
            client_org_id=body.client_org_id,
            effective_from_ms=sale_prices.since_ms(db, body.since, body.client_org_id),
            actor=caller.name,
        )
    return {"success": True, "id": number}
