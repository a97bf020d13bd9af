"""Who is looking: the session behind the cookie, asked from the API and remembered for five seconds."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from typing import Any

from mai_core.errors import StoreUnavailable
from mai_core.reports.viewer import Role, Viewer
from pages.parts import api

COOKIE = "mai_session"
REMEMBERED_S = 5.0
_MOST_REMEMBERED = 2000


@dataclass(frozen=True, slots=True)
class Session:
    token: str
    role: Role
    client_org_id: str | None
    """The only client that this session may see; None for operator and accountant."""
    email: str
    name: str
    language: str | None
    digest: bool
    """Wants the summary by e-mail."""

    @property
    def viewer(self) -> Viewer:
        return Viewer(self.role, self.client_org_id)

    @property
    def sees_all_clients(self) -> bool:
        return self.client_org_id is None


_remembered: dict[str, tuple[float, Session]] = {}
_lock = threading.Lock()


def find(token: str) -> Session | None:
    """The live session of a token, None when it has ended. Raises ApiAway when nobody can say."""
    if not token:
        return None
    with _lock:
        until, session = _remembered.get(token, (0.0, None))
    if session is not None and time.monotonic() < until:
        return session
    answer = api.send("GET", "/auth/session", token)
    if answer.status_code in (401, 403, 404):
        forget(token)
        return None
    if answer.is_error:
        raise api.ApiAway(f"the API answered {answer.status_code} when asked about the session")
    session = _read(token, answer.json())
    with _lock:
        if len(_remembered) >= _MOST_REMEMBERED:
            _remembered.clear()
        _remembered[token] = (time.monotonic() + REMEMBERED_S, session)
    return session


def forget(token: str) -> None:
    with _lock:
        _remembered.pop(token, None)


def end(token: str) -> None:
    """Ends the session for every tab. Raises where it goes on, so that nobody walks away from an open one."""
    forget(token)
    answer = api.send("POST", "/auth/logout", token)
    if answer.is_server_error:
        raise StoreUnavailable(f"the session goes on: {api.refusal_text(answer)}")


def _read(token: str, body: dict[str, Any]) -> Session:
    account = body.get("account", body)
    return Session(
        token=token,
        role=account["role"],
        client_org_id=account.get("client_org_id"),
        email=account.get("email") or "",
        name=account.get("name") or account.get("email") or "",
        language=account.get("language"),
        digest=account.get("digest") is not False,
    )
