"""FOCUS 1.4, dataset Cost and Usage: the resale in złoty, one row per token kind.

A day's charge is one amount; it is divided among its kinds of tokens in proportion to the model's listed prices (by
number of tokens where none is known), so that the kinds add up to the charge to the last unit. Usage days stand as
calendar days of the client.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pyarrow as pa

from mai_core.days import month_days, month_of
from mai_core.errors import MaiError
from mai_core.money import decimal_text, units_of
from mai_core.reports.engine import Connection
from mai_core.reports.exports.request import ExportRequest
from mai_core.reports.exports.rows import chunks_of
from mai_core.reports.reporting import Page
from mai_core.reports.source import TEXT

ISSUER = "mAI Usage"

_WORDS = {
    "input": ("Input Tokens", "input", "input tokens"),
    "cached": ("Cached Input Tokens", "input_cache_read", "cached input tokens"),
    "output": ("Output Tokens", "output", "output tokens"),
    "request": ("Requests", "request", "requests"),
}
_NAMES = """
BilledCost BillingAccountId BillingAccountName BillingAccountType BillingCurrency BillingPeriodEnd BillingPeriodStart
ChargeCategory ChargeClass ChargeDescription ChargeFrequency ChargePeriodEnd ChargePeriodStart ConsumedQuantity
ConsumedUnit ContractedCost ContractedUnitPrice EffectiveCost HostProviderName InvoiceId InvoiceIssuerName ListCost
ListUnitPrice PricingCategory PricingCurrency PricingCurrencyContractedUnitPrice PricingCurrencyEffectiveCost
PricingCurrencyListUnitPrice PricingQuantity PricingUnit ResourceId ResourceName ResourceType ServiceCategory
ServiceName ServiceProviderName ServiceSubcategory SkuId SkuMeter SkuPriceDetails SkuPriceId SubAccountId
SubAccountName SubAccountType Tags x_RateTable x_Provisional
""".split()  # noqa: SIM905


def columns(with_cost: bool) -> dict[str, pa.DataType]:
    names = [*_NAMES, "x_ProviderCostUsd"] if with_cost else _NAMES
    return dict.fromkeys(names, pa.string())


_SQL = """
WITH used AS (
    SELECT u.client_org_id, u.day, coalesce(p.user_id, nullif(u.user_id, ''), u.person) AS user_id, u.model, u.provider,
        max(p.user_name) AS user_name, max(p.department) AS department,
        sum(u.requests)::HUGEINT AS requests,
        greatest(sum(u.input_tokens) - least(sum(u.cached_tokens), sum(u.input_tokens)), 0)::HUGEINT AS input,
        least(sum(u.cached_tokens), sum(u.input_tokens))::HUGEINT AS cached,
        sum(u.output_tokens)::HUGEINT AS output,
        sum(u.charged_pusd)::HUGEINT AS charged_pusd, whole_sum(u.charged_ppln)::HUGEINT AS charged_ppln,
        sum(u.raw_pusd)::HUGEINT AS raw_pusd, -- cost
        max(u.rate_table) AS rate_table, bool_or(u.provisional) AS provisional
    FROM usage AS u
    LEFT JOIN people AS p ON p.client_org_id = u.client_org_id AND p.person = u.person
    WHERE u.day BETWEEN $start AND $end
    GROUP BY ALL
),

weighted AS (
    SELECT used.*, clients.client_name,
        used.input * coalesce(w.input, 1)::HUGEINT AS input_weight,
        used.cached * coalesce(w.cached, 1)::HUGEINT AS cached_weight,
        used.output * coalesce(w.output, 1)::HUGEINT AS output_weight
    FROM used
    LEFT JOIN clients ON clients.client_org_id = used.client_org_id
    LEFT JOIN weights AS w ON w.model = used.model
)

