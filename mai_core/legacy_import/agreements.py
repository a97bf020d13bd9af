"""Brings in who was metered: the installation's settings, client organisations, the mapping of their people."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mai_core.errors import BadValue, MaiError
from mai_core.given import text_given
from mai_core.installation import Installation
from mai_core.legacy_import.history import seconds
from mai_core.legacy_import.report import TableReport
from mai_core.store import Db, clients, global_settings, imported, people
from mai_core.store.legacy_source import LegacySource

ACTOR = "import-legacy"

_CLIENT_COLUMNS = (
    "id",
    "name",
    "openrouter_api_key",
    "openrouter_key_hash",
    "markup_rate",
    "monthly_limit",
    "billing_email",
    "timezone",
    "is_active",
    "created_at",
    "updated_at",
)
_MAPPING_COLUMNS = ("id", "user_id", "client_org_id", "openrouter_user_id", "is_active", "created_at", "updated_at")


def bring_in_settings(db: Db, installation: Installation, source: LegacySource, apply: bool) -> TableReport:
    report = TableReport("global_settings", present="global_settings" in source.tables)
    columns = ("id", "openrouter_provisioning_key", "default_markup_rate", "billing_currency")
    for row in source.rows("global_settings", columns):
        report.read += 1
        if global_settings.get(db) is not None:
            report.unchanged += 1
            report.notes.append("this installation has its own; they stand")
            continue
        try:
            markup = None if row["default_markup_rate"] is None else clients.markup_text(row["default_markup_rate"])
            if apply:
                global_settings.put(
                    db,
                    installation.now_ms(),
                    provisioning_key=row["openrouter_provisioning_key"],
                    default_markup_rate=markup,
                    billing_currency=row["billing_currency"] or "USD",
                    secrets=installation.secrets,
                    actor=ACTOR,
                )
            report.new += 1
        except MaiError as error:
            report.refuse(row["id"], str(error))
    return report


def bring_in_clients(
    db: Db, installation: Installation, source: LegacySource, apply: bool
) -> tuple[TableReport, set[str]]:
    """The report, and every client that is known afterwards."""
    report = TableReport("client_organizations", present="client_organizations" in source.tables)
    known = {client.id for client in clients.list_all(db)}
    for row in source.rows("client_organizations", _CLIENT_COLUMNS):
        report.read += 1
        try:
            if row["id"] in known:
                _fill_in(db, installation, row, report, apply)
            else:
                _create(db, installation, row, apply)
                report.new += 1
            known.add(row["id"])
        except MaiError as error:
            report.refuse(row["id"], str(error))
    return report, known


def _create(db: Db, installation: Installation, row: Mapping[str, Any], apply: bool) -> None:
    agreed = _agreed(row)
    client = text_given("id", row["id"], required=True)
    is_active = row["is_active"] is None or bool(row["is_active"])
    if not apply:
        return
    clients.create(
        db,
        installation.now_ms(),
        client_org_id=client,
        api_key=row["openrouter_api_key"] or None,
        secrets=installation.secrets,
        actor=ACTOR,
        **agreed,
    )
    imported.stamp_client(db, client, seconds(row["created_at"]), seconds(row["updated_at"]), is_active)


def _agreed(row: Mapping[str, Any]) -> dict[str, Any]:
    text_given("openrouter_api_key", row["openrouter_api_key"])
    return clients.checked(
        {
            "name": row["name"],
            "markup_rate": row["markup_rate"],
            "monthly_limit": row["monthly_limit"],
            "billing_email": row["billing_email"] or None,
            "timezone": row["timezone"] or "Europe/Warsaw",
            "provider_key_hash": row["openrouter_key_hash"] or None,
        }
    )


def _fill_in(db: Db, installation: Installation, row: Mapping[str, Any], report: TableReport, apply: bool) -> None:
    """A client that is here already keeps what was agreed here and learns only what it lacks."""
    standing = clients.require(db, row["id"])
    agreed = _agreed(row)
    lacking = {name: value for name, value in agreed.items() if value is not None and getattr(standing, name) is None}
    differing = [
        f"{name} here {getattr(standing, name)}, there {value}"
        for name, value in agreed.items()
        if value is not None and getattr(standing, name) not in (None, value)
    ]
    if row["openrouter_api_key"] and clients.key_ciphertext(db, standing.id) is None:
        lacking["openrouter_api_key"] = row["openrouter_api_key"]
    if differing:
        report.notes.append(f"{standing.id} stays as it is: {'; '.join(differing)}")
    if not lacking:
        report.unchanged += 1
        return
    if apply:
        clients.update(db, installation.now_ms(), standing.id, lacking, secrets=installation.secrets, actor=ACTOR)
    report.changed += 1
    report.notes.append(f"{standing.id} learns {', '.join(sorted(lacking))}")


def bring_in_mappings(
    db: Db, installation: Installation, source: LegacySource, known: set[str], apply: bool
) -> TableReport:
    report = TableReport("user_client_mapping", present="user_client_mapping" in source.tables)
    seen: dict[tuple[str, str], str] = {}
    for row in source.rows("user_client_mapping", _MAPPING_COLUMNS):
        report.read += 1
        try:
            user, external, client = _checked_mapping(row, known)
            standing = imported.mapping_of(db, client, external)
            there = seen.get((client, external)) or (standing["user_id"] if standing else None)
            if there == user:
                report.unchanged += 1
                continue
            if there not in (None, external):
                raise BadValue("openrouter_user_id", "belongs to another person")
            seen[(client, external)] = user
            if apply:
                _put_mapping(db, installation, row)
            report.changed += there is not None
            report.new += there is None
        except MaiError as error:
            report.refuse(row["id"], str(error))
    return report


def _checked_mapping(row: Mapping[str, Any], known: set[str]) -> tuple[str, str, str]:
    client = require_known(row["client_org_id"], known)
    user = text_given("user_id", row["user_id"], required=True)
    return user, text_given("openrouter_user_id", row["openrouter_user_id"], required=True), client


def _put_mapping(db: Db, installation: Installation, row: Mapping[str, Any]) -> None:
    client, external = row["client_org_id"], row["openrouter_user_id"]
    people.ensure_mapping(db, installation.now_ms(), client, external, row["user_id"])
    written = imported.mapping_of(db, client, external)
    assert written is not None
    is_active = row["is_active"] is None or bool(row["is_active"])
    imported.stamp_mapping(db, written["id"], seconds(row["created_at"]), seconds(row["updated_at"]), is_active)


def require_known(client_org_id: Any, known: set[str]) -> str:
    client = text_given("client_org_id", client_org_id, required=True)
    if client not in known:
        raise BadValue("client_org_id", "is not one of the clients")
    return client
