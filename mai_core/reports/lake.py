"""Where sealed Parquet lies: two lakes of the same files, `internal` with raw cost and `shared` without."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass
from pathlib import Path

from mai_core.reports.bucket import Bucket
from mai_core.settings import Settings
from mai_core.whole_file import digest_of


@dataclass(frozen=True, slots=True)
class Half:
    """One of the two lakes: <root>/<kind>/<client>/<period>.v<version>.parquet."""

    root: str
    bucket: Bucket | None = None

    def locate(self, kind: str, file: str) -> str:
        return f"{self.root}/{kind}/{file}"

    @property
    def name(self) -> str:
        """`internal` or `shared`."""
        return Path(self.root).name

    def is_intact(self, file: str, digests: str) -> bool:
        """Whether the files of a period are what was written (digests: JSON by half/kind)."""
        told = {name: digest for name, digest in json.loads(digests).items() if name.startswith(f"{self.name}/")}
        return all(self._digest(f"{name}/{file}") == digest for name, digest in told.items())

    def _digest(self, name: str) -> str | None:
        if self.bucket is not None:
            return self.bucket.digest(name)
        path = Path(self.root).parent / name
        return digest_of(path) if path.is_file() else None


@dataclass(frozen=True, slots=True)
class Lake:
    root: str
    """A folder; of a lake that is read from a bucket, its URL."""
    bucket: Bucket | None = None

    @classmethod
    def of(cls, settings: Settings) -> Lake:
        """The folder in which files are written."""
        return cls(str(settings.lake_dir.absolute()))

    @classmethod
    def to_read(cls, settings: Settings) -> Lake:
        """Where this installation reads: the bucket when there is one."""
        bucket = Bucket.of(settings)
        return cls.of(settings) if bucket is None else cls(bucket.url, bucket)

    @property
    def internal(self) -> Half:
        return Half(f"{self.root}/internal", self.bucket)

    @property
    def shared(self) -> Half:
        return Half(f"{self.root}/shared", self.bucket)

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
