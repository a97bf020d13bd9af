"""Client organisations, and what was agreed with them when."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from mai_core.days import ZoneSince, next_midnight_ms, zone, zone_in_force
from mai_core.errors import BadValue, Conflict, NotFound
from mai_core.given import LONGEST_TEXT, text_given
from mai_core.model import Client
from mai_core.money import exact_decimal, plain_text, units_of
from mai_core.secrets_box import SecretBox
from mai_core.store import audit
from mai_core.store.connection import Db, dicts, rows

_COLUMNS = (
    "id, name, markup_rate, monthly_limit, billing_email, timezone, fx_policy, byok_include_upstream, is_active, "
    "created_at, updated_at, provider_key_hash"
)

UPDATABLE = frozenset(
    {
        "name",
        "markup_rate",
        "monthly_limit",
        "billing_email",
        "timezone",
        "fx_policy",
        "byok_include_upstream",
        "is_active",
        "openrouter_api_key",
        "provider_key_hash",
    }
)


def create(
    db: Db,
    now_ms: int,
    *,
    client_org_id: str,
    name: str,
    markup_rate: str | float | Decimal | None = None,
    monthly_limit: str | float | Decimal | None = None,
    billing_email: str | None = None,
    timezone: str = "Europe/Warsaw",
    fx_policy: str = "daily",
    api_key: str | None = None,
    provider_key_hash: str | None = None,
    secrets: SecretBox | None = None,
    actor: str = "system",
) -> Client:
    """A new client; its markup and its time zone count from the beginning of time, so that imports are rated too."""
    if get(db, client_org_id) is not None:
        raise Conflict(f"client {client_org_id} exists already")
    values = checked(
        {
            "name": name,
            "markup_rate": markup_rate,
            "monthly_limit": monthly_limit,
            "billing_email": billing_email,
            "timezone": timezone,
            "fx_policy": fx_policy,
            "provider_key_hash": provider_key_hash,
        }
    )
    _require_free_hash(db, client_org_id, provider_key_hash)
    ciphertext, key_hash = _sealed_key(db, client_org_id, api_key, secrets)
    seconds = now_ms // 1000
    db.execute(
        "INSERT INTO client_organizations (id, name, openrouter_api_key, openrouter_key_hash, provider_key_hash,"
        " markup_rate, monthly_limit, billing_email, timezone, fx_policy, created_at, updated_at)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            client_org_id,
            values["name"],
            ciphertext,
            key_hash,
            provider_key_hash,
            values["markup_rate"],
            values["monthly_limit"],
            billing_email,
            values["timezone"],
            values["fx_policy"],
            seconds,
            seconds,
        ),
    )
    db.execute("INSERT INTO markup_history VALUES (?, 0, ?, ?)", (client_org_id, values["markup_rate"], actor))
    db.execute("INSERT INTO client_timezones VALUES (?, 0, ?)", (client_org_id, values["timezone"]))
    client = require(db, client_org_id)
    audit.write(db, now_ms, actor, "client.create", client_org_id, client_org_id, after=_shown(client))
    return client


def update(
    db: Db,
    now_ms: int,
    client_org_id: str,
    changes: Mapping[str, Any],
    *,
    secrets: SecretBox | None = None,
    actor: str = "system",
    markup_from_ms: int | None = None,
) -> Client:
    """Change what is known of a client. A markup counts from `markup_from_ms` (now), a zone from the next midnight."""
    before = require(db, client_org_id)
    unknown = sorted(str(name)[:80] for name in set(changes) - UPDATABLE)
    if unknown:
        raise BadValue(unknown[0], "is not a column of client_organizations that can be changed")
    values = checked(changes)
    _require_free_hash(db, client_org_id, values.get("provider_key_hash"))
    if "markup_rate" in values:
        set_markup(
            db, client_org_id, values["markup_rate"], now_ms if markup_from_ms is None else markup_from_ms, actor
        )
        values["markup_rate"] = markup_in_force(db, client_org_id, now_ms)
        if values["markup_rate"] == before.markup_rate:
            del values["markup_rate"]
    if "timezone" in values and values["timezone"] != before.timezone:
        in_force = zone_in_force(now_ms, zones(db, client_org_id))
        db.execute(
            "INSERT INTO client_timezones VALUES (?, ?, ?)"
            " ON CONFLICT (client_org_id, effective_from_ms) DO UPDATE SET timezone = excluded.timezone",
            (client_org_id, next_midnight_ms(now_ms, in_force), values["timezone"]),
        )
    if "openrouter_api_key" in values:
        ciphertext, key_hash = _sealed_key(db, client_org_id, values.pop("openrouter_api_key"), secrets)
        db.execute(
            "UPDATE client_organizations SET openrouter_api_key = ?, openrouter_key_hash = ? WHERE id = ?",
            (ciphertext, key_hash, client_org_id),
        )
    for column, value in values.items():
        db.execute(f"UPDATE client_organizations SET {column} = ? WHERE id = ?", (value, client_org_id))
    db.execute("UPDATE client_organizations SET updated_at = ? WHERE id = ?", (now_ms // 1000, client_org_id))
    after = require(db, client_org_id)
    audit.write(db, now_ms, actor, "client.update", client_org_id, client_org_id, _shown(before), _shown(after))
    return after


def checked(values: Mapping[str, Any]) -> dict[str, Any]:
    """The values as they are stored, or BadValue naming the field."""
    result: dict[str, Any] = {}
    for field, value in values.items():
        match field:
            case "name":
                try:
                    result[field] = text_given(field, value, required=True).strip()
                except BadValue:
                    raise BadValue(field, f"must be a text of 1 to {LONGEST_TEXT} characters") from None
            case "markup_rate":
                result[field] = None if value is None else markup_text(value)
            case "monthly_limit":
                result[field] = None if value is None else _limit_text(value)
            case "timezone":
                result[field] = zone(str(value)).key
            case "fx_policy":
                if value not in ("daily", "period_end"):
                    raise BadValue("fx_policy", "must be 'daily' or 'period_end'")
                result[field] = value
            case "is_active" | "byok_include_upstream":
                if value not in (0, 1):
                    raise BadValue(field, "must be true or false")
                result[field] = int(value)
            case _:
                result[field] = None if value is None else text_given(field, value)
    return result


def markup_text(value: str | float | Decimal) -> str:
    decimal = exact_decimal(value, "markup_rate")
    if decimal <= 0 or decimal > 1000:
        raise BadValue("markup_rate", "must be above 0 and at most 1000")
    return plain_text(decimal)


def _limit_text(value: str | float | Decimal) -> str:
    if units_of(value, "monthly_limit") < 0:
        raise BadValue("monthly_limit", "must be 0 or more")
    return plain_text(exact_decimal(value, "monthly_limit"))


def set_markup(db: Db, client_org_id: str, markup: str | None, effective_from_ms: int, set_by: str) -> None:
    db.execute(
        "INSERT INTO markup_history VALUES (?, ?, ?, ?) ON CONFLICT (client_org_id, effective_from_ms)"
        " DO UPDATE SET markup = excluded.markup, set_by = excluded.set_by",
        (client_org_id, effective_from_ms, markup, set_by),
    )


def markup_in_force(db: Db, client_org_id: str, at_ms: int) -> str | None:
    found = rows(
        db,
        "SELECT markup FROM markup_history WHERE client_org_id = ? AND effective_from_ms <= ?"
        " ORDER BY effective_from_ms DESC LIMIT 1",
        (client_org_id, at_ms),
    )
    return found[0][0] if found else None


def markup_history(db: Db, client_org_id: str) -> list[dict[str, Any]]:
    """Every markup that was agreed with a client (NULL: none), since when and by whom, oldest first."""
    return dicts(
        db,
        "SELECT markup, effective_from_ms, set_by FROM markup_history WHERE client_org_id = ?"
        " ORDER BY effective_from_ms",
        (client_org_id,),
    )


def _sealed_key(
    db: Db, client_org_id: str, api_key: str | None, secrets: SecretBox | None
) -> tuple[str | None, str | None]:
    if not api_key:
        return None, None
    if secrets is None:
        raise BadValue("openrouter_api_key", "cannot be stored without the installation's secret key")
    key_hash = secrets.hash(api_key)
    for (other,) in db.execute("SELECT id FROM client_organizations WHERE openrouter_key_hash = ?", (key_hash,)):
        if other != client_org_id:
            raise Conflict("this OpenRouter key belongs to another client")
    return secrets.encrypt(api_key), key_hash


def _require_free_hash(db: Db, client_org_id: str, provider_key_hash: str | None) -> None:
    for (other,) in db.execute("SELECT id FROM client_organizations WHERE provider_key_hash = ?", (provider_key_hash,)):
        if other != client_org_id:
            raise Conflict("this hash of an OpenRouter key belongs to another client")


def get(db: Db, client_org_id: str) -> Client | None:
    return _one(db, "WHERE id = ?", (text_given("client_org_id", client_org_id),))


def require(db: Db, client_org_id: str) -> Client:
    client = get(db, client_org_id)
    if client is None:
        raise NotFound(f"no client {client_org_id[:80]!r} is known")
    return client


def get_by_api_key(db: Db, api_key: str, secrets: SecretBox) -> Client | None:
    return _one(db, "WHERE openrouter_key_hash = ?", (secrets.hash(api_key),))


def key_ciphertext(db: Db, client_org_id: str) -> str | None:
    for (ciphertext,) in db.execute(
        "SELECT openrouter_api_key FROM client_organizations WHERE id = ?", (client_org_id,)
    ):
        return None if ciphertext is None else str(ciphertext)
    return None


def with_own_key(db: Db) -> set[str]:
    """Clients whose OpenRouter key is kept here."""
    return {str(row) for (row,) in db.execute("SELECT id FROM client_organizations WHERE openrouter_key_hash NOT NULL")}


def list_all(db: Db) -> list[Client]:
    return [_client(row) for row in db.execute(f"SELECT {_COLUMNS} FROM client_organizations ORDER BY name, id")]


def list_active(db: Db) -> list[Client]:
    return [client for client in list_all(db) if client.is_active]


def zones(db: Db, client_org_id: str) -> tuple[ZoneSince, ...]:
    """The client's time zones, oldest first."""
    found = rows(
        db,
        "SELECT effective_from_ms, timezone FROM client_timezones WHERE client_org_id = ? ORDER BY effective_from_ms",
        (client_org_id,),
    )
    return tuple((int(since), str(name)) for since, name in found)


def zone_now(db: Db, client_org_id: str, now_ms: int) -> str:
    """The zone of the running day. `Client.timezone` is what was agreed last, maybe for the next midnight only."""
    return zone_in_force(now_ms, zones(db, client_org_id))


def _one(db: Db, where: str, bindings: tuple[Any, ...]) -> Client | None:
    for row in db.execute(f"SELECT {_COLUMNS} FROM client_organizations {where}", bindings):
        return _client(row)
    return None


def _client(row: tuple[Any, ...]) -> Client:
    values = dict(zip(_COLUMNS.split(", "), row, strict=True))
    values["byok_include_upstream"] = bool(values["byok_include_upstream"])
    values["is_active"] = bool(values["is_active"])
    return Client(**values)


def _shown(client: Client) -> dict[str, Any]:
    return {
        "name": client.name,
        "markup_rate": client.markup_rate,
        "monthly_limit": client.monthly_limit,
        "billing_email": client.billing_email,
        "timezone": client.timezone,
        "fx_policy": client.fx_policy,
        "byok_include_upstream": client.byok_include_upstream,
        "is_active": client.is_active,
    }
