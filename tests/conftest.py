"""Throwaway installations: every test has its own ledger in its own folder."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from mai_core.clock import Clock
from mai_core.installation import Installation, open_installation
from mai_core.settings import Settings, load_settings
from mai_core.store import Store


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Nothing of the machine's environment reaches a test."""
    return load_settings(
        {"MAI_DATA_DIR": str(tmp_path / "data"), "MAI_SECRET_KEY": "a key for tests"}, tmp_path / ".env"
    )


@pytest.fixture
def installation(settings: Settings) -> Iterator[Installation]:
    opened = open_installation(settings)
    yield opened
    opened.close()


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store(tmp_path / "ledger.db", Clock()) as opened:
        yield opened
