"""Callers for tests: a token or a session of any role, as request headers."""

from __future__ import annotations

from mai_core.identity import accounts as account_rules
from mai_core.identity import passwords, signing_in, tokens
from mai_core.identity.callers import ROLES_OF_ALL_CLIENTS
from mai_core.installation import Installation
from tests.builders import CLIENT

PASSWORD = "correct horse battery"
FOREIGN = "mai_client_foreign1"

Headers = dict[str, str]


def bearer(secret: str) -> Headers:
    return {"Authorization": f"Bearer {secret}"}


def token_of(
    installation: Installation,
    role: str,
    client: str | None = CLIENT,
    *,
    scopes: tuple[str, ...] = (),
    days: int | None = None,
) -> Headers:
    with installation.store.write() as db:
        _, token = tokens.create(
            db, installation.now_ms(), "test", name=f"{role} of {client}", role=role,
            client_org_id=None if role in ROLES_OF_ALL_CLIENTS else client, scopes=scopes, days=days,
        )  # fmt: skip
    return bearer(token)


def make_account(
    installation: Installation, email: str = "anna@acme.example", role: str = "manager", client: str | None = CLIENT
) -> dict[str, object]:
    """An account whose password is PASSWORD."""
    with installation.store.write() as db:
        now_ms = installation.now_ms()
        account = account_rules.create(
            db, now_ms, "test", email=email, role=role, client_org_id=None if role in ROLES_OF_ALL_CLIENTS else client
        )
        account_rules.set_password(db, now_ms, "test", account, passwords.hash_password(PASSWORD))
        return account


def session_of(installation: Installation, email: str) -> Headers:
    with installation.store.write() as db:
        account = account_rules.by_email(db, email)
        return bearer(signing_in.start_session(db, installation.now_ms(), account, "127.0.0.1").token)
