"""The few pages that exist before a session: small HTML of our own, both languages, light and dark."""

from __future__ import annotations

from html import escape

from mai_core.language.words import Words

_STYLE = """
@font-face{font-family:Inter;src:url(/app/static/fonts/inter-latin-wght-normal.woff2);font-weight:100 900;font-display:swap}
@font-face{font-family:Inter;src:url(/app/static/fonts/inter-latin-ext-wght-normal.woff2);font-weight:100 900;
font-display:swap;unicode-range:U+0100-02BA,U+20A0-20AB}
:root{color-scheme:light dark;--page:light-dark(#f5f6f9,#10141b);--card:light-dark(#fff,#1a202a);
--ink:light-dark(#171c26,#e8ecf3);--soft:light-dark(#5b6474,#9aa5b6);--line:light-dark(#d5dae3,#333d4b);
--main:light-dark(#1f5fd0,#6ea3ff);--on-main:light-dark(#fff,#0b1220);--bad:light-dark(#b3261e,#ff9d94)}
*{box-sizing:border-box}body{margin:0;min-height:100vh;display:grid;place-items:center;background:var(--page);
color:var(--ink);font:16px/1.5 Inter,system-ui,sans-serif;padding:16px}
main{width:min(400px,100%);background:var(--card);border:1px solid var(--line);border-radius:16px;padding:32px 28px;
box-shadow:0 1px 2px rgb(0 0 0/.06),0 12px 40px rgb(0 0 0/.08)}
header{display:flex;align-items:center;gap:12px;margin-bottom:22px;font-weight:650;font-size:18px}header img{width:36px}
h1{font-size:21px;margin:0 0 16px}label{display:block;font-size:14px;color:var(--soft);margin:14px 0 4px}
input{width:100%;font:inherit;color:inherit;background:transparent;border:1px solid var(--line);border-radius:10px;
padding:10px 12px}input:focus-visible,button:focus-visible,a:focus-visible{outline:3px solid var(--main);outline-offset:2px}
button{width:100%;margin-top:22px;font:inherit;font-weight:600;border:0;border-radius:10px;padding:12px;cursor:pointer;
background:var(--main);color:var(--on-main)}a{color:var(--main)}p{margin:0 0 12px}
.bad{color:var(--bad)}.soft{color:var(--soft);font-size:14px}
nav{display:flex;flex-wrap:wrap;gap:8px;margin-top:8px}nav a{border:1px solid var(--line);border-radius:999px;
padding:8px 14px;text-decoration:none;font-size:14px}footer{margin-top:22px;font-size:14px;text-align:right}
"""


def _page(words: Words, title: str, content: str, switch: str = "") -> str:
    return (
        f'<!doctype html><html lang="{words.language}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1"><meta name="robots" content="noindex">'
        f"<title>{escape(title)} · {words('app.name')}</title>"
        f'<link rel="icon" href="/app/static/icon.svg"><style>{_STYLE}</style></head><body><main>'
        f'<header><img src="/app/static/icon.svg" alt="">{words("app.name")}</header>{content}{switch}</main></body></html>'
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
        f'<a href="/auth/demo-login?role={role}">{words(f"role.{role}")}</a>'
        for role in ("operator", "accountant", "manager", "analyst")
    )
    demo_part = f'<p class="soft" style="margin-top:22px">{words("login.demo")}</p><nav>{roles}</nav>' if demo else ""
    content = (
        f"<h1>{words('login.title')}</h1>{_message(message)}"
        f'<form method="post" action="/login">{_hidden(csrf=csrf, next=wanted)}'
        f'<label for="email">{words("login.email")}</label>'
        f'<input id="email" name="email" type="email" autocomplete="username" required autofocus value="{escape(email)}">'
        f'<label for="password">{words("login.password")}</label>'
        '<input id="password" name="password" type="password" autocomplete="current-password" required>'
        f'<button type="submit">{words("login.submit")}</button></form>{demo_part}'
    )
    return _page(words, words("login.title"), content, _language_switch(words))


def logout(words: Words, csrf: str) -> str:
    content = (
        f"<h1>{words('logout')}</h1><p>{words('logout.question')}</p>"
        f'<form method="post" action="/logout">{_hidden(csrf=csrf)}<button type="submit">{words("logout")}</button></form>'
    )
    return _page(words, words("logout"), content)


def password(words: Words, csrf: str, link: str, message: str = "") -> str:
    content = (
        f"<h1>{words('password.title')}</h1>{_message(message)}"
        f'<form method="post">{_hidden(csrf=csrf, link=link)}'
        f'<label for="password">{words("password.new")}</label>'
        '<input id="password" name="password" type="password" autocomplete="new-password" minlength="10" required autofocus>'
        f'<p class="soft">{words("password.rule")}</p>'
        f'<button type="submit">{words("password.submit")}</button></form>'
    )
    return _page(words, words("password.title"), content)


def sentence(words: Words, text: str) -> str:
    return _page(words, words("app.name"), f"<p>{escape(text)}</p>")
