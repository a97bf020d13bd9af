from __future__ import annotations

from pathlib import Path
from typing import Any

import apsw
import pytest

OLD_SCHEMA = """
CREATE TABLE global_settings (id TEXT PRIMARY KEY, openrouter_provisioning_key TEXT,
    default_markup_rate REAL DEFAULT 1.3, billing_currency TEXT DEFAULT 'USD', created_at BIGINT, updated_at BIGINT);
CREATE TABLE client_organizations (id TEXT PRIMARY KEY, name TEXT, openrouter_api_key TEXT UNIQUE,
    openrouter_key_hash TEXT, markup_rate REAL DEFAULT 1.3, monthly_limit REAL, billing_email TEXT,
    timezone TEXT DEFAULT 'Europe/Warsaw', is_active INTEGER DEFAULT 1, created_at BIGINT, updated_at BIGINT);
CREATE TABLE user_client_mapping (id TEXT PRIMARY KEY, user_id TEXT, client_org_id TEXT, openrouter_user_id TEXT,
    is_active INTEGER DEFAULT 1, created_at BIGINT, updated_at BIGINT);
CREATE TABLE client_daily_usage (id TEXT PRIMARY KEY, client_org_id TEXT, usage_date DATE, total_tokens BIGINT,
    total_requests INTEGER, raw_cost REAL, markup_cost REAL, primary_model TEXT, unique_users INTEGER,
    created_at BIGINT, updated_at BIGINT);
CREATE TABLE client_user_daily_usage (id TEXT PRIMARY KEY, client_org_id TEXT, user_id TEXT, openrouter_user_id TEXT,
    usage_date DATE, total_tokens BIGINT, total_requests INTEGER, raw_cost REAL, markup_cost REAL, created_at BIGINT,
    updated_at BIGINT);
CREATE TABLE client_model_daily_usage (id TEXT PRIMARY KEY, client_org_id TEXT, model_name TEXT, usage_date DATE,
    total_tokens BIGINT, total_requests INTEGER, raw_cost REAL, markup_cost REAL, provider TEXT, created_at BIGINT,
    updated_at BIGINT);
CREATE TABLE client_live_counters (client_org_id TEXT PRIMARY KEY, "current_date" DATE, today_tokens BIGINT,
    today_requests INTEGER, today_raw_cost REAL, today_markup_cost REAL, last_updated BIGINT);
CREATE TABLE processed_generations (id TEXT PRIMARY KEY, client_org_id TEXT, generation_date DATE, processed_at BIGINT,
    total_cost REAL, total_tokens INTEGER);
"""

ACME = "mai_client_63a4eb6d"
EWA = "0b6f6a1e-36c5-4b4e-9a0e-2f6b6a8c1d55"


class OldDatabase:
    """A `webui.db` of the existing mAI system, filled row by row."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.run(OLD_SCHEMA)

    def run(self, sql: str, bindings: tuple[Any, ...] = ()) -> None:
        db = apsw.Connection(str(self.path))
        db.execute(sql, bindings)
        db.close()

    def add(self, table: str, **row: Any) -> None:
        names = ", ".join(f'"{name}"' for name in row)
        self.run(f"INSERT INTO {table} ({names}) VALUES ({', '.join('?' * len(row))})", tuple(row.values()))

    def add_client(self, client: str = ACME, **row: Any) -> None:
        values = {
            "name": f"Organisation {client}",
            "openrouter_api_key": f"sk-or-{client}",
            "openrouter_key_hash": f"hash-{client}",
            "markup_rate": 1.5,
            "monthly_limit": 250.0,
            "created_at": 1_700_000_000,
            "updated_at": 1_700_000_500,
        }
        self.add("client_organizations", id=client, **{**values, **row})

    def add_day(self, day: str, raw: float, charged: float, *, separator: str = ":", **row: Any) -> None:
        values = {
            "id": f"{ACME}{separator}{day}",
            "client_org_id": ACME,
            "usage_date": day,
            "total_tokens": 1000,
            "total_requests": 10,
            "raw_cost": raw,
            "markup_cost": charged,
            "primary_model": "openai/gpt-4o",
            "unique_users": 1,
            "created_at": 1_700_000_000,
            "updated_at": 1_700_000_900,
        }
        self.add("client_daily_usage", **{**values, **row})

    def add_user_day(self, day: str, raw: float, charged: float, user: str = EWA, **row: Any) -> None:
        values = {
            "id": f"{ACME}:{user}:{day}",
            "client_org_id": ACME,
            "user_id": user,
            "openrouter_user_id": f"{ACME}_user_{user[:8]}",
            "usage_date": day,
            "total_tokens": 1000,
            "total_requests": 10,
            "raw_cost": raw,
            "markup_cost": charged,
            "created_at": 1_700_000_000,
            "updated_at": 1_700_000_900,
        }
        self.add("client_user_daily_usage", **{**values, **row})

    def add_model_day(self, day: str, raw: float, charged: float, model: str = "openai/gpt-4o", **row: Any) -> None:
        values = {
            "id": f"{ACME}:{model}:{day}",
            "client_org_id": ACME,
            "model_name": model,
            "provider": "OpenAI",
            "usage_date": day,
            "total_tokens": 1000,
            "total_requests": 10,
            "raw_cost": raw,
            "markup_cost": charged,
            "created_at": 1_700_000_000,
            "updated_at": 1_700_000_900,
        }
        self.add("client_model_daily_usage", **{**values, **row})

    def add_generation(self, generation: str, day: str = "2026-10-14", client: str = ACME, **row: Any) -> None:
        values = {"generation_date": day, "processed_at": 1_700_000_000, "total_cost": 0.1, "total_tokens": 150}
        self.add("processed_generations", id=generation, client_org_id=client, **{**values, **row})


@pytest.fixture
def old(tmp_path: Path) -> OldDatabase:
    """One client with two days that are hard to add up in floats."""
    database = OldDatabase(tmp_path / "webui.db")
    database.add_client()
    for day, raw, charged in (("2026-09-01", 0.1, 0.15), ("2026-09-02", 0.2, 0.30000000000000004)):
        database.add_day(day, raw, charged)
        database.add_user_day(day, raw, charged)
        database.add_model_day(day, raw, charged)
    return database
