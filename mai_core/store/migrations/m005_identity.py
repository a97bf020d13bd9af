"""Who may see what: accounts, sessions, one-time links, API tokens, and the trail of what was changed."""

from __future__ import annotations

from typing import Any


def apply(db: Any) -> None:
    db.execute(
        """
        CREATE TABLE accounts (
            id INTEGER PRIMARY KEY,
            email TEXT NOT NULL UNIQUE COLLATE NOCASE,
            name TEXT NOT NULL DEFAULT '',
            role TEXT NOT NULL CHECK (role IN ('operator', 'accountant', 'manager', 'analyst')),
            client_org_id TEXT REFERENCES client_organizations (id),
            password_hash TEXT,
            language TEXT CHECK (language IN ('pl', 'en')),
            digest INTEGER NOT NULL DEFAULT 1 CHECK (digest IN (0, 1)),
            is_active INTEGER NOT NULL DEFAULT 1 CHECK (is_active IN (0, 1)),
            created_at_ms INTEGER NOT NULL,
            updated_at_ms INTEGER NOT NULL,
            CHECK ((role IN ('operator', 'accountant')) = (client_org_id IS NULL))
        ) STRICT;

        CREATE TABLE sessions (
            token_hash TEXT PRIMARY KEY,
            account_id INTEGER NOT NULL REFERENCES accounts (id),
            created_at_ms INTEGER NOT NULL,
            expires_at_ms INTEGER NOT NULL,
            ended_at_ms INTEGER
        ) STRICT, WITHOUT ROWID;

        CREATE TABLE account_links (
            token_hash TEXT PRIMARY KEY,
            account_id INTEGER NOT NULL REFERENCES accounts (id),
            purpose TEXT NOT NULL CHECK (purpose IN ('invitation', 'reset')),
            created_at_ms INTEGER NOT NULL,
            expires_at_ms INTEGER NOT NULL,
            used_at_ms INTEGER
        ) STRICT, WITHOUT ROWID;

        CREATE TABLE login_failures (
            subject TEXT NOT NULL,
            at_ms INTEGER NOT NULL
        ) STRICT;
        CREATE INDEX login_failures_subject ON login_failures (subject, at_ms);

        CREATE TABLE api_tokens (
            id INTEGER PRIMARY KEY,
            name TEXT NOT NULL,
            token_hash TEXT NOT NULL UNIQUE,
            last_four TEXT NOT NULL,
            role TEXT NOT NULL CHECK (role IN ('operator', 'accountant', 'manager', 'analyst')),
            scopes TEXT NOT NULL DEFAULT '',
            client_org_id TEXT REFERENCES client_organizations (id),
            created_by TEXT NOT NULL,
            created_at_ms INTEGER NOT NULL,
            expires_at_ms INTEGER,
            revoked_at_ms INTEGER,
            CHECK ((role IN ('operator', 'accountant')) = (client_org_id IS NULL))
        ) STRICT;

        CREATE TABLE audit_log (
            id INTEGER PRIMARY KEY,
            at_ms INTEGER NOT NULL,
            actor TEXT NOT NULL,
            action TEXT NOT NULL,
            subject TEXT NOT NULL,
            client_org_id TEXT,
            before TEXT,
            after TEXT
        ) STRICT;
        CREATE INDEX audit_log_at ON audit_log (at_ms);
        CREATE TRIGGER audit_log_is_append_only BEFORE UPDATE ON audit_log
        BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;
        """
    )
