"""What stands in front of Streamlit: nothing but health and static files is served without a session.

The cookie holds the session's token. It is HttpOnly and SameSite=Lax, Secure behind HTTPS; the API decides whether
it is still good, on every request here and on every script run (`sessions.find`).
"""

from __future__ import annotations

import asyncio
import hmac
import secrets
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qs, quote

from anyio import to_thread
from starlette.datastructures import MutableHeaders
from starlette.requests import HTTPConnection, Request
from starlette.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from mai_core.errors import MaiError
from mai_core.language.words import Words, accepted_languages, language_of
from pages.parts import api, index_page, login_page, sessions
from pages.parts.installation import settings

_OPEN = ("/_stcore/health", "/_stcore/script-health-check", "/static/", "/app/static/", "/favicon")
_UPLOAD = "/_stcore/upload_file"
"""No page takes a file; Streamlit would keep any that somebody with a session sends, in memory, for ever more."""
_CSRF_COOKIE = "mai_form"
_LANGUAGE_COOKIE = "mai_language"
_MONTH_S = 30 * 86_400
_LARGEST_FORM = 16 * 1024
_SECONDS_FOR_A_FORM = 30.0
_ASKED_AGAIN_S = "5"
_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Content-Security-Policy": "frame-ancestors 'self'",
}


class Doors:
    """ASGI middleware: login, logout, one-time links, and the guard for everything else."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            response = await self._response(Request(scope, receive))
            await (response or self.app)(scope, receive, _with_headers(send))
        elif scope["type"] == "websocket":
            await self._websocket(scope, receive, send)
        else:
            await self.app(scope, receive, send)

    async def _response(self, request: Request) -> Response | None:
        """Our own answer, or None to let the request through."""
        path = request.url.path
        if path.startswith(_OPEN):
            return None
        page = _PAGES.get(path)
        if page is not None:
            return await page(request)
        if _UPLOAD in path:
            return PlainTextResponse("Forbidden", 403)
        try:
            if await _session(request) is not None:
                return _start_page(request)
        except api.ApiAway:
            return _no_api(request)
        if request.method != "GET" or path.startswith(("/_stcore/", "/media/", "/component/", "/component-v2/")):
            return PlainTextResponse("Forbidden", 403)
        wanted = path + (f"?{request.url.query}" if request.url.query else "")
        if settings().mai_demo:
            return RedirectResponse(f"/auth/demo-login?role=operator&next={quote(wanted, safe='')}", 303)
        return RedirectResponse(f"/login?next={quote(wanted, safe='')}", 303)

    async def _websocket(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            session = await _session(HTTPConnection(scope))
        except api.ApiAway:
            session = None
        if session is None:
            await receive()
            await send({"type": "websocket.close", "code": 4401})
            return
        await self.app(scope, receive, send)


def _start_page(request: Request) -> Response | None:
    if request.method != "GET" or not index_page.is_page(request.url.path):
        return None
    return HTMLResponse(index_page.html(_words(request).language), headers={"Cache-Control": "no-cache"})


def _with_headers(send: Send) -> Send:
    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name, value in _HEADERS.items():
                headers.setdefault(name, value)
        await send(message)

    return sending


async def _session(connection: HTTPConnection) -> sessions.Session | None:
    return await to_thread.run_sync(sessions.find, connection.cookies.get(sessions.COOKIE, ""))


async def _has_ended(request: Request) -> bool:
    """A link from anywhere may lead to the login page; it must not take an open session's cookie away."""
    try:
        return await _session(request) is None
    except api.ApiAway:
        return False


def _words(request: Request) -> Words:
    accepted = accepted_languages(request.headers.get("accept-language", ""))
    return Words(language_of(request.query_params.get("language") or request.cookies.get(_LANGUAGE_COOKIE), accepted))


def _safe_next(wanted: str) -> str:
    """Only a path of ours; `//host` and `/\\host` would lead elsewhere."""
    return wanted if wanted.startswith("/") and not wanted.startswith(("//", "/\\")) else "/"


def _form_page(request: Request, body: str, status: int = 200) -> HTMLResponse:
    response = HTMLResponse(body, status, headers={"Cache-Control": "no-store"})
    if request.query_params.get("language"):
        response.set_cookie(_LANGUAGE_COOKIE, _words(request).language, max_age=12 * _MONTH_S, samesite="lax")
    return response


def _csrf(request: Request) -> str:
    return request.cookies.get(_CSRF_COOKIE) or secrets.token_urlsafe(24)


def _show_form(request: Request, csrf: str, body: str, status: int = 200) -> Response:
    response = _form_page(request, body, status)
    response.set_cookie(_CSRF_COOKIE, csrf, httponly=True, samesite="strict", secure=_is_https(request))
    return response


async def _form(request: Request) -> dict[str, str]:
    """The fields of a form of ours. Anybody may post here, so nothing is read that is larger, nobody is waited for who
    never ends, and no file is taken: Starlette's own reader would keep files of any size."""
    body = bytearray()
    try:
        async with asyncio.timeout(_SECONDS_FOR_A_FORM):
            async for chunk in request.stream():
                body += chunk
                if len(body) > _LARGEST_FORM:
                    return {}
    except TimeoutError:
        return {}
    try:
        fields = parse_qs(body.decode("ascii", "replace"), max_num_fields=20)
    except ValueError:
        return {}
    return {name: values[-1] for name, values in fields.items()}


