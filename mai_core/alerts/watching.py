"""One look at everything: what is found becomes open alerts, what is over is closed, what is new is sent."""

from __future__ import annotations

import logging

from mai_core.alerts.delivery import notify
from mai_core.alerts.finding import Finding
from mai_core.alerts.rules import RULES
from mai_core.installation import Installation
from mai_core.store import alerts

log = logging.getLogger(__name__)


def watch(installation: Installation) -> list[Finding]:
    now_ms = installation.now_ms()
    found = look(installation, now_ms)
    with installation.store.write() as db:
        alerts.sync(db, now_ms, found)
    notify(installation)
    return found


def look(installation: Installation, now_ms: int) -> list[Finding]:
    """Every rule in one snapshot of the ledger; nothing is written."""
    with installation.store.read() as db:
        return [finding for rule in RULES for finding in rule(installation, db, now_ms)]
