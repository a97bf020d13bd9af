"""A client's container as the environment sets it up, spoken to over HTTP in this process."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from api import create_app
from mai_core.installation import Installation
from mai_core.settings import Settings, load_settings
from mai_core.store import Store
from tests.builders import CLIENT
from tests.conftest import put_ledger

SECRET = "webhook-secret-0123456789"
PREVIOUS_SECRET = "webhook-secret-previous-01"
BEARER = {"Authorization": f"Bearer {SECRET}"}
OPERATOR = {"Authorization": "Bearer operator-token-0123456789"}

WAYS_IN = (
    "/webhooks/openrouter",
    "/api/v1/usage-tracking/webhook/openrouter-usage",
    "/api/v1/events",
    "/api/v1/completions",
    "/api/v1/litellm",
)


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    return {
        "MAI_DATA_DIR": str(tmp_path / "data"),
        "MAI_SECRET_KEY": "a key for tests",
        "MAI_CLOCK": "2026-10-14T10:00:00Z",
        "CLIENT_ORG_ID": CLIENT,
        "ORGANIZATION_NAME": "Acme sp. z o.o.",
        "OPENROUTER_WEBHOOK_SECRET": SECRET,
        "OPENROUTER_WEBHOOK_SECRET_PREVIOUS": PREVIOUS_SECRET,
        "MAI_OPERATOR_TOKEN": "operator-token-0123456789",
        "MAI_CLIENT_TOKEN": "client-token-0123456789",
    }


@pytest.fixture
def settings(environment: dict[str, str], tmp_path: Path) -> Settings:
    return load_settings(environment, tmp_path / ".env")


@pytest.fixture
def api(settings: Settings, empty_ledger: Path) -> Iterator[TestClient]:
    put_ledger(empty_ledger, settings.usage_summary_db)
    with TestClient(create_app(settings)) as client:
        yield client


@pytest.fixture
def hub(environment: dict[str, str], tmp_path: Path, empty_ledger: Path) -> Iterator[TestClient]:
    """One credential, many clients: no client is named."""
    environment = {
        name: value for name, value in environment.items() if name not in ("CLIENT_ORG_ID", "ORGANIZATION_NAME")
    }
    settings = load_settings(environment, tmp_path / ".env")
    put_ledger(empty_ledger, settings.usage_summary_db)
    with TestClient(create_app(settings)) as client:
        yield client


def installation_of(api: TestClient) -> Installation:
    opened: Installation = api.app.state.installation  # type: ignore[attr-defined]
    return opened


def rows_of(api: TestClient, sql: str) -> list[tuple[Any, ...]]:
    store: Store = installation_of(api).store
    with store.read() as db:
        return db.execute(sql).fetchall()


def events_of(api: TestClient) -> list[str]:
    return [str(row[0]) for row in rows_of(api, "SELECT generation_id FROM usage_events ORDER BY seq")]


def quarantine_of(api: TestClient) -> list[tuple[Any, ...]]:
    return rows_of(api, "SELECT source, client_org_id, reason_code, reason FROM quarantine ORDER BY id")