def _csrf_holds(request: Request, form: Mapping[str, str]) -> bool:
    cookie, field = request.cookies.get(_CSRF_COOKIE, ""), form.get("csrf", "")
    return bool(cookie) and hmac.compare_digest(cookie.encode(), field.encode())


def _is_https(request: Request) -> bool:
    return request.headers.get("x-forwarded-proto", request.url.scheme) == "https"


def _no_api(request: Request) -> Response:
    """Says so, and asks again by itself."""
    words = _words(request)
    response = _form_page(request, login_page.sentence(words, words("login.no_api", command=api.START_COMMAND)), 503)
    response.headers["Refresh"] = _ASKED_AGAIN_S
    return response


def _logged_in(request: Request, token: str, wanted: str) -> Response:
    response = RedirectResponse(_safe_next(wanted), 303)
    response.set_cookie(
        sessions.COOKIE, token, max_age=_MONTH_S, httponly=True, samesite="lax", secure=_is_https(request)
    )
    return response


async def _ask(request: Request, method: str, path: str, **options: Any) -> Any:
    """The API's answer; it sees the address of the browser, for its throttling."""
    address = request.client.host if request.client else ""
    headers = {"X-Forwarded-For": address}
    return await to_thread.run_sync(lambda: api.send(method, path, headers=headers, **options))


async def _login(request: Request) -> Response:
    words, csrf, wanted = _words(request), _csrf(request), _safe_next(request.query_params.get("next", "/"))
    demo = settings().mai_demo
    if request.method != "POST":
        message = words("login.expired") if request.query_params.get("ended") else ""
        response = _show_form(request, csrf, login_page.login(words, csrf, wanted, message, demo=demo))
        if request.query_params.get("out") and await _has_ended(request):
            response.delete_cookie(sessions.COOKIE)
        return response
    form = await _form(request)
    email = form.get("email", "")[:320]
    wanted = _safe_next(form.get("next", "/"))

    def again(key: str, status: int) -> Response:
        page = login_page.login(words, csrf, wanted, words(key), email=email, demo=demo)
        return _show_form(request, csrf, page, status)

    if not _csrf_holds(request, form):
        return again("login.csrf", 403)
    try:
        credentials = {"email": email, "password": form.get("password", "")[:1000]}
        answer = await _ask(request, "POST", "/auth/login", json=credentials)
    except api.ApiAway:
        return _no_api(request)
    if answer.status_code == 429:
        return again("login.locked", 429)
    if answer.is_server_error:
        return again("login.busy", 503)
    if answer.is_error:
        return again("login.failed", 401)
    return _logged_in(request, answer.json()["token"], wanted)


async def _demo_login(request: Request) -> Response:
    role = request.query_params.get("role", "operator")
    try:
        answer = await _ask(request, "GET", "/auth/demo-login", params={"role": role})
    except api.ApiAway:
        return _no_api(request)
    if answer.is_server_error:
        return _no_api(request)
    if answer.is_error:
        return RedirectResponse("/login", 303)
    return _logged_in(request, answer.json()["token"], request.query_params.get("next", "/"))


async def _logout(request: Request) -> Response:
    words, csrf = _words(request), _csrf(request)
    if request.method != "POST":
        return _show_form(request, csrf, login_page.logout(words, csrf))
    if not _csrf_holds(request, await _form(request)):
        return _show_form(request, csrf, login_page.logout(words, csrf), 403)
    token = request.cookies.get(sessions.COOKIE, "")
    if token:
        try:
            await to_thread.run_sync(sessions.end, token)
        except MaiError:
            return _show_form(request, csrf, login_page.logout(words, csrf, words("logout.failed")), 503)
    response = RedirectResponse("/login", 303)
    response.delete_cookie(sessions.COOKIE)
    return response


async def _set_password(request: Request) -> Response:
    """Where the one-time link of an invitation or a reset leads."""
    words, csrf = _words(request), _csrf(request)
    link = request.query_params.get("link", "")
    if request.method != "POST":
        return _show_form(request, csrf, login_page.password(words, csrf, link))
    form = await _form(request)
    if not _csrf_holds(request, form):
        return _show_form(request, csrf, login_page.password(words, csrf, link, words("login.csrf")), 403)
    body = {"link": form.get("link", "")[:200], "password": form.get("password", "")[:1000]}
    try:
        answer = await _ask(request, "POST", "/auth/password", json=body)
    except api.ApiAway:
        return _no_api(request)
    if answer.is_error:
        text, status = (words("login.busy"), 503) if answer.is_server_error else (words("password.refused"), 422)
        return _show_form(request, csrf, login_page.password(words, csrf, body["link"], text), status)
    return _logged_in(request, answer.json()["token"], "/")


_PAGES = {
    "/login": _login,
    "/logout": _logout,
    "/auth/demo-login": _demo_login,
    "/password": _set_password,
}