SELECT *, input_weight + cached_weight + output_weight AS whole_weight
FROM weighted
ORDER BY client_org_id, day, user_id, model, provider
"""


def tables(page: Page, request: ExportRequest) -> Iterator[Iterator[pa.Table]]:
    weights = _weights(page)
    with_cost = page.viewer.sees_cost
    sql = "\n".join(line for line in _SQL.splitlines() if with_cost or not line.endswith("-- cost"))
    schema = pa.schema(list(columns(with_cost).items()))
    for chunk in chunks_of(page, request):

        def run(cursor: Connection, chunk: Any = chunk) -> pa.RecordBatchReader:
            cursor.register("weights", weights)
            page.narrow(cursor, chunk.client, chunk.first, chunk.last)
            return cursor.execute(sql, {"start": chunk.first, "end": chunk.last}).to_arrow_table()

        table = page.answer({"user", "model"}, run)
        yield _written(table, schema, with_cost)


def _written(table: pa.Table, schema: pa.Schema, with_cost: bool) -> Iterator[pa.Table]:
    """A few rows at a time: as Python objects they are many times their size in Arrow."""
    for batch in table.to_batches(max_chunksize=250):
        lines = [line for row in batch.to_pylist() for line in lines_of(row, with_cost)]
        yield pa.Table.from_pylist(lines, schema=schema)


def lines_of(row: dict[str, Any], with_cost: bool = False) -> list[dict[str, str | None]]:
    """The rows of one person, model, provider and day: one per kind of token that was used."""
    if row["charged_ppln"] is None:
        raise MaiError(f"no NBP exchange rate is known for {row['day']}: `python -m mai_core rates fetch`")
    quantities = {kind: int(row[kind]) for kind in ("input", "cached", "output") if row[kind]}
    if not quantities:
        quantities = {"request": int(row["requests"])}
    amounts = {"pln": "charged_ppln", "usd": "charged_pusd"} | ({"raw": "raw_pusd"} if with_cost else {})
    weights = [int(row[f"{kind}_weight"]) if kind != "request" else 1 for kind in quantities]
    parts = {name: divided(int(row[column]), weights) for name, column in amounts.items()}
    return [
        _line(row, kind, quantity, {name: part[place] for name, part in parts.items()})
        for place, (kind, quantity) in enumerate(quantities.items())
    ]


def divided(amount: int, weights: list[int]) -> list[int]:
    """In proportion; the last part takes what integer division leaves, so the parts always add up."""
    whole = sum(weights) or len(weights)
    shares = weights if sum(weights) else [1] * len(weights)
    parts = [amount * share // whole for share in shares[:-1]]
    return [*parts, amount - sum(parts)]


def _line(row: dict[str, Any], kind: str, quantity: int, parts: dict[str, int]) -> dict[str, str | None]:
    meter, key, words = _WORDS[kind]
    day, model = row["day"], row["model"]
    first, last = month_days(month_of(day))
    billed, usd = decimal_text(parts["pln"]), decimal_text(parts["usd"])
    unit, unit_usd = _unit_price(parts["pln"], quantity), _unit_price(parts["usd"], quantity)
    counted = "Requests" if kind == "request" else "Tokens"
    line: dict[str, str | None] = dict.fromkeys(_NAMES)
    line |= {
        "BilledCost": billed,
        "BillingAccountId": row["client_org_id"],
        "BillingAccountName": row["client_name"],
        "BillingAccountType": "Organization",
        "BillingCurrency": "PLN",
        "BillingPeriodStart": f"{first}T00:00:00Z",
        "BillingPeriodEnd": f"{last + timedelta(days=1)}T00:00:00Z",
        "ChargeCategory": "Usage",
        "ChargeDescription": f"{model} {words}",
        "ChargeFrequency": "Usage-Based",
        "ChargePeriodStart": f"{day}T00:00:00Z",
        "ChargePeriodEnd": f"{day + timedelta(days=1)}T00:00:00Z",
        "ConsumedQuantity": f"{quantity}.0",
        "ConsumedUnit": counted,
        "ContractedCost": billed,
        "ContractedUnitPrice": unit,
        "EffectiveCost": billed,
        "HostProviderName": row["provider"] or "OpenRouter",
        "InvoiceIssuerName": ISSUER,
        "ListCost": billed,
        "ListUnitPrice": unit,
        "PricingCategory": "Standard",
        "PricingCurrency": "USD",
        "PricingCurrencyContractedUnitPrice": unit_usd,
        "PricingCurrencyEffectiveCost": usd,
        "PricingCurrencyListUnitPrice": unit_usd,
        "PricingQuantity": f"{quantity}.0",
        "PricingUnit": counted,
        "ResourceId": model or "unknown",
        "ResourceName": (model or "unknown").rpartition("/")[2],
        "ResourceType": "Model",
        "ServiceCategory": "AI and Machine Learning",
        "ServiceName": "OpenRouter Inference",
        "ServiceProviderName": "OpenRouter",
        "ServiceSubcategory": "Generative AI",
        "SkuId": model or "unknown",
        "SkuMeter": meter,
        "SkuPriceId": f"{model or 'unknown'}:{key}",
        "Tags": json.dumps({"user_id": row["user_id"], "user_name": row["user_name"]}, ensure_ascii=False),
        "x_RateTable": row["rate_table"],
        "x_Provisional": "true" if row["provisional"] else "false",
    }
    if row["department"]:
        line |= {
            "SubAccountId": row["department"],
            "SubAccountName": row["department"],
            "SubAccountType": "Department",
        }
    if "raw" in parts:
        line["x_ProviderCostUsd"] = decimal_text(parts["raw"])
    return line


def _unit_price(units: int, quantity: int) -> str:
    """30 places: times the quantity it is the cost, far below what any consumer tells apart."""
    price = Decimal(units * 10**18 // max(quantity, 1)).scaleb(-30)
    return format(price, "f")


def _weights(page: Page) -> pa.Table:
    """Listed prices of each model as integers, for dividing only."""
    with page.reporting.source.snapshot() as query:
        listed = query(
            "SELECT model, pricing FROM model_prices ORDER BY valid_from_ms", {"model": TEXT, "pricing": TEXT}
        )
    weights: dict[str, dict[str, Any]] = {}
    for row in listed.to_pylist():
        pricing = json.loads(row["pricing"])
        prompt, completion = _price(pricing, "prompt"), _price(pricing, "completion")
        if prompt or completion:
            cached = _price(pricing, "input_cache_read") or prompt
            weights[row["model"]] = {"model": row["model"], "input": prompt, "cached": cached, "output": completion}
    kinds = [("model", pa.string()), *((name, pa.int64()) for name in ("input", "cached", "output"))]
    return pa.Table.from_pylist(list(weights.values()), schema=pa.schema(kinds))


def _price(pricing: dict[str, Any], key: str) -> int:
    try:
        return max(units_of(str(pricing.get(key) or "0")), 0)
    except MaiError:
        return 0
