"""The installation-wide agreement: default markup, currency, OpenRouter's provisioning key."""

from __future__ import annotations

from typing import Any

from mai_core.errors import BadValue
from mai_core.given import text_given
from mai_core.secrets_box import SecretBox
from mai_core.store import audit
from mai_core.store.clients import markup_text
from mai_core.store.connection import Db, dicts


def get(db: Db) -> dict[str, Any] | None:
    """The row; the provisioning key in it is ciphertext."""
    rows = dicts(db, "SELECT * FROM global_settings WHERE id = 'global'")
    return rows[0] if rows else None


def put(
    db: Db,
    now_ms: int,
    *,
    provisioning_key: str | None,
    default_markup_rate: str | float | None,
    billing_currency: str,
    secrets: SecretBox,
    actor: str = "system",
) -> None:
    """Create or replace the agreement; a key that is not given stays as it was."""
    if billing_currency != "USD":
        raise BadValue("billing_currency", "must be 'USD': the ledger counts US dollars")
    text_given("openrouter_provisioning_key", provisioning_key)
    before = get(db)
    markup = None if default_markup_rate is None else markup_text(default_markup_rate)
    db.execute(
        "INSERT INTO global_settings (id, openrouter_provisioning_key, default_markup_rate, billing_currency,"
        " created_at, updated_at) VALUES ('global', ?1, ?2, ?3, ?4, ?4) ON CONFLICT (id) DO UPDATE SET"
        " openrouter_provisioning_key = coalesce(excluded.openrouter_provisioning_key, openrouter_provisioning_key),"
        " default_markup_rate = excluded.default_markup_rate, billing_currency = excluded.billing_currency,"
        " updated_at = excluded.updated_at",
        (secrets.encrypt(provisioning_key) if provisioning_key else None, markup, billing_currency, now_ms // 1000),
    )
    audit.write(
        db,
        now_ms,
        actor,
        "global_settings.put",
        "global",
        before=None if before is None else {"default_markup_rate": before["default_markup_rate"]},
        after={"default_markup_rate": markup, "provisioning_key_given": bool(provisioning_key)},
    )
