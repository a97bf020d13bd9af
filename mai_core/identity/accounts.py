"""What may be done with accounts, each change with its line in the audit log."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from mai_core import mail
from mai_core.errors import BadValue, NotFound
from mai_core.identity.callers import ROLES, ROLES_OF_ALL_CLIENTS
from mai_core.store import Db, accounts, audit, clients, sessions

_EMAIL = re.compile(r"[^@\s\x00-\x1f<>,;:\"()\[\]\\]{1,64}@[^@\s\x00-\x1f<>,;:\"()\[\]\\]{1,190}\.[^@\s.]{1,60}")
_SHOWN_IN_AUDIT = ("email", "name", "role", "client_org_id", "language", "digest", "is_active")


def clean_email(text: str) -> str:
    email = text.strip().lower()
    if not _EMAIL.fullmatch(email) or mail.ENCODED in email:
        raise BadValue("email", "is not an e-mail address")
    return email


def check_role(db: Db, role: str, client_org_id: str | None) -> None:
    """Managers and analysts belong to exactly one client, operators and accountants to none."""
    if role not in ROLES:
        raise BadValue("role", f"must be one of {', '.join(ROLES)}")
    if role in ROLES_OF_ALL_CLIENTS and client_org_id is not None:
        raise BadValue("client_org_id", f"must be empty for the role {role}, which sees all clients")
    if role not in ROLES_OF_ALL_CLIENTS and not client_org_id:
        raise BadValue("client_org_id", f"is missing: the role {role} belongs to one client")
    if client_org_id is not None and clients.get(db, client_org_id) is None:
        raise BadValue("client_org_id", "names no client")


def create(
    db: Db,
    now_ms: int,
    actor: str,
    *,
    email: str,
    name: str = "",
    role: str,
    client_org_id: str | None = None,
    language: str | None = None,
) -> dict[str, Any]:
    check_role(db, role, client_org_id)
    account_id = accounts.add(
        db, now_ms, email=clean_email(email), name=clean_name(name), role=role, client_org_id=client_org_id,
        language=language,
    )  # fmt: skip
    account = accounts.require(db, account_id)
    audit.write(db, now_ms, actor, "account.create", account["email"], client_org_id, after=_shown(account))
    return account


def clean_name(text: str) -> str:
    name = text.strip()
    if len(name) > 200 or any(ord(letter) < 32 for letter in name):
        raise BadValue("name", "must be one line of at most 200 characters")
    return name


def change(db: Db, now_ms: int, actor: str, account_id: int, changes: Mapping[str, Any]) -> dict[str, Any]:
    """Another role or client, or disabling, ends the account's sessions: what was open must not stay open."""
    before = accounts.require(db, account_id)
    if "role" in changes or "client_org_id" in changes:
        check_role(db, changes.get("role", before["role"]), changes.get("client_org_id", before["client_org_id"]))
    if before["role"] == "operator" and before["is_active"] and before["has_password"]:
        _keep_one_operator(db, account_id, changes)
    values = {**changes, "name": clean_name(changes["name"])} if "name" in changes else dict(changes)
    after = accounts.update(db, now_ms, account_id, values)
    if any(before[field] != after[field] for field in ("role", "client_org_id", "is_active")):
        sessions.end_all(db, account_id, now_ms)
        accounts.void_links(db, account_id, now_ms)
    audit.write(
        db, now_ms, actor, "account.update", after["email"], after["client_org_id"], _shown(before), _shown(after)
    )
    return after


def _keep_one_operator(db: Db, account_id: int, changes: Mapping[str, Any]) -> None:
    stays = changes.get("is_active", 1) and changes.get("role", "operator") == "operator"
    others = [
        other
        for other in accounts.listed(db)
        if other["role"] == "operator" and other["is_active"] and other["has_password"] and other["id"] != account_id
    ]
    if not stays and not others:
        raise BadValue("is_active" if "is_active" in changes else "role", "this is the last operator who can log in")


def set_password(db: Db, now_ms: int, actor: str, account: Mapping[str, Any], password_hash: str) -> None:
    """Every session of the account ends, every waiting link is void."""
    accounts.set_password_hash(db, now_ms, account["id"], password_hash)
    accounts.void_links(db, account["id"], now_ms)
    accounts.forget_attempts(db, f"account {account['email']}")
    sessions.end_all(db, account["id"], now_ms)
    audit.write(db, now_ms, actor, "account.password", account["email"], account["client_org_id"])


def by_email(db: Db, email: str) -> dict[str, Any]:
    account = accounts.find(db, email.strip().lower())
    if account is None:
        raise NotFound(f"there is no account with the address {email}")
    return account


def _shown(account: Mapping[str, Any]) -> dict[str, Any]:
    return {field: account[field] for field in _SHOWN_IN_AUDIT}
