"""How far OpenRouter's books were really compared with ours, so that a page claims no more than that."""

from __future__ import annotations

from typing import Any


def apply(db: Any) -> None:
    db.execute(
        """
        -- A UTC day as it stood after its last comparison. `client_org_id` is empty for what several clients share:
        -- everything on the account that no client's own key has.
        CREATE TABLE reconciled_days (
            utc_date TEXT NOT NULL,
            client_org_id TEXT NOT NULL,
            billed_pusd INTEGER NOT NULL,
            recorded_pusd INTEGER NOT NULL,
            compared_at_ms INTEGER NOT NULL,
            PRIMARY KEY (utc_date, client_org_id)
        ) STRICT, WITHOUT ROWID;
        """
    )
