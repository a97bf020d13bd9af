"""Sends each person the summary of what they may see, in their language; once per period, unless they opted out."""

from __future__ import annotations

import logging
from datetime import date, timedelta
from typing import Any
from urllib.parse import urlencode

from mai_core import forecast, mail
from mai_core.alerts.digest import DigestFacts, Due, compose, due_digests, odd_day
from mai_core.days import days_between, month_days, month_of, usage_day
from mai_core.errors import MaiError
from mai_core.ids import anonymous_label
from mai_core.installation import Installation
from mai_core.language import Words, language_of
from mai_core.money import units_of
from mai_core.reports import Reporting, Viewer
from mai_core.reports.periods import days_before
from mai_core.store import accounts, alerts, clients, months

log = logging.getLogger(__name__)

TOP = 3


def send_due_digests(installation: Installation) -> int:
    """How many were sent now."""
    now_ms, settings = installation.now_ms(), installation.settings
    due = due_digests(now_ms, settings.daily_batch_timezone)
    if not due or not mail.can_send(settings):
        return 0
    with installation.store.read() as db:
        waiting = [
            (account, digest)
            for account in accounts.listed(db)
            if account["digest"] and account["is_active"] and account["has_password"]
            for digest in due
            if not alerts.digest_was_sent(db, account["id"], digest.kind, digest.first.isoformat())
        ]
    if not waiting:
        return 0
    reporting = Reporting.of_store(installation.store, settings)
    return sum(_send(installation, reporting, account, digest, now_ms) for account, digest in waiting)


def _send(installation: Installation, reporting: Reporting, account: dict[str, Any], due: Due, now_ms: int) -> bool:
    """Noted before it is sent: rather one summary missing than one every minute."""
    with installation.store.write() as db:
        alerts.note_digest(db, account["id"], due.kind, due.first.isoformat(), now_ms)
    words = Words(language_of(account["language"]))
    try:
        facts = gather(installation, reporting, account, due, words)
        if facts is None:
            return False
        subject, text = compose(words, facts)
        mail.send(installation.settings, account["email"], subject, text)
    except MaiError as error:
        log.error("digest for account %s: %s", account["id"], error)
        return False
    return True


def gather(
    installation: Installation, reporting: Reporting, account: dict[str, Any], due: Due, words: Words
) -> DigestFacts | None:
    """What this person may see of the period; None when there was nothing at all."""
    viewer = Viewer(account["role"], account["client_org_id"])
    compared = days_before(due.first, due.last) if due.kind == "week" else None
    page = reporting.open(viewer, due.first, due.last, previous=compared)
    totals = page.rows("totals")[0]
    charged, previous = int(totals["charged_pusd"] or 0), int(totals["previous_charged_pusd"] or 0)
    if not charged and not previous:
        return None
    with installation.store.read() as db:
        client = clients.get(db, account["client_org_id"]) if account["client_org_id"] else None
        ids = [client.id] if client else [one.id for one in clients.list_all(db)]
        zones = clients.zones(db, client.id) if client else installation.settings.daily_batch_timezone
        today = usage_day(installation.now_ms(), zones)
        amounts: dict[date, int] = {}
        looked_at = days_between(today - timedelta(days=forecast.HISTORY_DAYS), today)
        for client_org_id in ids:
            for day, amount in months.charged_by_day(db, client_org_id, looked_at).items():
                amounts[day] = amounts.get(day, 0) + amount
    landing = forecast.landing(amounts, today, *month_days(month_of(today)))
    settings = installation.settings
    query = urlencode({"period": "custom", "from": due.first.isoformat(), "to": due.last.isoformat()})
    limit = units_of(client.monthly_limit) if client and client.monthly_limit else None
    return DigestFacts(
        due=due,
        name=client.name if client else words("digest.all_clients"),
        charged_pusd=charged,
        charged_ppln=None if totals["charged_ppln"] is None else int(totals["charged_ppln"]),
        previous_pusd=previous,
        expected_pusd=landing.expected if landing.method == "seasonal" else None,
        limit_pusd=limit,
        people=_top(words, page.rows("by_person"), "person"),
        models=_top(words, page.rows("by_model"), "model"),
        odd=odd_day(amounts, due.first, due.last),
        link=f"{settings.public_url}/?{query}",
        opt_out_link=f"{settings.public_url}/settings",
        provisional_table=totals["rate_table"],
    )


def _top(words: Words, rows: list[dict[str, Any]], key: str) -> list[tuple[str, int]]:
    ranked = sorted(rows, key=lambda row: (-int(row["charged_pusd"] or 0), str(row[key])))[:TOP]
    return [(_name(words, row, key), int(row["charged_pusd"] or 0)) for row in ranked]


def _name(words: Words, row: dict[str, Any], key: str) -> str:
    if key != "person":
        return str(row[key])
    return row["user_name"] or words("person.unnamed", label=anonymous_label(row["person"] or ""))
