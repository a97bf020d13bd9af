"""Where the ledger lies, and whether it would survive there."""

from __future__ import annotations

import os
import re
import shutil
from dataclasses import dataclass
from pathlib import Path

from mai_core.doctor.lines import Line, error, ok, warning
from mai_core.settings import Settings

NETWORK_FILE_SYSTEMS = ("nfs", "cifs", "smb", "9p", "fuse.sshfs", "afs", "ceph", "glusterfs")
LITTLE_SPACE = 1024**3
_CONTAINER_MARKS = (Path("/.dockerenv"), Path("/run/.containerenv"))


@dataclass(frozen=True, slots=True)
class Mount:
    point: str
    kind: str


def ledger_lines(settings: Settings) -> list[Line]:
    path = settings.usage_summary_db.absolute()
    return [_file_line(path), *_place_lines(path, in_container(), mounts())]


def _file_line(path: Path) -> Line:
    if not path.exists():
        return warning("database", f"{path} does not exist yet", "the first start of the API makes it")
    if not os.access(path, os.W_OK) or not os.access(path.parent, os.W_OK):
        return error(
            "database", f"{path} cannot be written by this user", "give the user write access to file and folder"
        )
    return ok("database", f"{path} ({_size(path.stat().st_size)})")


def _place_lines(path: Path, container: bool, mounted: list[Mount]) -> list[Line]:
    place = mount_of(path, mounted)
    lines = []
    if place is not None and place.kind.startswith(NETWORK_FILE_SYSTEMS):
        lines.append(
            error(
                "file system",
                f"the database lies on a network file system ({place.kind} at {place.point})",
                "put it on a local disk: SQLite's write-ahead log needs one",
            )
        )
    if not container:
        return lines
    if place is None or place.point == "/":
        return [
            *lines,
            error(
                "volume",
                f"{path} lies inside the container and is lost with it",
                f"mount a volume at {path.parent}, or name one with USAGE_SUMMARY_DB",
            ),
        ]
    return [*lines, ok("volume", f"the database is on the volume mounted at {place.point}")]


def disk_lines(settings: Settings) -> list[Line]:
    folder = settings.mai_data_dir.absolute()
    while not folder.exists():
        folder = folder.parent
    free = shutil.disk_usage(folder).free
    if free < LITTLE_SPACE:
        return [warning("disk", f"{_size(free)} free at {folder}", "make room: a full disk answers webhooks with 503")]
    return [ok("disk", f"{_size(free)} free at {folder}")]


def in_container() -> bool:
    return any(mark.exists() for mark in _CONTAINER_MARKS)


def mounts(table: str | None = None) -> list[Mount]:
    """Mount points with their kind, from /proc/self/mountinfo where there is one."""
    if table is None:
        file = Path("/proc/self/mountinfo")
        table = file.read_text(errors="replace") if file.is_file() else ""
    found = []
    for line in table.splitlines():
        before, _, after = line.partition(" - ")
        fields, kinds = before.split(" "), after.split(" ")
        if len(fields) > 4 and kinds:
            found.append(Mount(re.sub(r"\\(\d{3})", lambda octal: chr(int(octal[1], 8)), fields[4]), kinds[0]))
    return found


def mount_of(path: Path, mounted: list[Mount]) -> Mount | None:
    """The mount that a path lies on: the one with the longest point above it."""
    real = path.resolve()
    above = [mount for mount in mounted if real.is_relative_to(mount.point)]
    return max(above, key=lambda mount: len(mount.point), default=None)


def _size(count: int) -> str:
    for unit in ("bytes", "kB", "MB"):
        if count < 1024:
            return f"{count} {unit}"
        count //= 1024
    return f"{count} GB"
