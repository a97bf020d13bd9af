"""Who is metered: the installation's settings, client organisations, their people.

Names and columns of the existing mAI system stay; money and markups are decimal text, times unix seconds where the
old tables had them and UTC milliseconds (`_ms`) where a table is new.
"""

from __future__ import annotations

from typing import Any

_NOW_MS = "CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER)"
"""Works in every SQLite, also in the shell of an operator whose build is old."""


def apply(db: Any) -> None:
    db.execute(
        f"""
        CREATE TABLE global_settings (
            id TEXT PRIMARY KEY CHECK (id = 'global'),
            openrouter_provisioning_key TEXT,
            default_markup_rate TEXT CHECK (CAST(default_markup_rate AS REAL) > 0),
            billing_currency TEXT NOT NULL DEFAULT 'USD',
            created_at INTEGER NOT NULL,
            updated_at INTEGER NOT NULL
        ) STRICT;

        CREATE TABLE client_organizations (
            id TEXT PRIMARY KEY CHECK (id <> ''),
            name TEXT NOT NULL CHECK (name <> ''),
            openrouter_api_key TEXT UNIQUE,
            openrouter_key_hash TEXT UNIQUE,
            provider_key_hash TEXT UNIQUE,
            markup_rate TEXT CHECK (markup_rate IS NULL OR CAST(markup_rate AS REAL) > 0),
            monthly_limit TEXT CHECK (monthly_limit IS NULL OR CAST(monthly_limit AS REAL) >= 0),
            billing_email TEXT,
            timezone TEXT NOT NULL DEFAULT 'Europe/Warsaw',
            fx_policy TEXT NOT NULL DEFAULT 'daily' CHECK (fx_policy IN ('daily', 'period_end')),
            byok_include_upstream INTEGER NOT NULL DEFAULT 0 CHECK (byok_include_upstream IN (0, 1)),
            is_active INTEGER NOT NULL DEFAULT 1 CHECK (is_active IN (0, 1)),
            created_at INTEGER NOT NULL,
            updated_at INTEGER NOT NULL
        ) STRICT;
        CREATE INDEX client_organizations_active ON client_organizations (is_active);

        CREATE TABLE client_timezones (
            client_org_id TEXT NOT NULL REFERENCES client_organizations (id),
            effective_from_ms INTEGER NOT NULL,
            timezone TEXT NOT NULL,
            PRIMARY KEY (client_org_id, effective_from_ms)
        ) STRICT, WITHOUT ROWID;

        CREATE TABLE markup_history (
            client_org_id TEXT NOT NULL REFERENCES client_organizations (id),
            effective_from_ms INTEGER NOT NULL,
            markup TEXT CHECK (markup IS NULL OR CAST(markup AS REAL) > 0),
            set_by TEXT NOT NULL,
            PRIMARY KEY (client_org_id, effective_from_ms)
        ) STRICT, WITHOUT ROWID;

        CREATE TRIGGER markup_update_is_history
        AFTER UPDATE OF markup_rate ON client_organizations
        WHEN NEW.markup_rate IS NOT (
            SELECT markup FROM markup_history WHERE client_org_id = NEW.id ORDER BY effective_from_ms DESC LIMIT 1
        )
        BEGIN
            INSERT INTO markup_history (client_org_id, effective_from_ms, markup, set_by)
            VALUES (NEW.id, {_NOW_MS}, NEW.markup_rate, 'UPDATE of markup_rate')
            ON CONFLICT (client_org_id, effective_from_ms) DO UPDATE SET markup = excluded.markup;
        END;

        CREATE TABLE user_client_mapping (
            id TEXT PRIMARY KEY,
            user_id TEXT NOT NULL,
            client_org_id TEXT NOT NULL REFERENCES client_organizations (id),
            openrouter_user_id TEXT NOT NULL,
            is_active INTEGER NOT NULL DEFAULT 1 CHECK (is_active IN (0, 1)),
            created_at INTEGER NOT NULL,
            updated_at INTEGER NOT NULL
        ) STRICT;
        CREATE UNIQUE INDEX user_client_mapping_external ON user_client_mapping (client_org_id, openrouter_user_id);
        CREATE INDEX user_client_mapping_route ON user_client_mapping (openrouter_user_id);
        CREATE INDEX user_client_mapping_user ON user_client_mapping (user_id);

        -- The erasable directory: the only table with names and addresses of metered people.
        CREATE TABLE people (
            client_org_id TEXT NOT NULL REFERENCES client_organizations (id),
            user_id TEXT NOT NULL,
            name TEXT,
            email TEXT,
            department TEXT,
            source TEXT NOT NULL,
            created_at_ms INTEGER NOT NULL,
            updated_at_ms INTEGER NOT NULL,
            erased_at_ms INTEGER,
            PRIMARY KEY (client_org_id, user_id)
        ) STRICT, WITHOUT ROWID;

        -- Whose is a generation that came with the operator's credential: by external user id, then by key name.
        CREATE TABLE routes (
            kind TEXT NOT NULL CHECK (kind IN ('external_user', 'api_key_name')),
            value TEXT NOT NULL,
            client_org_id TEXT NOT NULL REFERENCES client_organizations (id),
            created_at_ms INTEGER NOT NULL,
            PRIMARY KEY (kind, value)
        ) STRICT, WITHOUT ROWID;

        -- Counts changes of anything that rating reads, so that a process knows when its copy is old.
        CREATE TABLE change_counters (name TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT, WITHOUT ROWID;
        INSERT INTO change_counters VALUES ('rating', 0);
        """
    )
    for table in ("client_organizations", "client_timezones", "markup_history", "global_settings", "routes"):
        count_changes(db, table)


def count_changes(db: Any, table: str) -> None:
    """Triggers that count every change of a table which rating reads."""
    for change in ("INSERT", "UPDATE", "DELETE"):
        db.execute(
            f"""
            CREATE TRIGGER {table}_{change.lower()}_is_counted AFTER {change} ON {table}
            BEGIN UPDATE change_counters SET value = value + 1 WHERE name = 'rating'; END
            """
        )
