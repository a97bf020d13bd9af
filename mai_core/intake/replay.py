"""Out of quarantine into the ledger, once a route is there, a program was corrected, or a person says whose it is."""

from __future__ import annotations

from typing import Any

import msgspec

from mai_core.errors import Conflict, MaiError
from mai_core.installation import Installation
from mai_core.intake import exact_json
from mai_core.intake.delivery import Delivery, Receipt, observation_from
from mai_core.intake.desk import Desk
from mai_core.intake.parsed import Parsed
from mai_core.intake.redaction import is_mark
from mai_core.intake.sources import SOURCES
from mai_core.store import audit, clients, quarantine


def replay(
    installation: Installation, entry_id: int, by: str, client_org_id: str | None = None, desk: Desk | None = None
) -> Receipt:
    """Books the entry and asks the archive too; raises MaiError when it still cannot be booked. Who replays many
    passes one desk, which remembers the price book.
    """
    with installation.store.read() as db:
        entry = quarantine.get(db, entry_id)
        if client_org_id is not None:
            clients.require(db, client_org_id)
    if entry["state"] != "waiting":
        raise Conflict(f"quarantine entry {entry_id} was already {entry['state']}")
    delivery = Delivery(
        SOURCES[entry["source"]],
        client_org_id or entry["client_org_id"],
        _parsed(entry),
        entry["received_at_ms"],
        historical=True,
        decided=True,
    )
    receipt = (desk or Desk(installation)).deliver([delivery])[0]
    if receipt.quarantined or receipt.refused:
        problem = (receipt.quarantined or receipt.refused)[0]
        raise MaiError(f"quarantine entry {entry_id} still cannot be booked: {problem.reason}")
    with installation.store.write() as db:
        now_ms = installation.now_ms()
        quarantine.resolve(db, now_ms, entry_id, "replayed", by)
        audit.write(db, now_ms, by, "quarantine.replay", str(entry_id), client_org_id or entry["client_org_id"])
    return receipt


def drop(installation: Installation, entry_id: int, by: str) -> None:
    with installation.store.write() as db:
        now_ms = installation.now_ms()
        quarantine.resolve(db, now_ms, entry_id, "dropped", by)
        audit.write(db, now_ms, by, "quarantine.drop", str(entry_id), quarantine.get(db, entry_id)["client_org_id"])


def _parsed(entry: dict[str, Any]) -> Parsed:
    if entry["body"] is None:
        raise MaiError(
            f"quarantine entry {entry['id']} was not readable and cannot be replayed: look at it, then drop it"
        )
    kept = exact_json.decode(entry["body"].encode())
    if "observation" in kept:
        return Parsed([observation_from(kept["observation"])], [0])
    parsed = SOURCES[entry["source"]].parse(exact_json.encode(kept["item"]), {})
    if parsed.refusals:
        raise MaiError(f"quarantine entry {entry['id']} still cannot be booked: {parsed.refusals[0].reason}")
    if any(is_mark(value) for one in parsed.observations for value in msgspec.structs.astuple(one)):
        raise MaiError(f"quarantine entry {entry['id']} cannot be booked: a name in it was not kept")
    return parsed
