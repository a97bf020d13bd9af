"""Every price and every exchange rate ever seen, with the time from which it counts."""

from __future__ import annotations

from typing import Any

from mai_core.store.migrations.m001_clients import count_changes


def apply(db: Any) -> None:
    db.execute(
        """
        CREATE TABLE model_prices (
            id INTEGER PRIMARY KEY,
            model TEXT NOT NULL,
            canonical_slug TEXT,
            alias_target TEXT,
            name TEXT,
            context_length INTEGER,
            pricing TEXT NOT NULL,
            valid_from_ms INTEGER NOT NULL,
            source TEXT NOT NULL CHECK (source IN ('openrouter_api', 'fallback', 'operator')),
            UNIQUE (model, valid_from_ms)
        ) STRICT;
        CREATE INDEX model_prices_slug ON model_prices (canonical_slug);

        CREATE TABLE price_fetches (
            id INTEGER PRIMARY KEY,
            fetched_at_ms INTEGER NOT NULL,
            ok INTEGER NOT NULL CHECK (ok IN (0, 1)),
            models INTEGER NOT NULL,
            changed INTEGER NOT NULL,
            doubtful TEXT NOT NULL DEFAULT '[]',
            error TEXT
        ) STRICT;

        -- Own prices: USD per million tokens and per request; where one is in force the markup does not apply.
        CREATE TABLE sale_prices (
            id INTEGER PRIMARY KEY,
            client_org_id TEXT REFERENCES client_organizations (id),
            model TEXT NOT NULL,
            effective_from_ms INTEGER NOT NULL,
            input_per_million TEXT NOT NULL,
            output_per_million TEXT NOT NULL,
            cached_per_million TEXT,
            per_request TEXT NOT NULL DEFAULT '0',
            ended INTEGER NOT NULL DEFAULT 0 CHECK (ended IN (0, 1)),
            set_by TEXT NOT NULL,
            created_at_ms INTEGER NOT NULL
        ) STRICT;
        CREATE UNIQUE INDEX sale_prices_since
            ON sale_prices (coalesce(client_org_id, ''), model, effective_from_ms);

        CREATE TABLE exchange_rates (
            currency TEXT NOT NULL,
            effective_date TEXT NOT NULL CHECK (effective_date IS date(effective_date)),
            rate TEXT NOT NULL CHECK (CAST(rate AS REAL) > 0),
            table_no TEXT NOT NULL,
            fetched_at_ms INTEGER NOT NULL,
            state TEXT NOT NULL DEFAULT 'used' CHECK (state IN ('used', 'held', 'refused')),
            PRIMARY KEY (currency, effective_date)
        ) STRICT, WITHOUT ROWID;

        -- NBP answered for every day of [from_date, through_date]: there, silence means 'no table that day'.
        CREATE TABLE rate_answers (
            currency TEXT PRIMARY KEY,
            from_date TEXT,
            through_date TEXT,
            answered_at_ms INTEGER,
            last_error TEXT,
            last_error_at_ms INTEGER
        ) STRICT, WITHOUT ROWID;

        -- The rate of a client's usage day once it is final; it never moves from then on.
        CREATE TABLE day_rates (
            client_org_id TEXT NOT NULL REFERENCES client_organizations (id),
            usage_date TEXT NOT NULL,
            rate TEXT NOT NULL,
            table_no TEXT NOT NULL,
            effective_date TEXT NOT NULL,
            policy TEXT NOT NULL CHECK (policy IN ('daily', 'period_end')),
            fixed_at_ms INTEGER NOT NULL,
            PRIMARY KEY (client_org_id, usage_date)
        ) STRICT, WITHOUT ROWID;
        """
    )
    for table in ("model_prices", "sale_prices"):
        count_changes(db, table)
