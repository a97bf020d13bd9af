"""The API in this process: requests without a socket, callers by name."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from argon2 import PasswordHasher
from fastapi.testclient import TestClient

from api import create_app
from mai_core.identity import passwords
from mai_core.installation import Installation
from mai_core.settings import Settings
from tests.conftest import put_ledger


@pytest.fixture(autouse=True)
def quick_hashes(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same argon2id at its cheapest: what it costs is not what these tests are about."""
    monkeypatch.setattr(passwords, "_hasher", PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
    passwords._dummy_hash.cache_clear()


@pytest.fixture
def api(settings: Settings, empty_ledger: Path) -> Iterator[TestClient]:
    put_ledger(empty_ledger, settings.usage_summary_db)
    with TestClient(create_app(settings), client=("127.0.0.1", 1234)) as client:
        yield client


@pytest.fixture
def installation(api: TestClient) -> Installation:
    """The one that the API has open."""
    return opened_by(api)


def opened_by(api: TestClient) -> Installation:
    installation: Installation = api.app.state.installation  # type: ignore[attr-defined]
    return installation
