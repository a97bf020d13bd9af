"""What two ledgers must have in common when they were told the same, in whatever order."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import msgspec

from mai_core.installation import Installation, open_installation
from mai_core.intake.delivery import Delivery
from mai_core.intake.drafts import Drafts, drafts_of
from mai_core.intake.parsed import Parsed
from mai_core.intake.sources import SOURCES
from mai_core.model import Observation
from mai_core.rating_book import RatingBook
from mai_core.settings import load_settings
from mai_core.store import Store, dicts
from tests.builders import CLIENT, NOON

_ORDER_DEPENDENT = ("seq", "received_at_ms", "updated_at_ms")


@contextmanager
def fresh_installation(template: Path) -> Iterator[Installation]:
    """A copy of a ledger that was made once: migrations are not what is tried here."""
    with TemporaryDirectory() as folder:
        shutil.copytree(template, folder, dirs_exist_ok=True)
        opened = open_installation(load_settings(environment(Path(folder)), Path(folder) / ".env"))
        yield opened
        opened.close()


def environment(folder: Path) -> dict[str, str]:
    return {"MAI_DATA_DIR": str(folder), "MAI_SECRET_KEY": "a key for tests", "MAI_CLOCK": "2026-10-14T10:00:00Z"}


def delivery(*observations: Observation, client: str | None = CLIENT, **more: Any) -> Delivery:
    parsed = Parsed(list(observations), list(range(len(observations))))
    source = SOURCES[observations[0].source if observations else "openrouter"]
    return Delivery(source, client, parsed, **{"received_at_ms": NOON, **more})


def drafted(book: RatingBook, *observations: Observation, client: str | None = CLIENT, at_ms: int = NOON) -> Delivery:
    """The same with the rows that a process beside has made of it, as they come over from there."""
    told = delivery(*observations, client=client, received_at_ms=at_ms)
    made = msgspec.msgpack.encode(drafts_of(book, client, at_ms, observations))
    told.parsed.drafts = msgspec.msgpack.decode(made, type=Drafts)
    return told


def ledger_of(store: Store) -> dict[str, list[dict[str, Any]]]:
    with store.read() as db:
        events = dicts(db, "SELECT * FROM usage_events ORDER BY client_org_id, generation_id")
        daily = dicts(
            db, "SELECT * FROM usage_daily ORDER BY client_org_id, usage_date, external_user, model, provider"
        )
        open_conflicts = dicts(
            db,
            "SELECT client_org_id, generation_id, field, rank, seen_values FROM conflicts WHERE state = 'open'"
            " ORDER BY client_org_id, generation_id, field, rank",
        )
    for event in events:
        for name in _ORDER_DEPENDENT:
            del event[name]
    return {"events": events, "daily": daily, "conflicts": open_conflicts}
