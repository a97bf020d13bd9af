"""Settings, client organisations and the mapping of their people, by the names of the existing system."""

# The annotations are part of the contract, in the spelling that callers introspect.
# ruff: noqa: UP006, UP035, UP045, RUF013
# mypy: implicit-optional

from decimal import Decimal
from typing import Any, Dict, List, Optional

from mai_core import ids
from mai_core.errors import BadValue, NotFound
from mai_core.given import text_given
from mai_core.model import Client
from mai_core.organization_usage.door import answers, installation, rating_book
from mai_core.organization_usage.models import (
    ClientOrganizationForm,
    ClientOrganizationModel,
    GlobalSettingsForm,
    GlobalSettingsModel,
    UserClientMappingForm,
    UserClientMappingModel,
)
from mai_core.store import Db, clients, global_settings, mappings

_ACTOR = "organization_usage"


def _nothing() -> None:
    return None


class GlobalSettingsDB:
    @staticmethod
    @answers(_nothing)
    def get_settings() -> Optional[GlobalSettingsModel]:
        with installation().store.read() as db:
            return _global_settings(db)

    @staticmethod
    @answers(_nothing)
    def create_or_update_settings(settings_form: GlobalSettingsForm) -> Optional[GlobalSettingsModel]:
        opened = installation()
        with opened.store.write() as db:
            global_settings.put(
                db,
                opened.now_ms(),
                provisioning_key=settings_form.openrouter_provisioning_key,
                default_markup_rate=settings_form.default_markup_rate,
                billing_currency=settings_form.billing_currency or "USD",
                secrets=opened.secrets,
                actor=_ACTOR,
            )
            return _global_settings(db)


class ClientOrganizationDB:
    @staticmethod
    @answers(_nothing)
    def create_client(
        client_form: ClientOrganizationForm, api_key: str, key_hash: str = None
    ) -> Optional[ClientOrganizationModel]:
        opened = installation()
        with opened.store.write() as db:
            created = clients.create(
                db,
                opened.now_ms(),
                client_org_id=ids.client_org_id(text_given("name", client_form.name, required=True)),
                name=client_form.name,
                markup_rate=client_form.markup_rate,
                monthly_limit=client_form.monthly_limit,
                billing_email=client_form.billing_email,
                timezone=client_form.timezone or "Europe/Warsaw",
                api_key=text_given("api_key", api_key),
                provider_key_hash=key_hash,
                secrets=opened.secrets,
                actor=_ACTOR,
            )
            return _organization(db, created)

    @staticmethod
    @answers(_nothing)
    def get_client_by_id(client_id: str) -> Optional[ClientOrganizationModel]:
        with installation().store.read() as db:
            found = clients.get(db, text_given("client_id", client_id))
            return None if found is None else _organization(db, found)

    @staticmethod
    @answers(_nothing)
    def get_client_by_api_key(api_key: str) -> Optional[ClientOrganizationModel]:
        opened = installation()
        with opened.store.read() as db:
            found = clients.get_by_api_key(db, text_given("api_key", api_key), opened.secrets)
            return _organization(db, found) if found is not None and found.is_active else None

    @staticmethod
    @answers(list)
    def get_all_active_clients() -> List[ClientOrganizationModel]:
        with installation().store.read() as db:
            return [_organization(db, client) for client in clients.list_active(db)]

    @staticmethod
    @answers(_nothing)
    def update_client(client_id: str, updates: dict) -> Optional[ClientOrganizationModel]:  # type: ignore[type-arg]
        opened = installation()
        with opened.store.write() as db:
            updated = clients.update(
                db,
                opened.now_ms(),
                text_given("client_id", client_id),
                _column_names(updates),
                secrets=opened.secrets,
                actor=_ACTOR,
            )
            return _organization(db, updated)

    @staticmethod
    @answers(lambda: False)
    def deactivate_client(client_id: str) -> bool:
        opened = installation()
        with opened.store.write() as db:
            clients.update(db, opened.now_ms(), text_given("client_id", client_id), {"is_active": False}, actor=_ACTOR)
        return True


