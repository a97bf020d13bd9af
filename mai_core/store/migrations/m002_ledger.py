"""The ledger: every generation once, and the one fact table that every report reads."""

from __future__ import annotations

from typing import Any


def apply(db: Any) -> None:
    db.execute(
        """
        CREATE TABLE usage_events (
            seq INTEGER PRIMARY KEY,
            client_org_id TEXT NOT NULL REFERENCES client_organizations (id),
            generation_id TEXT NOT NULL CHECK (generation_id <> ''),
            at_ms INTEGER NOT NULL,
            started_at_ms INTEGER,
            usage_date TEXT NOT NULL CHECK (usage_date IS date(usage_date)),
            external_user TEXT NOT NULL DEFAULT '',
            model TEXT NOT NULL,
            provider TEXT NOT NULL DEFAULT '',
            input_tokens INTEGER NOT NULL DEFAULT 0 CHECK (input_tokens >= 0),
            output_tokens INTEGER NOT NULL DEFAULT 0 CHECK (output_tokens >= 0),
            cached_tokens INTEGER NOT NULL DEFAULT 0 CHECK (cached_tokens >= 0),
            cache_write_tokens INTEGER NOT NULL DEFAULT 0 CHECK (cache_write_tokens >= 0),
            cache_write_1h_tokens INTEGER NOT NULL DEFAULT 0 CHECK (cache_write_1h_tokens >= 0),
            reasoning_tokens INTEGER NOT NULL DEFAULT 0 CHECK (reasoning_tokens >= 0),
            audio_tokens INTEGER NOT NULL DEFAULT 0 CHECK (audio_tokens >= 0),
            output_images INTEGER NOT NULL DEFAULT 0 CHECK (output_images >= 0),
            searches INTEGER NOT NULL DEFAULT 0 CHECK (searches >= 0),
            reported_pusd INTEGER,
            upstream_pusd INTEGER,
            estimated_pusd INTEGER,
            priced_pusd INTEGER,
            given_charge_pusd INTEGER,
            raw_pusd INTEGER NOT NULL,
            charged_pusd INTEGER NOT NULL,
            cost_basis TEXT NOT NULL CHECK (cost_basis IN ('reported', 'price_book', 'given', 'unpriced')),
            markup TEXT NOT NULL,
            markup_from TEXT NOT NULL
                CHECK (markup_from IN ('client', 'environment', 'global', 'default', 'sale_price', 'given')),
            price_id INTEGER,
            sale_price_id INTEGER,
            is_byok INTEGER CHECK (is_byok IN (0, 1)),
            cancelled INTEGER CHECK (cancelled IN (0, 1)),
            streamed INTEGER CHECK (streamed IN (0, 1)),
            finish_reason TEXT,
            session_id TEXT,
            api_key_name TEXT,
            flags TEXT NOT NULL DEFAULT '',
            source TEXT NOT NULL,
            field_ranks TEXT NOT NULL,
            held INTEGER NOT NULL DEFAULT 0 CHECK (held IN (0, 1)),
            received_at_ms INTEGER NOT NULL,
            updated_at_ms INTEGER NOT NULL
        ) STRICT;
        CREATE UNIQUE INDEX usage_events_identity ON usage_events (client_org_id, generation_id);
        CREATE INDEX usage_events_day ON usage_events (client_org_id, usage_date);

        CREATE TABLE usage_daily (
            client_org_id TEXT NOT NULL REFERENCES client_organizations (id),
            usage_date TEXT NOT NULL CHECK (usage_date IS date(usage_date)),
            external_user TEXT NOT NULL,
            model TEXT NOT NULL,
            provider TEXT NOT NULL,
            requests INTEGER NOT NULL,
            input_tokens INTEGER NOT NULL,
            output_tokens INTEGER NOT NULL,
            cached_tokens INTEGER NOT NULL,
            cache_write_tokens INTEGER NOT NULL,
            reasoning_tokens INTEGER NOT NULL,
            raw_pusd INTEGER NOT NULL,
            charged_pusd INTEGER NOT NULL,
            unpriced_requests INTEGER NOT NULL,
            byok_requests INTEGER NOT NULL,
            last_at_ms INTEGER NOT NULL,
            PRIMARY KEY (client_org_id, usage_date, external_user, model, provider)
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX usage_daily_date ON usage_daily (usage_date);

        -- History brought in from an older system: marginals that cannot be joined. `facet` says which one a row
        -- belongs to; a total is taken from exactly one facet, so imported totals count once.
        CREATE TABLE imported_days (
            facet TEXT NOT NULL CHECK (facet IN ('client', 'user', 'model')),
            client_org_id TEXT NOT NULL REFERENCES client_organizations (id),
            usage_date TEXT NOT NULL CHECK (usage_date IS date(usage_date)),
            external_user TEXT NOT NULL DEFAULT '',
            model TEXT NOT NULL DEFAULT '',
            provider TEXT NOT NULL DEFAULT '',
            user_id TEXT NOT NULL DEFAULT '',
            total_tokens INTEGER NOT NULL,
            total_requests INTEGER NOT NULL,
            raw_pusd INTEGER NOT NULL,
            charged_pusd INTEGER NOT NULL,
            raw_cost TEXT NOT NULL,
            markup_cost TEXT NOT NULL,
            primary_model TEXT,
            unique_users INTEGER,
            created_at INTEGER NOT NULL,
            updated_at INTEGER NOT NULL,
            PRIMARY KEY (facet, client_org_id, usage_date, external_user, model, provider, user_id)
        ) STRICT, WITHOUT ROWID;

        CREATE TABLE processed_generations (
            id TEXT NOT NULL,
            client_org_id TEXT NOT NULL REFERENCES client_organizations (id),
            generation_date TEXT NOT NULL CHECK (generation_date IS date(generation_date)),
            processed_at INTEGER NOT NULL,
            total_cost TEXT NOT NULL,
            total_tokens INTEGER NOT NULL,
            PRIMARY KEY (client_org_id, id)
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX processed_generations_date ON processed_generations (generation_date);

        CREATE TABLE processed_generation_cleanup_log (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            cleanup_date TEXT NOT NULL,
            cutoff_date TEXT NOT NULL,
            days_retained INTEGER NOT NULL,
            records_before INTEGER NOT NULL,
            records_deleted INTEGER NOT NULL,
            records_remaining INTEGER NOT NULL,
            old_tokens_removed INTEGER NOT NULL,
            old_cost_removed TEXT NOT NULL,
            storage_saved_kb REAL NOT NULL,
            cleanup_duration_seconds REAL NOT NULL,
            success INTEGER NOT NULL,
            error_message TEXT,
            created_at INTEGER NOT NULL
        ) STRICT;

        -- The days whose rows reports read from Parquet. A late event deletes the row in its own transaction.
        CREATE TABLE sealed_days (
            client_org_id TEXT NOT NULL REFERENCES client_organizations (id),
            usage_date TEXT NOT NULL,
            file TEXT NOT NULL,
            version INTEGER NOT NULL,
            rows INTEGER NOT NULL,
            sum_raw TEXT NOT NULL,
            sum_charged TEXT NOT NULL,
            sealed_at_ms INTEGER NOT NULL,
            PRIMARY KEY (client_org_id, usage_date)
        ) STRICT, WITHOUT ROWID;

        -- The files that sealed days stand in. Written once, never changed; deleted 15 minutes after being replaced.
        CREATE TABLE sealed_files (
            client_org_id TEXT NOT NULL REFERENCES client_organizations (id),
            file TEXT NOT NULL,
            period TEXT NOT NULL,
            version INTEGER NOT NULL,
            days INTEGER NOT NULL,
            rows INTEGER NOT NULL,
            sha256 TEXT NOT NULL,
            written_at_ms INTEGER NOT NULL,
            replaced_at_ms INTEGER,
            PRIMARY KEY (client_org_id, file)
        ) STRICT, WITHOUT ROWID;

        -- Tells a reader that its copy of the list of sealed days is old.
        INSERT INTO change_counters VALUES ('lake', 0);
        CREATE TRIGGER sealed_days_insert_is_counted AFTER INSERT ON sealed_days
        BEGIN UPDATE change_counters SET value = value + 1 WHERE name = 'lake'; END;
        CREATE TRIGGER sealed_days_update_is_counted AFTER UPDATE ON sealed_days
        BEGIN UPDATE change_counters SET value = value + 1 WHERE name = 'lake'; END;
        CREATE TRIGGER sealed_days_delete_is_counted AFTER DELETE ON sealed_days
        BEGIN UPDATE change_counters SET value = value + 1 WHERE name = 'lake'; END;

        -- A month that stands on an invoice: its days are never touched, differences wait as corrections.
        CREATE TABLE invoiced_months (
            client_org_id TEXT NOT NULL REFERENCES client_organizations (id),
            month TEXT NOT NULL,
            reference TEXT NOT NULL,
            locked_at_ms INTEGER NOT NULL,
            PRIMARY KEY (client_org_id, month)
        ) STRICT, WITHOUT ROWID;

        CREATE TABLE corrections (
            id INTEGER PRIMARY KEY,
            client_org_id TEXT NOT NULL REFERENCES client_organizations (id),
            usage_date TEXT NOT NULL,
            generation_id TEXT NOT NULL,
            reason TEXT NOT NULL,
            before TEXT NOT NULL,
            after TEXT NOT NULL,
            delta_raw_pusd INTEGER NOT NULL,
            delta_charged_pusd INTEGER NOT NULL,
            state TEXT NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'invoiced', 'dropped')),
            created_at_ms INTEGER NOT NULL
        ) STRICT;
        CREATE INDEX corrections_day ON corrections (client_org_id, usage_date);
        CREATE UNIQUE INDEX corrections_waiting ON corrections (client_org_id, generation_id) WHERE state = 'waiting';
        """
    )
