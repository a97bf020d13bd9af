"""What the clock did, what it found, whom it told."""

from __future__ import annotations

from typing import Any


def apply(db: Any) -> None:
    db.execute(
        """
        -- A row per step, day and client; `run_id` is the row of the run (step 'batch') that it belongs to.
        CREATE TABLE batch_runs (
            id INTEGER PRIMARY KEY,
            run_id INTEGER,
            batch_date TEXT NOT NULL,
            step TEXT NOT NULL,
            client_org_id TEXT,
            state TEXT NOT NULL CHECK (state IN ('running', 'ok', 'failed', 'skipped')),
            started_at_ms INTEGER NOT NULL,
            finished_at_ms INTEGER,
            process TEXT NOT NULL,
            detail TEXT NOT NULL DEFAULT '{}',
            error TEXT
        ) STRICT;
        CREATE INDEX batch_runs_date ON batch_runs (batch_date, step, client_org_id);
        CREATE INDEX batch_runs_step ON batch_runs (step, state);
        CREATE INDEX batch_runs_run ON batch_runs (run_id);

        -- One batch at a time across processes; a holder that died is replaced when its lease ends.
        CREATE TABLE leases (
            name TEXT PRIMARY KEY,
            holder TEXT NOT NULL,
            expires_at_ms INTEGER NOT NULL
        ) STRICT, WITHOUT ROWID;

        -- What validation of a closed day found and corrected.
        CREATE TABLE day_corrections (
            id INTEGER PRIMARY KEY,
            client_org_id TEXT NOT NULL REFERENCES client_organizations (id),
            usage_date TEXT NOT NULL,
            found_at_ms INTEGER NOT NULL,
            before TEXT NOT NULL,
            after TEXT NOT NULL,
            delta_raw_pusd INTEGER NOT NULL,
            delta_charged_pusd INTEGER NOT NULL
        ) STRICT;

        -- A day that a batch is closing. Any change of its events takes the row away in the same transaction, so what
        -- was read of it counts only while the row still stands.
        CREATE TABLE closings (
            client_org_id TEXT NOT NULL,
            usage_date TEXT NOT NULL,
            archived INTEGER NOT NULL DEFAULT 0 CHECK (archived IN (0, 1)),
            PRIMARY KEY (client_org_id, usage_date)
        ) STRICT, WITHOUT ROWID;
        CREATE TRIGGER new_event_ends_closing AFTER INSERT ON usage_events
        BEGIN DELETE FROM closings WHERE client_org_id = NEW.client_org_id AND usage_date = NEW.usage_date; END;
        CREATE TRIGGER changed_event_ends_closing AFTER UPDATE ON usage_events
        BEGIN DELETE FROM closings
            WHERE client_org_id = NEW.client_org_id AND usage_date IN (OLD.usage_date, NEW.usage_date); END;
        CREATE TRIGGER removed_event_ends_closing AFTER DELETE ON usage_events
        BEGIN DELETE FROM closings WHERE client_org_id = OLD.client_org_id AND usage_date = OLD.usage_date; END;

        -- The stretch of row numbers, one per reader, in which the events of the day that is being closed lie. Views,
        -- because only of a table or a view does DuckDB know the types of columns: of a query it reads texts, which
        -- takes three times as long.
        CREATE TABLE sweeps (
            part INTEGER PRIMARY KEY,
            usage_date TEXT NOT NULL,
            first_seq INTEGER NOT NULL,
            last_seq INTEGER NOT NULL
        ) STRICT;
        CREATE VIEW sweep_1 AS SELECT e.* FROM sweeps AS s CROSS JOIN usage_events AS e
            WHERE s.part = 1 AND e.seq BETWEEN s.first_seq AND s.last_seq AND +e.usage_date = s.usage_date;
        CREATE VIEW sweep_2 AS SELECT e.* FROM sweeps AS s CROSS JOIN usage_events AS e
            WHERE s.part = 2 AND e.seq BETWEEN s.first_seq AND s.last_seq AND +e.usage_date = s.usage_date;

        -- Raw events of a closed day in Parquet. Once `events_removed_at_ms` stands, the file is where they are.
        CREATE TABLE archives (
            client_org_id TEXT NOT NULL REFERENCES client_organizations (id),
            usage_date TEXT NOT NULL,
            file TEXT NOT NULL,
            rows INTEGER NOT NULL,
            sum_raw TEXT NOT NULL,
            sum_charged TEXT NOT NULL,
            sha256 TEXT NOT NULL,
            version INTEGER NOT NULL,
            written_at_ms INTEGER NOT NULL,
            verified_at_ms INTEGER,
            events_removed_at_ms INTEGER,
            PRIMARY KEY (client_org_id, usage_date)
        ) STRICT, WITHOUT ROWID;

        CREATE TABLE backups (
            file TEXT PRIMARY KEY,
            made_at_ms INTEGER NOT NULL,
            bytes INTEGER NOT NULL,
            sha256 TEXT NOT NULL,
            events INTEGER NOT NULL,
            through_ms INTEGER NOT NULL,
            verified_at_ms INTEGER,
            removed_at_ms INTEGER
        ) STRICT, WITHOUT ROWID;

        CREATE TABLE alerts (
            id INTEGER PRIMARY KEY,
            rule TEXT NOT NULL,
            subject TEXT NOT NULL,
            client_org_id TEXT REFERENCES client_organizations (id),
            level TEXT NOT NULL CHECK (level IN ('info', 'warning', 'error')),
            message_key TEXT NOT NULL,
            message_values TEXT NOT NULL DEFAULT '{}',
            first_at_ms INTEGER NOT NULL,
            last_at_ms INTEGER NOT NULL,
            times INTEGER NOT NULL DEFAULT 1,
            notified_at_ms INTEGER,
            closed_at_ms INTEGER
        ) STRICT;
        CREATE UNIQUE INDEX alerts_open ON alerts (rule, subject) WHERE closed_at_ms IS NULL;

        -- Summaries that went out by e-mail: one per account and period.
        CREATE TABLE digests (
            account_id INTEGER NOT NULL REFERENCES accounts (id),
            kind TEXT NOT NULL CHECK (kind IN ('week', 'month')),
            first_day TEXT NOT NULL,
            sent_at_ms INTEGER NOT NULL,
            PRIMARY KEY (account_id, kind, first_day)
        ) STRICT, WITHOUT ROWID;

        -- What OpenRouter says a UTC day cost, beside what the ledger has for the same cut.
        CREATE TABLE provider_days (
            utc_date TEXT NOT NULL,
            key_hash TEXT NOT NULL,
            model TEXT NOT NULL,
            provider TEXT NOT NULL,
            requests INTEGER NOT NULL,
            input_tokens INTEGER NOT NULL,
            output_tokens INTEGER NOT NULL,
            cost_pusd INTEGER NOT NULL,
            byok_pusd INTEGER NOT NULL,
            fetched_at_ms INTEGER NOT NULL,
            PRIMARY KEY (utc_date, key_hash, model, provider)
        ) STRICT, WITHOUT ROWID;

        -- What the account and its keys had used when they were last asked on a day.
        CREATE TABLE provider_balances (
            utc_date TEXT NOT NULL,
            subject TEXT NOT NULL,
            label TEXT NOT NULL,
            used_pusd INTEGER NOT NULL,
            limit_pusd INTEGER,
            fetched_at_ms INTEGER NOT NULL,
            PRIMARY KEY (utc_date, subject)
        ) STRICT, WITHOUT ROWID;

        CREATE TABLE residuals (
            id INTEGER PRIMARY KEY,
            utc_date TEXT NOT NULL,
            client_org_id TEXT REFERENCES client_organizations (id),
            model TEXT NOT NULL,
            provider TEXT NOT NULL,
            class TEXT NOT NULL CHECK (class IN
                ('missing_generation', 'cost_drift', 'price_drift', 'late', 'unrouted', 'not_explained', 'recovered')),
            generation_id TEXT,
            billed_pusd INTEGER NOT NULL,
            recorded_pusd INTEGER NOT NULL,
            found_at_ms INTEGER NOT NULL,
            resolved_at_ms INTEGER
        ) STRICT;
        CREATE INDEX residuals_day ON residuals (utc_date);
        CREATE INDEX residuals_open ON residuals (resolved_at_ms);

        CREATE TABLE saved_queries (
            id INTEGER PRIMARY KEY,
            client_org_id TEXT NOT NULL REFERENCES client_organizations (id),
            name TEXT NOT NULL,
            sql TEXT NOT NULL,
            saved_by TEXT NOT NULL,
            updated_at_ms INTEGER NOT NULL,
            UNIQUE (client_org_id, name)
        ) STRICT;
        """
    )
