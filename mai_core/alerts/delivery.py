"""Telling people: operators everything, managers what is about their client; by e-mail and to a webhook, once each."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Any

import httpx

from mai_core import mail
from mai_core.alerts.digest import plain
from mai_core.alerts.wording import text_of
from mai_core.errors import MaiError
from mai_core.installation import Installation
from mai_core.language import Words, language_of
from mai_core.store import accounts, alerts

log = logging.getLogger(__name__)

FOR_MANAGERS = frozenset({"limit", "forecast"})
WEBHOOK_TIMEOUT_S = 10


def notify(installation: Installation) -> int:
    """Send what nobody was told of yet. What could not be sent by any way stays for the next round."""
    with installation.store.read() as db:
        waiting = alerts.not_notified(db)
        people = [account for account in accounts.listed(db) if account["is_active"] and account["has_password"]]
    if not waiting:
        return 0
    told = _post(installation, waiting) | _mail(installation, waiting, people)
    silent = not installation.settings.alert_webhook_url and not mail.can_send(installation.settings)
    if told or silent:
        with installation.store.write() as db:
            alerts.mark_notified(db, [alert["id"] for alert in waiting], installation.now_ms())
    return len(waiting) if told else 0


def payload(installation: Installation, waiting: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """What a webhook gets: `text` for chat systems, the facts for programs."""
    words = Words("en")
    shown = [
        {
            "id": alert["id"],
            "rule": alert["rule"],
            "subject": alert["subject"],
            "level": alert["level"],
            "client_org_id": alert["client_org_id"],
            "text": plain(text_of(words, alert["message_key"], alert["message_values"])),
            "first_at_ms": alert["first_at_ms"],
        }
        for alert in waiting
    ]
    return {
        "installation": installation.settings.public_url,
        "text": "\n".join(alert["text"] for alert in shown),
        "alerts": shown,
    }


def _post(installation: Installation, waiting: Sequence[dict[str, Any]]) -> bool:
    url = installation.settings.alert_webhook_url
    if not url:
        return False
    try:
        answer = httpx.post(url, json=payload(installation, waiting), timeout=WEBHOOK_TIMEOUT_S)
        answer.raise_for_status()
    except (httpx.HTTPError, httpx.InvalidURL, UnicodeError) as error:
        log.error("alerts could not be posted to ALERT_WEBHOOK_URL: %s", type(error).__name__)
        return False
    return True


def _mail(installation: Installation, waiting: Sequence[dict[str, Any]], people: Sequence[dict[str, Any]]) -> bool:
    if not mail.can_send(installation.settings):
        return False
    sent = False
    for person in people:
        theirs = [alert for alert in waiting if concerns(alert, person)]
        if theirs:
            sent = _send(installation, person, theirs) or sent
    return sent


def concerns(alert: dict[str, Any], person: dict[str, Any]) -> bool:
    """Operators run the installation; a client's people hear of their own limit, and of nothing else."""
    if person["role"] == "operator":
        return True
    return alert["rule"] in FOR_MANAGERS and alert["client_org_id"] == person["client_org_id"] is not None


def _send(installation: Installation, person: dict[str, Any], theirs: Sequence[dict[str, Any]]) -> bool:
    words = Words(language_of(person["language"]))
    lines = [text_of(words, alert["message_key"], alert["message_values"]) for alert in theirs]
    text = plain("\n\n".join([*lines, installation.settings.public_url]))
    subject = words("alert.mail_subject", n=len(theirs))
    try:
        mail.send(installation.settings, person["email"], subject, text)
    except MaiError as error:
        log.error("alert mail: %s", error)
        return False
    return True
