"""Demo mode logs in by itself: one account per role, without a password, made when first asked for."""

from __future__ import annotations

from mai_core.errors import NotFound
from mai_core.identity import accounts as account_rules
from mai_core.identity.callers import ROLES_OF_ALL_CLIENTS, Role
from mai_core.identity.signing_in import Session, start_session
from mai_core.store import Db, accounts, clients


def log_in(db: Db, now_ms: int, role: Role) -> Session:
    email = f"{role}@demo.invalid"
    account = accounts.find(db, email) or account_rules.create(
        db, now_ms, "demo", email=email, name=f"Demo {role}", role=role, client_org_id=_client_for(db, role)
    )
    return start_session(db, now_ms, account, "demo")


def _client_for(db: Db, role: Role) -> str | None:
    if role in ROLES_OF_ALL_CLIENTS:
        return None
    active = clients.list_active(db)
    if not active:
        raise NotFound("the demo has no client yet: `python -m mai_core demo` makes its data")
    return active[0].id
