"""What counts for every client of the installation unless agreed otherwise."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field, SecretStr

from mai_core.rating import DEFAULT_MARKUP
from mai_core.settings import Settings
from mai_core.store import Db, global_settings
from routers.access import Biller, Opened, Operator

router = APIRouter(prefix="/api/v1/admin/settings", tags=["settings"])


class GlobalSettings(BaseModel):
    default_markup_rate: str | None = Field(description="What was agreed here; null: not set.")
    environment_markup: str | None = Field(description="USAGE_MARKUP_MULTIPLIER, which comes before it.")
    effective_markup: str = Field(description="What counts for a client without an own markup.")
    has_provisioning_key: bool
    billing_currency: str


class SettingsChange(BaseModel):
    model_config = ConfigDict(extra="forbid")

    default_markup_rate: Annotated[Decimal, Field(gt=0, le=1000)] | None = Field(
        None, description="null: none is set, and 1.3 counts. Absent: unchanged."
    )
    openrouter_provisioning_key: SecretStr | None = Field(
        None, max_length=500, description="Stored encrypted, never shown again. Absent or null: unchanged."
    )


@router.get("", summary="What counts for every client")
def show_settings(opened: Opened, caller: Biller) -> GlobalSettings:
    with opened.store.read() as db:
        return _shown(db, opened.settings)


@router.patch("", summary="Change the default markup, store the provisioning key")
def change_settings(opened: Opened, caller: Operator, body: SettingsChange) -> GlobalSettings:
    key = body.openrouter_provisioning_key
    with opened.store.write() as db:
        standing = global_settings.get(db) or {}
        markup = standing.get("default_markup_rate")
        if "default_markup_rate" in body.model_fields_set:
            markup = None if body.default_markup_rate is None else format(body.default_markup_rate, "f")
        global_settings.put(
            db, opened.now_ms(), provisioning_key=key.get_secret_value() if key else None, default_markup_rate=markup,
            billing_currency=standing.get("billing_currency", "USD"), secrets=opened.secrets, actor=caller.name,
        )  # fmt: skip
        return _shown(db, opened.settings)


def _shown(db: Db, settings: Settings) -> GlobalSettings:
    standing = global_settings.get(db) or {}
    environment, agreed = settings.usage_markup_multiplier, standing.get("default_markup_rate")
    return GlobalSettings(
        default_markup_rate=agreed,
        environment_markup=None if environment is None else format(environment, "f"),
        effective_markup=format(environment or Decimal(agreed or DEFAULT_MARKUP), "f"),
        has_provisioning_key=bool(standing.get("openrouter_provisioning_key")),
        billing_currency=standing.get("billing_currency", "USD"),
    )
