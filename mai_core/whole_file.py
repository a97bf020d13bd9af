"""Files that are there whole or not at all, and on the disk before anybody relies on them."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path


def digest_of(path: Path) -> str:
    """The SHA-256 of what the file holds."""
    with path.open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()


def flush(path: Path) -> None:
    """What was written of a file, or into a folder, survives a power cut from here on."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def settle(part: Path, path: Path) -> None:
    """A file that was written beside its place into it."""
    flush(part)
    path.parent.mkdir(parents=True, exist_ok=True)
    part.replace(path)
    flush(path.parent)
