"""Fill gaps from OpenRouter's books by hand, as the existing system's endpoint did; and see what was found."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Any

from fastapi import APIRouter, HTTPException, Query
from pydantic import BaseModel, ConfigDict, Field

from mai_core.days import instant_text, utc_day
from mai_core.errors import MaiError
from mai_core.money import decimal_text
from mai_core.reconciliation.run import OFF, account_of, reconcile
from mai_core.store import audit, reconciliation
from routers.access import Opened, Operator

router = APIRouter(tags=["reconciliation"])


class SyncWish(BaseModel):
    model_config = ConfigDict(extra="forbid")

    days_back: int = Field(7, ge=1, le=30, description="How many completed UTC days.")


@router.post("/api/v1/usage-tracking/sync/openrouter-usage")
def sync(opened: Opened, caller: Operator, wish: SyncWish | None = None) -> dict[str, Any]:
    """Pull what OpenRouter reports and fill gaps; 409 without the management key, 502 when it does not answer."""
    if account_of(opened) is None:
        raise HTTPException(409, OFF)
    days_back = (wish or SyncWish(days_back=7)).days_back
    with opened.store.write() as db:
        audit.write(db, opened.now_ms(), caller.name, "sync.openrouter", f"{days_back} days")
    try:
        detail = reconcile(opened, days_back, since_onboarding=False)
    except MaiError as error:
        raise HTTPException(502, str(error)) from None
    return {"success": True, **detail}


@router.get("/api/v1/reconciliation")
def found(opened: Opened, caller: Operator, days_back: Annotated[int, Query(ge=1, le=400)] = 30) -> dict[str, Any]:
    """Named differences of the last UTC days, with what the account and its keys had used when last asked."""
    today = utc_day(opened.now_ms())
    with opened.store.read() as db:
        days = reconciliation.compared_days(db, today - timedelta(days=days_back), today)
        lines = reconciliation.listed(db, today - timedelta(days=days_back), today)
        balances = reconciliation.balances(db)
    return {
        "enabled": account_of(opened) is not None,
        "residuals": [
            {
                **{name: row[name] for name in ("utc_date", "client_org_id", "model", "provider", "class")},
                "generation_id": row["generation_id"],
                "billed_usd": decimal_text(row["billed_pusd"]),
                "recorded_usd": decimal_text(row["recorded_pusd"]),
                "open": row["resolved_at_ms"] is None,
            }
            for row in lines
        ],
        "days": _days(days),
        "balances": [
            {"subject": row["subject"], "label": row["label"], "used_usd": decimal_text(row["used_pusd"])}
            for row in balances
        ],
    }


def _days(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Each compared UTC day of the whole account, the latest first."""
    sums: dict[str, dict[str, int]] = {}
    for row in rows:
        day = sums.setdefault(row["utc_date"], {"billed": 0, "recorded": 0, "at_ms": 0})
        day["billed"] += row["billed_pusd"]
        day["recorded"] += row["recorded_pusd"]
        day["at_ms"] = max(day["at_ms"], row["compared_at_ms"])
    return [
        {
            "utc_date": name,
            "billed_usd": decimal_text(day["billed"]),
            "recorded_usd": decimal_text(day["recorded"]),
            "compared_at": instant_text(day["at_ms"]),
        }
        for name, day in sums.items()
    ]
