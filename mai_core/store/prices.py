"""Every price of a model that was ever seen, and how the last questions to OpenRouter went."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import lru_cache

from mai_core.days import DAY_MS
from mai_core.pricing import Listed, ModelPrice, Plan, PriceBook, Pricing, pricing_of, pricing_text
from mai_core.store.connection import Db, dicts, rows


@dataclass(frozen=True, slots=True)
class Fetch:
    """One question to OpenRouter."""

    fetched_at_ms: int
    ok: bool
    models: int
    changed: int
    error: str | None
    doubtful: tuple[tuple[str, str], ...] = ()


def load(db: Db) -> list[ModelPrice]:
    return [
        ModelPrice(
            id=number,
            model=model,
            canonical_slug=slug,
            alias_target=alias,
            name=name,
            context_length=length,
            pricing=_pricing(text),
            valid_from_ms=since,
            source=source,
        )
        for number, model, slug, alias, name, length, text, since, source in rows(
            db,
            "SELECT id, model, canonical_slug, alias_target, name, context_length, pricing, valid_from_ms, source"
            " FROM model_prices ORDER BY id",
        )
    ]


@lru_cache(maxsize=20_000)
def _pricing(text: str) -> Pricing:
    return pricing_of(json.loads(text))


def latest(db: Db) -> dict[str, ModelPrice]:
    """The standing price of every model, as a refresh compares with it."""
    return {price.model: price for price in PriceBook(load(db)).latest()}


def add(db: Db, listed: Listed, pricing: Pricing, valid_from_ms: int, source: str) -> None:
    db.execute(
        "INSERT INTO model_prices (model, canonical_slug, alias_target, name, context_length, pricing, valid_from_ms,"
        " source) VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (model, valid_from_ms) DO UPDATE SET"
        " canonical_slug = excluded.canonical_slug, alias_target = excluded.alias_target, name = excluded.name,"
        " context_length = excluded.context_length, pricing = excluded.pricing, source = excluded.source",
        (
            listed.model,
            listed.canonical_slug,
            listed.alias_target,
            listed.name,
            listed.context_length,
            pricing_text(pricing),
            valid_from_ms,
            source,
        ),
    )


def apply(db: Db, plan: Plan, models: int, now_ms: int) -> Fetch:
    """Write what a refresh changes, with the record that it took place."""
    for difference in plan.differences:
        before = difference.before
        since = before.valid_from_ms if difference.completes and before is not None else now_ms
        add(db, difference.listed, difference.pricing, since, "openrouter_api")
    fetch = Fetch(now_ms, True, models, len(plan.differences), None, plan.doubtful)
    _record(db, fetch)
    return fetch


def failed(db: Db, now_ms: int, error: str) -> Fetch:
    """The book stays as it was; the reason is kept."""
    fetch = Fetch(now_ms, False, 0, 0, error)
    _record(db, fetch)
    return fetch


def _record(db: Db, fetch: Fetch) -> None:
    db.execute(
        "INSERT INTO price_fetches (fetched_at_ms, ok, models, changed, error, doubtful) VALUES (?, ?, ?, ?, ?, ?)",
        (
            fetch.fetched_at_ms,
            int(fetch.ok),
            fetch.models,
            fetch.changed,
            fetch.error,
            json.dumps(fetch.doubtful, ensure_ascii=False),
        ),
    )


def last_fetch(db: Db, *, good: bool = False) -> Fetch | None:
    """The last question, or the last one that was answered well."""
    for row in dicts(
        db, "SELECT * FROM price_fetches WHERE ok >= ? ORDER BY fetched_at_ms DESC, id DESC LIMIT 1", (int(good),)
    ):
        return Fetch(
            row["fetched_at_ms"],
            bool(row["ok"]),
            row["models"],
            row["changed"],
            row["error"],
            tuple((model, reason) for model, reason in json.loads(row["doubtful"])),
        )
    return None


def is_due(db: Db, now_ms: int) -> bool:
    """The book is older than 24 hours, or there is none."""
    good = last_fetch(db, good=True)
    return good is None or now_ms - good.fetched_at_ms >= DAY_MS


def source(db: Db, now_ms: int) -> str:
    """Where the standing prices come from: 'openrouter_api', 'cache' (older than a day or the last refresh failed),
    'fallback' (the bundled list)."""
    if last_fetch(db, good=True) is None:
        return "fallback"
    last = last_fetch(db)
    return "openrouter_api" if last is not None and last.ok and not is_due(db, now_ms) else "cache"


def is_empty(db: Db) -> bool:
    return not rows(db, "SELECT 1 FROM model_prices LIMIT 1")
