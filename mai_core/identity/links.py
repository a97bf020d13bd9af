"""One-time links: an invitation or a new password, for 24 hours, once."""

from __future__ import annotations

import logging
from typing import Any, Literal

from mai_core import mail
from mai_core.days import DAY_MS
from mai_core.errors import BadValue, Conflict, TooOften
from mai_core.identity import accounts as account_rules
from mai_core.identity.callers import Caller, Role
from mai_core.identity.passwords import check_rules, hash_password
from mai_core.identity.secret_texts import new_secret, secret_hash
from mai_core.identity.signing_in import Session, WrongLogin, log_in, start_session
from mai_core.identity.throttling import INVITATIONS_OF_ACCOUNT, INVITATIONS_TO_ADDRESS, WINDOW_MS, attempt_wait_ms
from mai_core.language import language_of, t
from mai_core.settings import Settings
from mai_core.store import Db, Store, accounts, audit

log = logging.getLogger(__name__)

LINK_MS = DAY_MS
RESETS_AT_ONCE = 3
PASSWORD_PAGE = "/password"
"""The page of the app that takes `?link=...` and a new password."""

Purpose = Literal["invitation", "reset", "known"]

MAY_INVITE: dict[Role, tuple[Role, ...]] = {
    "operator": ("operator", "accountant", "manager", "analyst"),
    "accountant": (),
    "manager": ("manager",),
    "analyst": ("manager", "analyst"),
}


def invite(
    db: Db,
    now_ms: int,
    caller: Caller,
    *,
    email: str,
    role: str,
    client_org_id: str | None,
    name: str = "",
    language: str | None = None,
) -> tuple[dict[str, Any] | None, str]:
    """(the new account, its secret). An address that another client's account has gets a link that opens nothing and no
    account, so that nobody learns here who else is a customer; the operator finds it in the audit log."""
    if role not in MAY_INVITE[caller.role]:
        raise BadValue("role", f"you may invite: {', '.join(MAY_INVITE[caller.role]) or 'nobody'}")
    if not caller.sees_all_clients:
        client_org_id = caller.tenant(client_org_id)
    address = account_rules.clean_email(email)
    _count_invitation(db, now_ms, caller, address)
    known = accounts.find(db, address)
    if known is not None and not caller.sees_all_clients and known["client_org_id"] != client_org_id:
        audit.write(db, now_ms, caller.name, "account.invite_of_a_foreign_address", address, client_org_id)
        return None, new_secret("mail")
    mine = known is None or known["role"] in MAY_INVITE[caller.role]  # the link opens the account with the role it has
    if known is not None and (known["has_password"] or not known["is_active"] or not mine):
        raise Conflict(f"there is an account with the address {address} already")
    account = known or account_rules.create(
        db, now_ms, caller.name, email=address, name=name, role=role, client_org_id=client_org_id, language=language
    )
    return account, issue(db, now_ms, caller.name, account, "invitation")


def _count_invitation(db: Db, now_ms: int, caller: Caller, address: str) -> None:
    """Nobody's post box is filled through us: counted before the address is looked up, so that the answer is the same
    whether it is known or not. Operators invite as many people as they like."""
    allowed = {f"invitation to {address}": INVITATIONS_TO_ADDRESS}
    if not caller.sees_all_clients:
        allowed[f"invitation of {caller.kind} {caller.account_id or caller.name}"] = INVITATIONS_OF_ACCOUNT
    for subject, most in allowed.items():
        sent = accounts.attempts(db, subject, now_ms - WINDOW_MS)
        wait_s = -(-attempt_wait_ms(sent, most, now_ms) // 1000)
        if wait_s:
            raise TooOften(f"too many invitations: try again in {-(-wait_s // 60)} min", wait_s)
    accounts.note_attempts(db, tuple(allowed), now_ms, now_ms - WINDOW_MS)


def issue(db: Db, now_ms: int, actor: str, account: dict[str, Any], purpose: Purpose) -> str:
    secret = new_secret("mail")
    accounts.add_link(db, secret_hash(secret), account["id"], purpose, now_ms, now_ms + LINK_MS)
    audit.write(db, now_ms, actor, f"account.{purpose}_link", account["email"], account["client_org_id"])
    return secret


def address_of(settings: Settings, secret: str) -> str:
    return f"{settings.public_url}{PASSWORD_PAGE}?link={secret}"


def deliver(settings: Settings, email: str, language: str | None, purpose: Purpose, secret: str, inviter: str) -> bool:
    """By mail, where a mail server is set up; False: show the link to copy. `known` tells the owner of an account
    elsewhere, so that the one who invites sees and waits for the same as always."""
    if not mail.can_send(settings):
        return False
    tongue = language_of(language)
    text = t(tongue, f"mail.{purpose}.text", link=address_of(settings, secret), inviter=inviter)
    try:
        mail.send(settings, email, t(tongue, f"mail.{purpose}.subject"), text)
    except mail.MailNotSent as error:
        log.warning("a one-time link was not sent: %s", error)
        return False
    return True


def whose(db: Db, now_ms: int, secret: str) -> dict[str, Any]:
    """The account that a link opens, or a refusal that says what to do."""
    found = accounts.find_link(db, secret_hash(secret), now_ms)
    if found is None:
        raise BadValue("link", "is not valid any more: it was used, replaced by a newer one, or is older than 24 hours")
    return found


def set_password(store: Store, secret: str, password: str, address: str) -> Session:
    """The password becomes the account's, the link is used up, every other session ends. Slow: for a thread."""
    now_ms = store.clock.now_ms()
    with store.read() as db:
        account = whose(db, now_ms, secret)
    check_rules(password, account["email"])
    password_hash = hash_password(password)
    with store.write() as db:
        account = whose(db, now_ms, secret)
        account_rules.set_password(db, now_ms, account["email"], account, password_hash)
        return start_session(db, now_ms, accounts.require(db, account["id"]), address)


def change_password(store: Store, email: str, old: str, password: str, address: str) -> Session:
    """For a person who is logged in and knows the old one; guesses at it are throttled like logins."""
    try:
        session = log_in(store, email, old, address)
    except WrongLogin:
        raise BadValue("old_password", "is wrong") from None
    check_rules(password, email)
    password_hash = hash_password(password)
    with store.write() as db:
        account_rules.set_password(db, store.clock.now_ms(), email, session.account, password_hash)
        return start_session(db, store.clock.now_ms(), session.account, address)


def send_reset(store: Store, settings: Settings, email: str) -> None:
    """For whoever asked on the login page: nothing happens for an unknown address, a disabled account, without a mail
    server, or when three links within the quarter of an hour went out already."""
    now_ms = store.clock.now_ms()
    subject = f"reset {email.strip().lower()[:320]}"
    if not mail.can_send(settings):
        return
    with store.write() as db:
        account = accounts.find(db, email.strip().lower())
        asked = accounts.attempts(db, subject, now_ms - WINDOW_MS)
        if account is None or not account["is_active"] or len(asked) >= RESETS_AT_ONCE:
            return
        accounts.note_attempts(db, (subject,), now_ms, now_ms - WINDOW_MS)
        secret = issue(db, now_ms, account["email"], account, "reset")
    deliver(settings, account["email"], account["language"], "reset", secret, account["email"])
