"""The few pages that exist before a session: small HTML of our own, both languages, light and dark."""

from __future__ import annotations

from html import escape
from pathlib import Path
from urllib.parse import quote

from mai_core.language.words import Words

_STYLE = Path(__file__).with_name("login.css").read_text("utf-8")


def _page(words: Words, title: str, content: str, switch: str = "") -> str:
    return (
        f'<!doctype html><html lang="{words.language}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1"><meta name="robots" content="noindex">'
        f"<title>{escape(title)} · {words('app.name')}</title>"
        f'<link rel="icon" href="/app/static/icon.svg"><style>{_STYLE}</style>'
        f'</head><body><main><header><img src="/app/static/icon.svg" alt="">{words("app.name")}</header>'
        f"{content}{switch}</main></body></html>"
    )


def _message(text: str) -> str:
    return f'<p class="bad" role="alert">{escape(text)}</p>' if text else ""


def _hidden(**values: str) -> str:
    return "".join(f'<input type="hidden" name="{name}" value="{escape(value)}">' for name, value in values.items())


def _language_switch(words: Words) -> str:
    other = "en" if words.language == "pl" else "pl"
    return f'<footer><a href="?language={other}" hreflang="{other}">{words("login.language")}</a></footer>'


def login(words: Words, csrf: str, wanted: str, message: str = "", *, email: str = "", demo: bool = False) -> str:
    roles = "".join(
        f'<a href="/auth/demo-login?role={role}&amp;next={quote(wanted, safe="")}">{words(f"role.{role}")}</a>'
        for role in ("operator", "accountant", "manager", "analyst")
    )
    demo_part = f'<p class="soft" style="margin-top:22px">{words("login.demo")}</p><nav>{roles}</nav>' if demo else ""
    content = (
        f"<h1>{words('login.title')}</h1>{_message(message)}"
        f'<form method="post" action="/login">{_hidden(csrf=csrf, next=wanted)}'
        f'<label for="email">{words("login.email")}</label>'
        '<input id="email" name="email" type="email" autocomplete="username" required autofocus '
        f'value="{escape(email)}">'
        f'<label for="password">{words("login.password")}</label>'
        '<input id="password" name="password" type="password" autocomplete="current-password" required>'
        f'<button type="submit">{words("login.submit")}</button></form>{demo_part}'
    )
    return _page(words, words("login.title"), content, _language_switch(words))


def logout(words: Words, csrf: str, message: str = "") -> str:
    content = (
        f"<h1>{words('logout')}</h1>{_message(message)}<p>{words('logout.question')}</p>"
        f'<form method="post" action="/logout">{_hidden(csrf=csrf)}'
        f'<button type="submit">{words("logout")}</button></form>'
    )
    return _page(words, words("logout"), content)


def password(words: Words, csrf: str, link: str, message: str = "") -> str:
    content = (
        f"<h1>{words('password.title')}</h1>{_message(message)}"
        f'<form method="post">{_hidden(csrf=csrf, link=link)}'
        f'<label for="password">{words("password.new")}</label>'
        '<input id="password" name="password" type="password" autocomplete="new-password" minlength="10" required>'
        f'<p class="soft">{words("password.rule")}</p>'
        f'<button type="submit">{words("password.submit")}</button></form>'
    )
    return _page(words, words("password.title"), content)


def sentence(words: Words, text: str) -> str:
    return _page(words, words("app.name"), f"<p>{escape(text)}</p>")
