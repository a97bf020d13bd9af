"""Is a generation counted already, in the archive or in an older system's history? Asked only for imports and replays:
what live ways in bring is younger."""

from __future__ import annotations

from datetime import timedelta
from functools import lru_cache
from pathlib import Path

from mai_core.days import usage_day, utc_day
from mai_core.ids import generation_time_ms
from mai_core.installation import Installation
from mai_core.model import Observation
from mai_core.store import Db, archives, clients, imported, ledger

_A_DAY_EITHER_WAY = timedelta(days=1)
"""The client's local day is not the UTC day, and sources differ by seconds."""


def is_in_archive(installation: Installation, db: Db, client_org_id: str, observation: Observation) -> bool:
    at_ms = generation_time_ms(observation.generation_id) or observation.started_at_ms
    if at_ms is None:
        return False
    day = utc_day(at_ms)
    first, last = (day - _A_DAY_EITHER_WAY).isoformat(), (day + _A_DAY_EITHER_WAY).isoformat()
    return any(
        observation.generation_id in _generations(_path(installation, str(row["file"])))
        for row in archives.event_files(db, client_org_id, first, last)
    )


def is_of_imported_day(db: Db, client_org_id: str, observation: Observation) -> bool:
    """A generation that is not known here, on a day whose totals came from the older system: it may be in them."""
    at_ms = generation_time_ms(observation.generation_id) or observation.started_at_ms
    zones = clients.zones(db, client_org_id)
    if at_ms is None or not zones:
        return False
    day = usage_day(at_ms, zones).isoformat()
    return imported.has_day(db, client_org_id, day) and not ledger.is_known(
        db, client_org_id, observation.generation_id
    )


def _path(installation: Installation, file: str) -> Path:
    from mai_core.archive import events_path

    return events_path(installation, file)


@lru_cache(maxsize=64)
def _generations(path: Path) -> frozenset[str]:
    """Archive files never change, so a long import reads each of them once."""
    import pyarrow.parquet as pq

    return frozenset(pq.read_table(path, columns=["generation_id"]).column("generation_id").to_pylist())
