"""Closing and verifying a big day reads its events in columns, in one sweep over all clients, instead of row by row;
small days are not worth it.

What was read counts for a client only while its day is unchanged since (see `archives.begin_closing`); otherwise the
ordinary way reads again.
"""

from __future__ import annotations

import json
import logging
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from mai_core.installation import Installation
from mai_core.reports.lake import Lake, client_folder
from mai_core.reports.writing import make_half
from mai_core.store import Db, archives

log = logging.getLogger(__name__)

BIG_DAY = 50_000
SCATTERED = 4
"""When the rows of a day lie this much further apart than they are many, reading them in one sweep does not pay."""

TIMEOUT_S = 600


@dataclass(frozen=True, slots=True)
class DayRead:
    """One client's day: what its events add up to, and its archive file, still to be put in place."""

    facts: list[tuple[Any, ...]]
    rows: int
    sum_raw: str
    sum_charged: str
    sha256: str
    file: Path


def read_ahead(installation: Installation, day: date, client_ids: Sequence[str]) -> dict[str, DayRead]:
    """Empty when the day is small, scattered, or could not be read this way."""
    text = day.isoformat()
    with installation.store.write() as db:
        wanted = [one for one in client_ids if not archives.is_archived(db, one, text)]
        if not _begin_sweep(db, text, wanted):
            return {}
        for client_org_id in wanted:
            archives.begin_closing(db, client_org_id, text)
    folder = _folder(installation, text)
    files = {client: folder / f"{client_folder(client)}.parquet" for client in wanted}
    return {
        client: DayRead(
            [tuple(row) for row in answer["facts"]],
            answer["rows"],
            answer["sum_raw"],
            answer["sum_charged"],
            answer["sha256"],
            files[client],
        )
        for client, answer in _ask_worker(installation, "write", text, folder, files).items()
    }


def compare_ahead(installation: Installation, day: date, archived: Mapping[str, Path]) -> dict[str, str]:
    """By client the SHA-256 of the archive file that holds exactly what the ledger has; the others are left out."""
    text = day.isoformat()
    with installation.store.write() as db:
        wanted = {client: file for client, file in archived.items() if archives.is_archived(db, client, text)}
        if not _begin_sweep(db, text, list(wanted)):
            return {}
    answers = _ask_worker(installation, "compare", text, _folder(installation, text), wanted)
    return {client: answer["sha256"] for client, answer in answers.items() if answer["equal"]}


def _begin_sweep(db: Db, day: str, client_ids: Sequence[str]) -> bool:
    extents = [archives.extent_of_day(db, client_org_id, day) for client_org_id in client_ids]
    many = sum(extent.many for extent in extents)
    if many < BIG_DAY:
        return False
    first, last = min(extent.first for extent in extents), max(extent.last for extent in extents)
    if not 0 <= last - first <= SCATTERED * many:
        return False
    archives.begin_sweep(db, day, first, last)
    return True


def scratch_folder(installation: Installation) -> Path:
    """On the archive's own file system, so that putting a file in place is a rename."""
    return make_half(Lake.of(installation.settings), "internal") / "events" / ".ahead"


def forget_ahead(installation: Installation) -> None:
    """What a run read and did not put in place, or a killed one left."""
    shutil.rmtree(scratch_folder(installation), ignore_errors=True)


def _folder(installation: Installation, day: str) -> Path:
    """With a name of its own: the worker of a batch that was killed may still be writing."""
    scratch = scratch_folder(installation)
    scratch.mkdir(parents=True, exist_ok=True)
    return Path(tempfile.mkdtemp(prefix=f"{day}.", dir=scratch))


def _ask_worker(
    installation: Installation, task: str, day: str, folder: Path, files: Mapping[str, Path]
) -> dict[str, Any]:
    """Answers by client; none when the worker failed."""
    job = {
        "task": task,
        "ledger": str(installation.settings.usage_summary_db.absolute()),
        "sweeps": archives.SWEEPS,
        "scratch": str(folder),
        "files": {client: str(file) for client, file in files.items()},
    }
    try:
        done = subprocess.run(
            [sys.executable, "-m", "mai_core.reports.day_worker"],
            input=json.dumps(job),
            capture_output=True,
            text=True,
            timeout=TIMEOUT_S,
            check=False,
        )
        if done.returncode != 0:
            raise ValueError(done.stderr.strip().splitlines()[-1] if done.stderr.strip() else f"exit {done.returncode}")
        answers: dict[str, Any] = json.loads(done.stdout)
    except (subprocess.SubprocessError, OSError, ValueError) as error:
        log.warning("%s is read row by row, because its worker failed: %s", day, error)
        return {}
    return answers
