"""The guard at the door for machines: every endpoint says with `require(...)` who may come in.

    @router.get("/api/v1/usage")
    def usage(caller: Anyone, client: str | None = None): ...
        client_org_id = caller.tenant(client)

Refusals carry no detail: neither what was wrong with the secret nor whether a thing exists.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Annotated, Any

from fastapi import Depends, HTTPException, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from mai_core.identity.callers import Caller, Role
from mai_core.identity.recognition import Sender, recognise, recognise_sender
from mai_core.identity.throttling import Buckets
from mai_core.installation import Installation

__all__ = [
    "KEYS",
    "Anyone",
    "Biller",
    "Caller",
    "KeyMaker",
    "Opened",
    "Operator",
    "Sender",
    "SqlUser",
    "optional_caller",
    "require",
    "require_sender",
]

KEYS = "keys"
"""A scope that no token has by name: what opens more than itself is made by whoever may do all that the role may."""

_bearer = HTTPBearer(auto_error=False, description="A session or an API token.")
Bearer = Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)]


def installation_of(request: Request) -> Installation:
    installation: Installation = request.app.state.installation
    return installation


Opened = Annotated[Installation, Depends(installation_of)]


async def optional_caller(request: Request, bearer: Bearer) -> Caller | None:
    """The caller, or None; for endpoints that other secrets open too. Reads one row on the event loop: cheaper than
    a thread, and a reader never waits for a writer."""
    if bearer is None:
        return None
    installation = installation_of(request)
    now_ms = installation.now_ms()
    with installation.store.read() as db:
        caller = recognise(db, installation.settings, bearer.credentials, now_ms)
    if caller is not None and caller.kind != "session":
        _limit_rate(request, caller, now_ms)
    return caller


def require(*roles: Role, scope: str | None = None) -> Callable[..., Coroutine[Any, Any, Caller]]:
    """A dependency that lets in the named roles (none named: every caller). A token with scopes needs `scope`;
    by default that is `read` for GET and `write` for everything else."""

    async def admitted(request: Request, caller: Annotated[Caller | None, Depends(optional_caller)]) -> Caller:
        if caller is None:
            raise HTTPException(401, "Unauthorized", headers={"WWW-Authenticate": "Bearer"})
        needed = scope or ("read" if request.method in ("GET", "HEAD") else "write")
        if (roles and caller.role not in roles) or not caller.may(needed):
            raise HTTPException(403, "Forbidden")
        return caller

    return admitted


def require_sender(scope: str, *, explicit: bool = False) -> Callable[..., Coroutine[Any, Any, Sender]]:
    """A dependency for what the Open WebUI filter calls: the secret of a way in, or a caller whose role and scopes
    allow it (operators for all clients, others for their own). `explicit`: a token of a manager or analyst needs the
    scope by name, because what it tells decides whose an event is."""

    async def admitted(
        request: Request, bearer: Bearer, caller: Annotated[Caller | None, Depends(optional_caller)]
    ) -> Sender:
        if caller is not None:
            named = caller.role == "operator" or not explicit or scope in caller.scopes
            if caller.role == "accountant" or not named or not caller.may(scope):
                raise HTTPException(403, "Forbidden")
            return Sender(caller.client_org_id or caller.home_client_org_id, caller.name)
        presented = bearer.credentials if bearer else request.headers.get("x-webhook-signature", "")
        installation = installation_of(request)
        with installation.store.read() as db:
            sender = recognise_sender(db, installation.settings, installation.secrets, presented) if presented else None
        if sender is None:
            raise HTTPException(401, "Unauthorized", headers={"WWW-Authenticate": "Bearer"})
        return sender

    return admitted


def _limit_rate(request: Request, caller: Caller, now_ms: int) -> None:
    state = request.app.state
    if not hasattr(state, "token_buckets"):
        state.token_buckets = Buckets(state.installation.settings.mai_token_rate)
    wait_s = state.token_buckets.take(f"{caller.kind} {caller.name}", now_ms)
    if wait_s:
        raise HTTPException(429, "Too Many Requests", headers={"Retry-After": str(wait_s)})


Anyone = Annotated[Caller, Depends(require())]
Operator = Annotated[Caller, Depends(require("operator"))]
KeyMaker = Annotated[Caller, Depends(require("operator", scope=KEYS))]
Biller = Annotated[Caller, Depends(require("operator", "accountant"))]
SqlUser = Annotated[Caller, Depends(require("operator", "analyst"))]
