"""Logging in and out. A wrong password, an unknown address and a disabled account get one answer, at one cost."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from mai_core.days import DAY_MS
from mai_core.errors import MaiError
from mai_core.identity.passwords import LONGEST, verify_password
from mai_core.identity.secret_texts import new_secret, secret_hash
from mai_core.identity.throttling import FAILURES_PER_ACCOUNT, FAILURES_PER_ADDRESS, WINDOW_MS, attempt_wait_ms
from mai_core.store import Db, Store, accounts, audit, sessions

SESSION_MS = 14 * DAY_MS


class WrongLogin(MaiError):
    """The address or the password is wrong; which of them, nobody learns."""


class TooManyLogins(MaiError):
    def __init__(self, wait_ms: int) -> None:
        self.wait_s = max(1, -(-wait_ms // 1000))
        super().__init__(f"too many failed attempts: try again in {-(-self.wait_s // 60)} min, or reset the password")


@dataclass(frozen=True, slots=True)
class Session:
    token: str
    """Shown once, to whoever logged in; the ledger keeps its hash."""
    expires_at_ms: int
    account: dict[str, Any]


def log_in(store: Store, email: str, password: str, address: str) -> Session:
    """A session, or WrongLogin, or TooManyLogins. Hashing is slow: call it from a thread."""
    now_ms = store.clock.now_ms()
    email = email.strip().lower()[:320]
    subjects = (f"account {email}", f"address {address}")
    with store.read() as db:
        _refuse_too_many(db, subjects, now_ms)
        account = accounts.find(db, email)
        usable = account is not None and bool(account["is_active"])
        password_hash = accounts.password_hash(db, account["id"]) if account is not None and usable else None
    matches = len(password) <= LONGEST and verify_password(password_hash, password)
    with store.write() as db:
        if not matches or account is None:
            accounts.note_attempts(db, subjects, now_ms, now_ms - WINDOW_MS)
        elif accounts.password_hash(db, account["id"]) == password_hash:
            accounts.forget_attempts(db, subjects[0])
            return start_session(db, now_ms, account, address)
    raise WrongLogin("the address or the password is wrong")


def start_session(db: Db, now_ms: int, account: dict[str, Any], address: str) -> Session:
    token = new_secret("mais")
    sessions.start(db, secret_hash(token), account["id"], now_ms, now_ms + SESSION_MS)
    audit.write(
        db,
        now_ms,
        account["email"],
        "account.login",
        account["email"],
        account["client_org_id"],
        after={"from": address},
    )
    return Session(token, now_ms + SESSION_MS, account)


def log_out(db: Db, now_ms: int, token: str, actor: str, client_org_id: str | None) -> None:
    """Ends the session in every tab: they all show the same token."""
    if sessions.end(db, secret_hash(token), now_ms):
        audit.write(db, now_ms, actor, "account.logout", actor, client_org_id)


def _refuse_too_many(db: Db, subjects: tuple[str, str], now_ms: int) -> None:
    since_ms = now_ms - WINDOW_MS
    for subject, allowed in zip(subjects, (FAILURES_PER_ACCOUNT, FAILURES_PER_ADDRESS), strict=True):
        wait_ms = attempt_wait_ms(accounts.attempts(db, subject, since_ms), allowed, now_ms)
        if wait_ms:
            raise TooManyLogins(wait_ms)
