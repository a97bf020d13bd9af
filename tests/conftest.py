"""Throwaway installations: every test has its own ledger in its own folder."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from mai_core.clock import Clock
from mai_core.installation import Installation, open_installation
from mai_core.settings import Settings, load_settings
from mai_core.store import Store

IN_MEMORY = Path("/dev/shm")
ROOM = 4 * 1024**3


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Ledgers are written with a real fsync each; in memory, where there is room, nobody waits for the disk."""
    has_room = os.access(IN_MEMORY, os.W_OK) and shutil.disk_usage(IN_MEMORY).free > ROOM
    if has_room and config.option.basetemp is None:
        folder = tempfile.mkdtemp(prefix="mai-tests-", dir=IN_MEMORY)
        config.option.basetemp = folder
        config.add_cleanup(lambda: shutil.rmtree(folder, ignore_errors=True))


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Nothing of the machine's environment reaches a test."""
    return load_settings(
        {"MAI_DATA_DIR": str(tmp_path / "data"), "MAI_SECRET_KEY": "a key for tests"}, tmp_path / ".env"
    )


@pytest.fixture(scope="session")
def empty_ledger(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Made once: a copy is there ten times sooner than all migrations, which have tests of their own."""
    path = tmp_path_factory.mktemp("empty") / "ledger.db"
    Store(path, Clock()).close()
    return path


def put_ledger(empty: Path, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists():
        shutil.copyfile(empty, path)


@pytest.fixture
def installation(settings: Settings, empty_ledger: Path) -> Iterator[Installation]:
    put_ledger(empty_ledger, settings.usage_summary_db)
    opened = open_installation(settings)
    yield opened
    opened.close()


@pytest.fixture
def store(tmp_path: Path, empty_ledger: Path) -> Iterator[Store]:
    put_ledger(empty_ledger, tmp_path / "ledger.db")
    with Store(tmp_path / "ledger.db", Clock()) as opened:
        yield opened
