"""What every door opens first: settings, ledger, secrets, clock, and the client that the environment names."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from decimal import Decimal

from mai_core.clock import Clock
from mai_core.ids import client_org_id
from mai_core.money import plain_text
from mai_core.secrets_box import SecretBox, open_secret_box
from mai_core.settings import Settings
from mai_core.store import Store, audit, clients

log = logging.getLogger(__name__)

ENVIRONMENT = "environment"
"""The actor of what a start-up takes from the environment."""


@dataclass(frozen=True, slots=True)
class Installation:
    settings: Settings
    store: Store
    clock: Clock
    secrets: SecretBox

    def now_ms(self) -> int:
        return self.clock.now_ms()

    def close(self) -> None:
        self.store.close()


def open_installation(settings: Settings) -> Installation:
    clock = Clock.starting_at(settings.mai_clock)
    installation = Installation(settings, Store(settings.usage_summary_db, clock), clock, open_secret_box(settings))
    initialise_client(installation)
    return installation


def named_client(settings: Settings) -> tuple[str, str] | None:
    """(id, name) of the client that the environment names, if any; the id serves as a missing name."""
    client = settings.client_org_id or settings.openrouter_external_user
    if not client:
        if not settings.organization_name:
            return None
        client = client_org_id(settings.organization_name)
    return client, settings.organization_name or client


def initialise_client(installation: Installation) -> None:
    """Create the client that the environment names. What an operator changed later is never reset.

    A value follows the environment as long as it stands as the environment told it last. Two processes may start at
    once: both ask inside one write transaction, the second finds the first one's row.
    """
    settings = installation.settings
    named = named_client(settings)
    if named is None:
        return
    client, name = named
    if not settings.organization_name:
        log.warning("ORGANIZATION_NAME is not set: the client is called %s", client)
    api_key = settings.openrouter_api_key.get_secret_value() or None
    wanted = {
        "name": name,
        "markup_rate": _text(settings.usage_markup_multiplier),
        "monthly_limit": _text(settings.spending_limit),
    }
    with installation.store.write() as db:
        now_ms = installation.now_ms()
        standing = clients.get(db, client)
        if standing is None:
            clients.create(
                db,
                now_ms,
                client_org_id=client,
                api_key=api_key,
                provider_key_hash=settings.openrouter_key_hash or None,
                secrets=installation.secrets,
                actor=ENVIRONMENT,
                **wanted,  # type: ignore[arg-type]
            )
            return
        told_before = audit.last_told(db, ENVIRONMENT, client)
        in_force = {field: getattr(standing, field) for field in wanted}
        in_force["markup_rate"] = clients.markup_in_force(db, client, now_ms)
        changes: dict[str, object] = {
            field: value
            for field, value in wanted.items()
            if value is not None and field in told_before and told_before[field] == in_force[field] != value
        }
        if api_key and clients.get_by_api_key(db, api_key, installation.secrets) != standing:
            changes["openrouter_api_key"] = api_key
        if settings.openrouter_key_hash and standing.provider_key_hash != settings.openrouter_key_hash:
            changes["provider_key_hash"] = settings.openrouter_key_hash
        if changes:
            clients.update(db, now_ms, client, changes, secrets=installation.secrets, actor=ENVIRONMENT)


def _text(value: Decimal | None) -> str | None:
    return None if value is None else plain_text(value)
