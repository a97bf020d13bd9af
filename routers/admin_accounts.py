"""Accounts and API tokens. Operators manage all; a manager invites colleagues of the own client."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends
from pydantic import BaseModel, ConfigDict, Field

from mai_core.days import instant_text
from mai_core.errors import BadValue
from mai_core.identity import accounts as account_rules
from mai_core.identity import links
from mai_core.identity import tokens as token_rules
from mai_core.identity.callers import SCOPES, Caller, Role
from mai_core.installation import Installation
from mai_core.store import accounts, tokens
from routers.access import KEYS, KeyMaker, Opened, Operator, require

router = APIRouter(prefix="/api/v1/admin", tags=["accounts"])

Lister = Annotated[Caller, Depends(require("operator", "manager", "analyst"))]
Inviter = Annotated[Caller, Depends(require("operator", "manager", "analyst", scope=KEYS))]


class Account(BaseModel):
    id: int
    email: str
    name: str
    role: Role
    client_org_id: str | None
    language: Literal["pl", "en"] | None
    digest: bool
    is_active: bool
    has_password: bool
    created_at: str


class Invitation(BaseModel):
    model_config = ConfigDict(extra="forbid")

    email: str = Field(max_length=320)
    role: Role
    client_org_id: str | None = Field(None, max_length=100, description="Managers: the own client by default.")
    name: str = Field("", max_length=200)
    language: Literal["pl", "en"] | None = None


class LinkMade(BaseModel):
    email: str
    sent: bool = Field(description="A mail is on its way.")
    link: str | None = Field(description="To copy and hand over, where no mail could be sent. 24 hours, once.")


class AccountChange(BaseModel):
    model_config = ConfigDict(extra="forbid")

    name: str | None = Field(None, max_length=200)
    role: Role | None = None
    client_org_id: str | None = Field(None, max_length=100)
    language: Literal["pl", "en"] | None = None
    digest: bool | None = None
    is_active: bool | None = None


class NewToken(BaseModel):
    model_config = ConfigDict(extra="forbid")

    name: str = Field(min_length=1, max_length=200, description="Which program uses it.")
    role: Role
    client_org_id: str | None = Field(None, max_length=100)
    scopes: list[str] = Field([], max_length=10, description=f"Any of {', '.join(SCOPES)}; empty: all of the role.")
    days: int | None = Field(None, ge=1, le=3650, description="Ends after so many days.")


class Token(BaseModel):
    id: int
    name: str
    last_four: str
    role: Role
    scopes: list[str]
    client_org_id: str | None
    created_by: str
    created_at: str
    expires_at: str | None
    revoked_at: str | None


class TokenMade(BaseModel):
    id: int
    token: str = Field(description="Shown this once.")


@router.get("/accounts", summary="Who can log in")
def list_accounts(opened: Opened, caller: Lister, client: str | None = None) -> list[Account]:
    with opened.store.read() as db:
        return [_account(row) for row in accounts.listed(db, caller.tenant_or_all(client))]


@router.post("/accounts/invite", status_code=201, summary="Invite by a one-time link")
def invite(opened: Opened, caller: Inviter, body: Invitation) -> LinkMade:
    with opened.store.write() as db:
        account, secret = links.invite(db, opened.now_ms(), caller, **body.model_dump())
    purpose: links.Purpose = "invitation" if account else "known"
    return _made(opened, account_rules.clean_email(body.email), body.language, purpose, secret, caller)


@router.patch("/accounts/{account_id}", summary="Change name, role, client, language, or disable")
def change_account(opened: Opened, caller: KeyMaker, account_id: int, body: AccountChange) -> Account:
    changes: dict[str, Any] = body.model_dump(exclude_unset=True)
    for field in ("name", "role", "digest", "is_active"):
        if field in changes and changes[field] is None:
            raise BadValue(field, "cannot be empty")
    with opened.store.write() as db:
        return _account(account_rules.change(db, opened.now_ms(), caller.name, account_id, changes))


@router.post("/accounts/{account_id}/reset-link", status_code=201, summary="A link to set a new password")
def reset_link(opened: Opened, caller: KeyMaker, account_id: int) -> LinkMade:
    with opened.store.write() as db:
        account = accounts.require(db, account_id)
        if not account["is_active"]:
            raise BadValue("account", "is disabled: enable it first")
        purpose: links.Purpose = "reset" if account["has_password"] else "invitation"
        secret = links.issue(db, opened.now_ms(), caller.name, account, purpose)
    return _made(opened, account["email"], account["language"], purpose, secret, caller)


@router.get("/tokens", summary="API tokens, never their secret")
def list_tokens(opened: Opened, caller: Operator, client: str | None = None) -> list[Token]:
    with opened.store.read() as db:
        return [_token(row) for row in tokens.listed(db, caller.tenant_or_all(client))]


@router.post("/tokens", status_code=201, summary="Make a token; it is shown once")
def create_token(opened: Opened, caller: KeyMaker, body: NewToken) -> TokenMade:
    with opened.store.write() as db:
        token_id, token = token_rules.create(db, opened.now_ms(), caller.name, **body.model_dump())
    return TokenMade(id=token_id, token=token)


@router.delete("/tokens/{token_id}", status_code=204, summary="End a token at once")
def revoke_token(opened: Opened, caller: Operator, token_id: int) -> None:
    with opened.store.write() as db:
        token_rules.revoke(db, opened.now_ms(), caller.name, token_id)


def _made(
    opened: Installation, email: str, language: str | None, purpose: links.Purpose, secret: str, caller: Caller
) -> LinkMade:
    sent = links.deliver(opened.settings, email, language, purpose, secret, caller.name)
    return LinkMade(email=email, sent=sent, link=None if sent else links.address_of(opened.settings, secret))


def _account(row: dict[str, Any]) -> Account:
    return Account.model_validate({**row, "created_at": instant_text(row["created_at_ms"])})


def _token(row: dict[str, Any]) -> Token:
    times = {
        f"{event}_at": None if row[f"{event}_at_ms"] is None else instant_text(row[f"{event}_at_ms"])
        for event in ("created", "expires", "revoked")
    }
    return Token.model_validate({**row, **times, "scopes": row["scopes"].split()})