class UserClientMappingDB:
    @staticmethod
    @answers(_nothing)
    def create_mapping(mapping_form: UserClientMappingForm) -> Optional[UserClientMappingModel]:
        opened = installation()
        with opened.store.write() as db:
            row = mappings.create(
                db,
                opened.now_ms(),
                mapping_form.client_org_id,
                mapping_form.user_id,
                mapping_form.openrouter_user_id,
            )
        return UserClientMappingModel(**row)

    @staticmethod
    @answers(_nothing)
    def get_mapping_by_user_id(user_id: str) -> Optional[UserClientMappingModel]:
        with installation().store.read() as db:
            row = mappings.find(db, text_given("user_id", user_id))
        return None if row is None else UserClientMappingModel(**row)

    @staticmethod
    @answers(list)
    def get_mappings_by_client_id(client_org_id: str) -> List[UserClientMappingModel]:
        with installation().store.read() as db:
            rows = mappings.active_of(db, text_given("client_org_id", client_org_id))
        return [UserClientMappingModel(**row) for row in rows]

    @staticmethod
    @answers(lambda: False)
    def deactivate_mapping(user_id: str) -> bool:
        opened = installation()
        with opened.store.write() as db:
            mappings.deactivate(db, opened.now_ms(), text_given("user_id", user_id))
        return True

    @staticmethod
    @answers(lambda: False)
    def update_mapping(user_id: str, updates: dict) -> bool:  # type: ignore[type-arg]
        opened = installation()
        with opened.store.write() as db:
            mappings.update(db, opened.now_ms(), text_given("user_id", user_id), _without_updated_at(updates))
        return True


def known_client(db: Db, client_org_id: Any) -> Client:
    found = clients.get(db, text_given("client_org_id", client_org_id, required=True))
    if found is None:
        raise NotFound(f"client_org_id: no client {client_org_id[:80]!r} is known")
    return found


def _column_names(updates: Any) -> Dict[str, Any]:
    """`openrouter_key_hash` means OpenRouter's hash to callers; the ledger's own column is an HMAC for look-ups."""
    changes = _without_updated_at(updates)
    if "openrouter_key_hash" in changes:
        changes["provider_key_hash"] = changes.pop("openrouter_key_hash")
    return changes


def _without_updated_at(updates: Any) -> Dict[str, Any]:
    """Callers stamp `updated_at` themselves; the store does so anyway."""
    if not isinstance(updates, dict):
        raise BadValue("updates", "must be a dict of column and value")
    return {name: value for name, value in updates.items() if name != "updated_at"}


def _organization(db: Db, client: Client) -> ClientOrganizationModel:
    opened = installation()
    ciphertext = clients.key_ciphertext(db, client.id)
    return ClientOrganizationModel(
        id=client.id,
        name=client.name,
        openrouter_api_key=opened.secrets.decrypt(ciphertext) if ciphertext else None,
        openrouter_key_hash=client.provider_key_hash,
        markup_rate=float(_markup_in_force(db, client)),
        monthly_limit=None if client.monthly_limit is None else float(client.monthly_limit),
        billing_email=client.billing_email,
        timezone=client.timezone,
        is_active=client.is_active,
        created_at=client.created_at,
        updated_at=client.updated_at,
    )


def _markup_in_force(db: Db, client: Client) -> Decimal:
    book = rating_book(db)
    return book.terms_at(book.agreement(client.id), installation().now_ms()).markup


def _global_settings(db: Db) -> Optional[GlobalSettingsModel]:
    row = global_settings.get(db)
    if row is None:
        return None
    ciphertext = row["openrouter_provisioning_key"]
    return GlobalSettingsModel(
        id=row["id"],
        openrouter_provisioning_key=installation().secrets.decrypt(ciphertext) if ciphertext else None,
        default_markup_rate=float(row["default_markup_rate"] or "1.3"),
        billing_currency=row["billing_currency"],
        created_at=row["created_at"],
        updated_at=row["updated_at"],
    )
