"""What arrives and cannot be booked at once, and what still has to leave for InfluxDB."""

from __future__ import annotations

from typing import Any


def apply(db: Any) -> None:
    db.execute(
        """
        CREATE TABLE quarantine (
            id INTEGER PRIMARY KEY,
            received_at_ms INTEGER NOT NULL,
            last_seen_at_ms INTEGER NOT NULL,
            times_seen INTEGER NOT NULL DEFAULT 1,
            source TEXT NOT NULL,
            client_org_id TEXT REFERENCES client_organizations (id),
            reason_code TEXT NOT NULL,
            reason TEXT NOT NULL,
            body TEXT,
            encrypted_body BLOB,
            sha256 TEXT NOT NULL,
            state TEXT NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'replayed', 'dropped')),
            resolved_at_ms INTEGER,
            resolved_by TEXT,
            UNIQUE (source, sha256, reason_code)
        ) STRICT;
        CREATE INDEX quarantine_state ON quarantine (state, received_at_ms);

        -- Sources of one rank disagreed about a field; the smaller value stands until a person decides.
        CREATE TABLE conflicts (
            id INTEGER PRIMARY KEY,
            client_org_id TEXT NOT NULL REFERENCES client_organizations (id),
            generation_id TEXT NOT NULL,
            field TEXT NOT NULL,
            rank INTEGER NOT NULL,
            seen_values TEXT NOT NULL,
            state TEXT NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'decided', 'superseded')),
            decided_by TEXT,
            created_at_ms INTEGER NOT NULL,
            updated_at_ms INTEGER NOT NULL,
            UNIQUE (client_org_id, generation_id, field, rank)
        ) STRICT;
        CREATE INDEX conflicts_state ON conflicts (state);

        -- Totals that a turn of several generations reported: compared with the generations, never billed.
        CREATE TABLE turn_witnesses (
            client_org_id TEXT NOT NULL REFERENCES client_organizations (id),
            turn_id TEXT NOT NULL,
            generation_ids TEXT NOT NULL,
            input_tokens INTEGER,
            output_tokens INTEGER,
            cost_pusd INTEGER,
            received_at_ms INTEGER NOT NULL,
            PRIMARY KEY (client_org_id, turn_id)
        ) STRICT, WITHOUT ROWID;

        CREATE TABLE outbox (
            client_org_id TEXT NOT NULL,
            generation_id TEXT NOT NULL,
            queued_at_ms INTEGER NOT NULL,
            refused TEXT,
            PRIMARY KEY (client_org_id, generation_id)
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX outbox_age ON outbox (queued_at_ms);

        -- Secrets that open the ways in; a row without a client carries many (routed per event).
        CREATE TABLE webhook_credentials (
            id INTEGER PRIMARY KEY,
            label TEXT NOT NULL,
            client_org_id TEXT REFERENCES client_organizations (id),
            secret_hash TEXT NOT NULL UNIQUE,
            encrypted_secret TEXT NOT NULL,
            created_at_ms INTEGER NOT NULL,
            revoked_at_ms INTEGER
        ) STRICT;

        CREATE TABLE quotas (
            client_org_id TEXT NOT NULL REFERENCES client_organizations (id),
            external_user TEXT NOT NULL DEFAULT '',
            currency TEXT NOT NULL CHECK (currency IN ('USD', 'PLN')),
            soft_units INTEGER CHECK (soft_units >= 0),
            hard_units INTEGER CHECK (hard_units >= 0),
            updated_at_ms INTEGER NOT NULL,
            PRIMARY KEY (client_org_id, external_user)
        ) STRICT, WITHOUT ROWID;
        """
    )
