"""What needs attention now: everything for operators, a client's own limit and forecast for its people."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter

from mai_core.alerts.delivery import concerns
from mai_core.alerts.wording import text_of
from mai_core.days import from_ms
from mai_core.language import Words, language_of
from mai_core.store import alerts
from routers.access import Anyone, Opened

router = APIRouter(tags=["alerts"])


@router.get("/api/v1/alerts")
def open_now(opened: Opened, caller: Anyone, client: str | None = None, language: str | None = None) -> dict[str, Any]:
    """Open alerts, worst first, in Polish or English."""
    words = Words(language_of(language))
    tenant = caller.tenant_or_all(client)
    person = {"role": caller.role, "client_org_id": caller.client_org_id}
    with opened.store.read() as db:
        found = [alert for alert in alerts.open_alerts(db, tenant) if concerns(alert, person)]
    return {
        "alerts": [
            {
                "rule": alert["rule"],
                "level": alert["level"],
                "client_org_id": alert["client_org_id"],
                "text": text_of(words, alert["message_key"], alert["message_values"]),
                "since": from_ms(alert["first_at_ms"]).isoformat(),
                "times": alert["times"],
            }
            for alert in found
        ]
    }
