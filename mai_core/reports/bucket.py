"""The lake's second home: an S3-compatible bucket (REPORTING_URL) with the same files, for many servers and tools.

Credentials come from the usual AWS variables; AWS_ENDPOINT_URL_S3 (or AWS_ENDPOINT_URL) names another server.
"""

from __future__ import annotations

import hashlib
import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from mai_core.errors import MaiError
from mai_core.reports.engine import Connection, literal, load_extension
from mai_core.settings import Settings


class BucketUnavailable(MaiError):
    """The bucket cannot be reached or refuses us; nothing was listed that is not there."""


@dataclass(frozen=True, slots=True)
class Bucket:
    url: str
    """s3://bucket/prefix"""
    endpoint: str
    key: str
    secret: str
    region: str

    @classmethod
    def of(cls, settings: Settings) -> Bucket | None:
        if not settings.reporting_url:
            return None
        if not settings.reporting_url.startswith("s3://"):
            raise MaiError(f"REPORTING_URL={settings.reporting_url!r} cannot be used: it must begin with s3://")
        return cls(
            settings.reporting_url.rstrip("/"),
            os.environ.get("AWS_ENDPOINT_URL_S3") or os.environ.get("AWS_ENDPOINT_URL", ""),
            os.environ.get("AWS_ACCESS_KEY_ID", ""),
            os.environ.get("AWS_SECRET_ACCESS_KEY", ""),
            os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION", "eu-central-1"),
        )

    def open_for(self, connection: Connection) -> None:
        """Let a DuckDB instance read it."""
        load_extension(connection, "httpfs")
        address = urlsplit(self.endpoint)
        words = {"KEY_ID": self.key, "SECRET": self.secret, "REGION": self.region}
        if self.endpoint:
            words |= {"ENDPOINT": address.netloc, "URL_STYLE": "path"}
        told = ", ".join(f"{name} {literal(value)}" for name, value in words.items())
        use_ssl = "true" if address.scheme in ("", "https") else "false"
        connection.execute(f"CREATE SECRET reporting (TYPE s3, {told}, USE_SSL {use_ssl})")

    def upload(self, file: Path, name: str) -> None:
        with (
            file.open("rb") as source,
            self._guarded("written") as files,
            files.open_output_stream(self._key(name)) as out,
        ):
            shutil.copyfileobj(source, out, 1 << 20)

    def delete(self, name: str) -> None:
        with self._guarded("deleted") as files:
            try:
                files.delete_file(self._key(name))
            except FileNotFoundError:
                return

    def digest(self, name: str) -> str | None:
        """The file's SHA-256; None when it is not there."""
        digest = hashlib.sha256()
        with self._guarded("read") as files:
            try:
                with files.open_input_stream(self._key(name)) as stream:
                    while block := stream.read(1 << 20):
                        digest.update(block)
            except FileNotFoundError:
                return None
        return digest.hexdigest()

    def _key(self, name: str) -> str:
        return f"{self.url.removeprefix('s3://')}/{name}"

    def _guarded(self, doing: str) -> _Guarded:
        return _Guarded(self, doing)

    def files(self) -> Any:
        from pyarrow import fs

        return fs.S3FileSystem(
            access_key=self.key or None,
            secret_key=self.secret or None,
            endpoint_override=self.endpoint or None,
            region=self.region,
        )


class _Guarded:
    """A file system whose failures are one sentence."""

    def __init__(self, bucket: Bucket, doing: str) -> None:
        self._bucket, self._doing = bucket, doing

    def __enter__(self) -> Any:
        return self._bucket.files()

    def __exit__(self, kind: Any, error: BaseException | None, _: Any) -> None:
        if isinstance(error, OSError):
            reason = str(error).splitlines()[0][:200]
            raise BucketUnavailable(f"{self._bucket.url} cannot be {self._doing}: {reason}") from error
