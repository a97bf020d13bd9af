from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from pytest_httpserver import HTTPServer

from mai_core.installation import Installation, open_installation
from mai_core.settings import load_settings
from tests.conftest import put_ledger
from tests.upstream.servers import FakeNbp, FakeOpenRouter

Opened = Callable[..., Installation]


@pytest.fixture
def openrouter(httpserver: HTTPServer) -> FakeOpenRouter:
    return FakeOpenRouter(httpserver)


@pytest.fixture
def nbp(httpserver: HTTPServer) -> FakeNbp:
    return FakeNbp(httpserver)


@pytest.fixture
def opened(tmp_path: Path, httpserver: HTTPServer, empty_ledger: Path) -> Iterator[Opened]:
    """Installations on one ledger at instants of the test's choice, with both servers as upstreams."""
    installations: list[Installation] = []

    def at(instant: str, **more: str) -> Installation:
        environment: dict[str, Any] = {
            "MAI_DATA_DIR": str(tmp_path / "data"),
            "MAI_SECRET_KEY": "a key for tests",
            "MAI_CLOCK": instant,
            "OPENROUTER_API_URL": httpserver.url_for("/api/v1"),
            "NBP_API_URL": httpserver.url_for("/api/exchangerates/rates/a/usd/"),
            **more,
        }
        settings = load_settings(environment, tmp_path / ".env")
        put_ledger(empty_ledger, settings.usage_summary_db)
        installations.append(open_installation(settings))
        return installations[-1]

    yield at
    for installation in installations:
        installation.close()
