"""Totals of turns with several generations: something to compare with, never something to bill."""

from __future__ import annotations

import json
from typing import Any

from mai_core.store.connection import Db, dicts


def put(
    db: Db,
    now_ms: int,
    *,
    client_org_id: str,
    turn_id: str,
    generation_ids: tuple[str, ...],
    input_tokens: int | None,
    output_tokens: int | None,
    cost_pusd: int | None,
) -> None:
    """The first report of a turn stands."""
    db.execute(
        "INSERT INTO turn_witnesses (client_org_id, turn_id, generation_ids, input_tokens, output_tokens, cost_pusd,"
        " received_at_ms) VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
        (client_org_id, turn_id, json.dumps(generation_ids), input_tokens, output_tokens, cost_pusd, now_ms),
    )


def of_client(db: Db, client_org_id: str) -> list[dict[str, Any]]:
    found = dicts(db, "SELECT * FROM turn_witnesses WHERE client_org_id = ? ORDER BY turn_id", (client_org_id,))
    return [{**row, "generation_ids": json.loads(row["generation_ids"])} for row in found]
