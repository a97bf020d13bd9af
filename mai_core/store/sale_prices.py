"""Own prices agreed with clients, and since when."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from mai_core.conversion import WARSAW
from mai_core.days import day_start_ms, parse_day, parse_instant_ms
from mai_core.errors import BadValue, NotFound
from mai_core.money import exact_decimal, plain_text
from mai_core.sale_prices import SalePrice
from mai_core.store import audit, clients
from mai_core.store.connection import Db, dicts, rows

DEAREST = Decimal(1_000_000)


def put(
    db: Db,
    now_ms: int,
    *,
    model: str,
    input_per_million: str | Decimal,
    output_per_million: str | Decimal,
    cached_per_million: str | Decimal | None = None,
    per_request: str | Decimal = "0",
    client_org_id: str | None = None,
    effective_from_ms: int | None = None,
    actor: str,
) -> int:
    """Agree on a price from an instant on (now); the same instant again replaces it. Returns its id."""
    values = {
        "input_per_million": _amount(input_per_million, "input_per_million"),
        "output_per_million": _amount(output_per_million, "output_per_million"),
        "cached_per_million": None if cached_per_million is None else _amount(cached_per_million, "cached_per_million"),
        "per_request": _amount(per_request, "per_request"),
        "ended": 0,
    }
    return _write(db, now_ms, client_org_id, model, effective_from_ms, values, actor, "sale_price.set")


def end(
    db: Db,
    now_ms: int,
    *,
    model: str,
    client_org_id: str | None = None,
    effective_from_ms: int | None = None,
    actor: str,
) -> int:
    """From an instant on (now) the markup applies again."""
    since = now_ms if effective_from_ms is None else effective_from_ms
    standing = _in_force(db, client_org_id, model, since)
    if standing is None or standing["ended"]:
        raise NotFound(f"no own price of {model[:80]!r} is in force then")
    names = ("input_per_million", "output_per_million", "cached_per_million", "per_request")
    values = {**{name: standing[name] for name in names}, "ended": 1}
    return _write(db, now_ms, client_org_id, model, since, values, actor, "sale_price.end")


def _write(
    db: Db,
    now_ms: int,
    client_org_id: str | None,
    model: str,
    effective_from_ms: int | None,
    values: dict[str, Any],
    actor: str,
    action: str,
) -> int:
    if not model.strip() or len(model) > 200 or "\x00" in model:
        raise BadValue("model", "must have 1 to 200 characters")
    if client_org_id is not None:
        clients.require(db, client_org_id)
    since = now_ms if effective_from_ms is None else effective_from_ms
    before = _in_force(db, client_org_id, model, since)
    row = {**values, "set_by": actor, "created_at_ms": now_ms}
    db.execute(
        f"INSERT INTO sale_prices (client_org_id, model, effective_from_ms, {', '.join(row)})"
        f" VALUES (?, ?, ?, {', '.join('?' * len(row))})"
        " ON CONFLICT (coalesce(client_org_id, ''), model, effective_from_ms) DO UPDATE SET "
        + ", ".join(f"{name} = excluded.{name}" for name in row),
        (client_org_id, model, since, *row.values()),
    )
    after = _in_force(db, client_org_id, model, since)
    assert after is not None
    audit.write(db, now_ms, actor, action, model, client_org_id, before, after)
    return int(after["id"])


def _in_force(db: Db, client_org_id: str | None, model: str, at_ms: int) -> dict[str, Any] | None:
    found = dicts(
        db,
        "SELECT * FROM sale_prices WHERE client_org_id IS ? AND model = ? AND effective_from_ms <= ?"
        " ORDER BY effective_from_ms DESC LIMIT 1",
        (client_org_id, model, at_ms),
    )
    return found[0] if found else None


def _amount(value: str | Decimal, field: str) -> str:
    amount = exact_decimal(value, field)
    if not 0 <= amount <= DEAREST:
        raise BadValue(field, "must be between 0 and a million USD")
    return plain_text(amount)


def since_ms(db: Db, since: str | None, client_org_id: str | None, field: str = "since") -> int | None:
    """An instant, or a day: its midnight where the client is (Warsaw for a price of all clients)."""
    if since is None:
        return None
    if len(since) == 10:
        client = None if client_org_id is None else clients.require(db, client_org_id)
        return day_start_ms(parse_day(since, field), WARSAW if client is None else clients.zones(db, client.id))
    return parse_instant_ms(since, field)


def list_all(db: Db, client_org_id: str | None = None) -> list[dict[str, Any]]:
    """Every own price, of everybody or as one client sees them (its own and those for all), by model and time."""
    return dicts(
        db,
        "SELECT * FROM sale_prices WHERE ?1 IS NULL OR client_org_id = ?1 OR client_org_id IS NULL"
        " ORDER BY model, client_org_id, effective_from_ms",
        (client_org_id,),
    )


def load(db: Db) -> list[SalePrice]:
    return [
        SalePrice(
            id=number,
            client_org_id=client,
            model=model,
            effective_from_ms=since,
            input_per_million=Decimal(input_price),
            output_per_million=Decimal(output_price),
            cached_per_million=None if cached is None else Decimal(cached),
            per_request=Decimal(per_request),
            ended=bool(ended),
        )
        for number, client, model, since, input_price, output_price, cached, per_request, ended in rows(
            db,
            "SELECT id, client_org_id, model, effective_from_ms, input_per_million, output_per_million,"
            " cached_per_million, per_request, ended FROM sale_prices ORDER BY id",
        )
    ]
