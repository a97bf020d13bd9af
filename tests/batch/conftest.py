"""An installation at 13:30 in Warsaw on a Thursday, with yesterday's usage and its rate."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from pathlib import Path

import pytest

from mai_core.batch.context import Step
from mai_core.batch.steps import STEPS
from mai_core.installation import Installation, open_installation
from mai_core.intake.booking import book
from mai_core.model import Arrival
from mai_core.settings import load_settings
from mai_core.store import rating_books

YESTERDAY = date(2026, 10, 14)
NOBODY = "http://127.0.0.1:9"
"""A port that refuses: no test asks anybody else's service."""

LOCAL_STEPS: tuple[Step, ...] = tuple(step for step in STEPS if step.name not in ("rates", "prices"))


def opened_at(folder: Path, clock: str = "2026-10-15T11:30:00Z", **more: str) -> Installation:
    environment = {
        "MAI_DATA_DIR": str(folder / "data"),
        "MAI_SECRET_KEY": "a key for tests",
        "MAI_CLOCK": clock,
        "OPENROUTER_API_URL": NOBODY,
        "NBP_API_URL": NOBODY,
        **more,
    }
    return open_installation(load_settings(environment, folder / ".env"))


@pytest.fixture
def installation(tmp_path: Path) -> Iterator[Installation]:
    opened = opened_at(tmp_path)
    yield opened
    opened.close()


def deliver(installation: Installation, arrivals: Sequence[Arrival]) -> None:
    with installation.store.write() as db:
        book(db, rating_books.load(db, installation.settings), arrivals, installation.now_ms())


def fix_rate(installation: Installation, client_org_id: str, day: date = YESTERDAY, rate: str = "3.6543") -> None:
    with installation.store.write() as db:
        db.execute(
            "INSERT INTO day_rates VALUES (?, ?, ?, '199/A/NBP/2026', ?, 'daily', 0)",
            (client_org_id, day.isoformat(), rate, day.isoformat()),
        )
