"""A checklist for the first day: client, secret, address to paste, privacy, first event."""

from __future__ import annotations

from datetime import timedelta
from html import escape as quoted

import httpx
import streamlit as st

from mai_core.days import DAY_MS
from pages.parts import api, frame, installation, markup, troubles, webhook_secrets
from pages.parts.markup import Html
from pages.parts.view import View

_WEBHOOK = "/webhooks/openrouter"


def show(view: View) -> None:
    words = view.words
    frame.heading(view, words("first.title"))
    secrets = webhook_secrets.live(view)
    configured = bool(installation.settings().openrouter_webhook_secret.get_secret_value())
    with st.container(key="card_first"):
        _item(words("first.client"), words("first.client.how"), bool(view.clients))
        _item(words("first.secret"), "", bool(secrets) or configured)
        webhook_secrets.make(view, "first_secret")
        _item(words("first.webhook"), words("first.webhook.how"), None)
        st.code(api_address() + _WEBHOOK, language=None)
        _item(words("first.privacy"), words("first.privacy.how"), None)
        _event(view)


def api_address() -> str:
    """Where OpenRouter reaches the API: the public address when there is one."""
    settings = installation.settings()
    return settings.mai_public_url or settings.api_url


def _item(title: str, how: str, done: bool | None) -> None:
    mark = {True: '<span class="m-good">✓</span>', False: "○", None: "→"}[done]
    below = f'<span class="m-sub">{quoted(how)}</span>' if how else ""
    frame.draw(Html(f'<div class="m-check"><b>{mark}</b><div><b>{quoted(title)}</b>{below}</div></div>'))


@troubles.by_itself(every_s=2)
def _event(view: View) -> None:
    """Looks every two seconds, so that the first event is seen arriving."""
    frame.check_session(view)
    words = view.words
    (totals,), _ = view.latest().read_days(view.today - timedelta(days=30), view.today, "totals")
    last = totals[0]["last_at_ms"]
    fresh = last is not None and frame.now_ms() - int(last) < 30 * DAY_MS
    said = (
        words("first.event.there", ago=words.ago((frame.now_ms() - int(last)) // 1000))
        if fresh and last is not None
        else words("first.event.waiting")
    )
    _item(words("first.event"), said, fresh)
    if st.button(words("first.event.test"), key="test_event"):
        answer = _try_webhook()
        if answer.is_success:
            frame.draw(markup.notice(words("first.event.ok", code=answer.status_code)))
        else:
            frame.draw(markup.notice(api.refusal_text(answer), "bad"))


def _try_webhook() -> httpx.Response:
    """What OpenRouter's own "Test Connection" sends: an empty delivery with the secret. Nothing is booked."""
    standing = installation.settings().openrouter_webhook_secret.get_secret_value()
    secret = st.session_state.get(webhook_secrets.LAST_MADE) or standing
    return api.send(
        "POST", _WEBHOOK, secret, json={"resourceSpans": []}, headers={"X-Test-Connection": "true"}
    )  # fmt: skip
