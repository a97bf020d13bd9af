"""The proof that a client is metered: its first event, in words."""

from __future__ import annotations

from mai_core.ids import anonymous_label
from mai_core.money import decimal_text
from mai_core.store import Db, dicts


def newest_event(db: Db, client_org_id: str) -> str | None:
    """'received: model, cost, person', or None while there is none."""
    for event in dicts(
        db,
        "SELECT event.model, event.raw_pusd, event.external_user, people.name FROM usage_events AS event"
        " LEFT JOIN user_client_mapping AS mapping"
        " ON mapping.client_org_id = event.client_org_id AND mapping.openrouter_user_id = event.external_user"
        " LEFT JOIN people ON people.client_org_id = event.client_org_id AND people.user_id = mapping.user_id"
        " WHERE event.client_org_id = ? ORDER BY event.seq DESC LIMIT 1",
        (client_org_id,),
    ):
        person = event["name"] or f"Osoba {anonymous_label(event['external_user'])}"
        return f"received: {event['model']}, {decimal_text(event['raw_pusd'], 6)} USD, {person}"
    return None
