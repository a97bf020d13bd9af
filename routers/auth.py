"""Login, logout, one-time links. The pages' middleware calls these over loopback and holds the cookie."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import anyio.to_thread
from anyio import CapacityLimiter
from fastapi import APIRouter, BackgroundTasks, Depends, HTTPException, Request
from pydantic import BaseModel, Field

from mai_core.days import instant_text
from mai_core.identity import accounts as account_rules
from mai_core.identity import demo, links, signing_in
from mai_core.identity.callers import Caller, Role
from mai_core.identity.secret_texts import secret_hash
from mai_core.store import accounts, clients, sessions
from routers.access import Anyone, Bearer, Opened, require

router = APIRouter(prefix="/auth", tags=["auth"])

AT_ONCE = 2
WAITING = 30
LOOPBACK = ("127.0.0.1", "::1")


class Login(BaseModel):
    email: str = Field(max_length=320)
    password: str = Field(max_length=1000)


class LinkBody(BaseModel):
    link: str = Field(max_length=200, description="The secret of a one-time link.")


class NewPassword(LinkBody):
    password: str = Field(max_length=1000)


class ChangedPassword(BaseModel):
    old_password: str = Field(max_length=1000)
    password: str = Field(max_length=1000)


class ResetRequest(BaseModel):
    email: str = Field(max_length=320)


class OwnAccount(BaseModel):
    """What everybody may change on the own account; absent means unchanged."""

    name: str | None = Field(None, max_length=200)
    language: Literal["pl", "en"] | None = None
    digest: bool | None = None


class Who(BaseModel):
    kind: Literal["session", "token", "environment"]
    role: Role
    client_org_id: str | None = Field(description="The only client this caller sees; null: all.")
    client_name: str | None
    home_client_org_id: str | None = Field(description="The client of this container, if it has one.")
    account_id: int | None
    email: str | None
    name: str
    language: str | None
    digest: bool | None
    expires_at: str | None
    scopes: list[str]
    demo: bool


class LoggedIn(BaseModel):
    token: str = Field(description="The session's bearer token: for the cookie, never for a page.")
    expires_at: str
    account_id: int
    email: str
    name: str
    role: Role
    client_org_id: str | None
    language: str | None


class LinkOwner(BaseModel):
    email: str
    purpose: Literal["invitation", "reset"]
    language: str | None
    expires_at: str


class Said(BaseModel):
    message: str


SessionOnly = Annotated[Caller, Depends(require(scope="write"))]


@router.post("/login", summary="A session for an account")
async def login(request: Request, opened: Opened, body: Login) -> LoggedIn:
    session = await _slowly(request, signing_in.log_in, opened.store, body.email, body.password, _address(request))
    return _logged_in(session)


@router.post("/logout", status_code=204, summary="Ends the session in every tab")
def logout(opened: Opened, caller: Anyone, bearer: Bearer) -> None:
    if bearer is not None:
        with opened.store.write() as db:
            signing_in.log_out(db, opened.now_ms(), bearer.credentials, caller.name, caller.client_org_id)


@router.get("/session", summary="Who is asking")
async def session(opened: Opened, caller: Anyone, bearer: Bearer) -> Who:
    """One read on the event loop: every script run of every page asks this."""
    with opened.store.read() as db:
        client = clients.get(db, caller.client_org_id) if caller.client_org_id else None
        account = accounts.require(db, caller.account_id) if caller.account_id is not None else None
        row = sessions.find_live(db, secret_hash(bearer.credentials), opened.now_ms()) if bearer and account else None
    return Who(
        kind=caller.kind,
        role=caller.role,
        client_org_id=caller.client_org_id,
        client_name=client.name if client else None,
        home_client_org_id=caller.home_client_org_id if caller.sees_all_clients else caller.client_org_id,
        account_id=caller.account_id,
        email=account["email"] if account else None,
        name=(account["name"] or account["email"]) if account else caller.name,
        language=caller.language,
        digest=bool(account["digest"]) if account else None,
        expires_at=instant_text(row["expires_at_ms"]) if row else None,
        scopes=sorted(caller.scopes),
        demo=opened.settings.mai_demo,
    )


@router.patch("/account", summary="Change the own name, language, digest")
def own_account(opened: Opened, caller: SessionOnly, body: OwnAccount) -> Said:
    changes = {field: value for field, value in body.model_dump(exclude_unset=True).items() if value is not None}
    if caller.account_id is None:
        raise HTTPException(403, "Forbidden")
    with opened.store.write() as db:
        account_rules.change(db, opened.now_ms(), caller.name, caller.account_id, changes)
    return Said(message="saved")


@router.post("/link", summary="Whose one-time link is this")
def look_at_link(opened: Opened, body: LinkBody) -> LinkOwner:
    with opened.store.read() as db:
        found = links.whose(db, opened.now_ms(), body.link)
    return LinkOwner(
        email=found["email"], purpose=found["purpose"], language=found["language"],
        expires_at=instant_text(found["expires_at_ms"]),
    )  # fmt: skip


@router.post("/password", summary="Set the password that a one-time link is for")
async def set_password(request: Request, opened: Opened, body: NewPassword) -> LoggedIn:
    session = await _slowly(request, links.set_password, opened.store, body.link, body.password, _address(request))
    return _logged_in(session)


@router.post("/password/change", summary="Change the own password")
async def change_password(request: Request, opened: Opened, caller: SessionOnly, body: ChangedPassword) -> LoggedIn:
    """Ends every session of the account; the answer is a new one."""
    if caller.account_id is None:
        raise HTTPException(403, "Forbidden")
    session = await _slowly(
        request, links.change_password, opened.store, caller.name, body.old_password, body.password, _address(request)
    )
    return _logged_in(session)


@router.post("/reset", status_code=202, summary="Ask for a link to set a new password")
def ask_for_reset(opened: Opened, tasks: BackgroundTasks, body: ResetRequest) -> Said:
    """The same answer for every address, known or not, and the work happens after it."""
    tasks.add_task(links.send_reset, opened.store, opened.settings, body.email)
    return Said(
        message="if the address has an account, a link was sent; without a mail server ask your operator for one"
    )


@router.get("/demo-login", summary="Demo mode: a session without a password, from this machine only")
def demo_login(request: Request, opened: Opened, role: Role = "operator") -> LoggedIn:
    if not opened.settings.mai_demo or _address(request) not in LOOPBACK:
        raise HTTPException(404, "Not Found")
    with opened.store.write() as db:
        return _logged_in(demo.log_in(db, opened.now_ms(), role))


async def _slowly(request: Request, work: Any, *args: Any) -> signing_in.Session:
    """Argon2 takes 64 MiB and a core: two at once, a short queue, and the rest is told to come back."""
    state = request.app.state
    if not hasattr(state, "hashing"):
        state.hashing = CapacityLimiter(AT_ONCE)
    if state.hashing.statistics().tasks_waiting >= WAITING:
        raise HTTPException(503, "Service Unavailable", headers={"Retry-After": "3"})
    try:
        session: signing_in.Session = await anyio.to_thread.run_sync(lambda: work(*args), limiter=state.hashing)
    except signing_in.WrongLogin as error:
        raise HTTPException(401, str(error)) from None
    except signing_in.TooManyLogins as error:
        raise HTTPException(429, str(error), headers={"Retry-After": str(error.wait_s)}) from None
    return session


def _logged_in(session: signing_in.Session) -> LoggedIn:
    account = session.account
    return LoggedIn(
        token=session.token, expires_at=instant_text(session.expires_at_ms), account_id=account["id"],
        email=account["email"], name=account["name"], role=account["role"],
        client_org_id=account["client_org_id"], language=account["language"],
    )  # fmt: skip


def _address(request: Request) -> str:
    """The browser's: uvicorn takes X-Forwarded-For from loopback, which is where the pages call from."""
    return request.client.host if request.client else "unknown"
