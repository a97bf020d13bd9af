"""Where sealed Parquet lies: two lakes of the same files, `internal` with raw cost and `shared` without."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass
from pathlib import Path

from mai_core.settings import Settings


@dataclass(frozen=True, slots=True)
class Half:
    """One of the two lakes: <root>/<kind>/<client>/<period>.v<version>.parquet."""

    root: str

    def locate(self, kind: str, file: str) -> str:
        return f"{self.root}/{kind}/{file}"

    def is_intact(self, file: str, digests: str) -> bool:
        """Whether the files of a period are what was written (digests: JSON by half/kind)."""
        half = Path(self.root).name
        for name, digest in json.loads(digests).items():
            path = Path(self.root).parent / name / file
            if name.startswith(f"{half}/") and not (path.is_file() and digest_of(path) == digest):
                return False
        return True


@dataclass(frozen=True, slots=True)
class Lake:
    root: str

    @classmethod
    def of(cls, settings: Settings) -> Lake:
        return cls(str(settings.lake_dir.absolute()))

    @property
    def internal(self) -> Half:
        return Half(f"{self.root}/internal")

    @property
    def shared(self) -> Half:
        return Half(f"{self.root}/shared")

    def half(self, with_cost: bool) -> Half:
        return self.internal if with_cost else self.shared

    @property
    def folder(self) -> Path:
        return Path(self.root)


def client_folder(client_org_id: str) -> str:
    """A client's id as a folder name; ids that are no safe file names get a stable hash instead."""
    if re.fullmatch(r"[A-Za-z0-9_-]{1,100}", client_org_id):
        return client_org_id
    return "client-" + hashlib.sha256(client_org_id.encode()).hexdigest()[:16]


def digest_of(path: Path) -> str:
    with path.open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()
