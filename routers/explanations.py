"""Why a generation costs what it costs."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path
from pydantic import BaseModel, Field

from mai_core.days import from_ms, instant_text
from mai_core.errors import NotFound
from mai_core.explaining import Explanation, explain
from mai_core.money import plain_text, shortest_text
from mai_core.rating import Component
from mai_core.store import ledger, rating_books
from routers.access import Anyone, Opened

router = APIRouter(tags=["prices"])


class Line(BaseModel):
    what: str = Field(description="The price's key: prompt, completion, input_cache_read, ...; own prices: input, ...")
    quantity: int
    unit_usd: str
    amount_usd: str = Field(description="Exact; the sum of the lines is rounded once, to 12 places.")


class Cost(BaseModel):
    """What it cost us; operators only."""

    raw_usd: str
    basis: Literal["reported", "price_book", "given", "unpriced"]
    listed_usd: str | None = Field(description="What the price book says, beside a reported cost too.")
    markup: str
    markup_from: str
    lines: list[Line]
    price_from: str | None
    price_source: str | None
    flags: list[str]


class Explained(BaseModel):
    generation_id: str
    client_org_id: str
    at: str
    day: str
    model: str
    charged_usd: str
    charge_lines: list[Line] = Field(description="At an own price; else empty: the charge is cost x markup.")
    is_current: bool = Field(description="Rating would say the same today; if not, `rerate` shows the difference.")
    cost: Cost | None = None


@router.get("/api/v1/generations/{generation_id}/explanation", summary="Which tokens at which price")
def explanation(
    caller: Anyone,
    opened: Opened,
    generation_id: Annotated[str, Path(max_length=300)],
    client: str | None = None,
) -> Explained:
    client_org_id = caller.tenant(client)
    with opened.store.read() as db:
        event = ledger.find_event(db, client_org_id, generation_id)
        if event is None:
            raise NotFound("no such generation is in the ledger")
        why = explain(rating_books.load(db, opened.settings), event)
    return Explained(
        generation_id=generation_id,
        client_org_id=client_org_id,
        at=instant_text(event["at_ms"]),
        day=event["usage_date"],
        model=event["model"],
        charged_usd=shortest_text(event["charged_pusd"]),
        charge_lines=_lines(why.charge),
        is_current=why.is_current,
        cost=_cost(event, why) if caller.role == "operator" else None,
    )


def _cost(event: dict[str, Any], why: Explanation) -> Cost:
    price = why.price
    return Cost(
        raw_usd=shortest_text(event["raw_pusd"]),
        basis=event["cost_basis"],
        listed_usd=None if event["priced_pusd"] is None else shortest_text(event["priced_pusd"]),
        markup=event["markup"],
        markup_from=event["markup_from"],
        lines=_lines(why.cost),
        price_from=None if price is None else from_ms(price.valid_from_ms).isoformat().replace("+00:00", "Z"),
        price_source=None if price is None else price.source,
        flags=event["flags"].split(),
    )


def _lines(components: tuple[Component, ...]) -> list[Line]:
    return [
        Line(
            what=part.key,
            quantity=part.quantity,
            unit_usd=plain_text(part.unit_usd),
            amount_usd=plain_text(part.amount_usd),
        )
        for part in components
    ]
