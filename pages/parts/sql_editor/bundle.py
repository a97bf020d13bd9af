"""The built editor as a file that a browser keeps for ever: its address changes with its content."""

from __future__ import annotations

import gzip
import hashlib
from functools import lru_cache
from pathlib import Path

FILE = Path(__file__).with_name("bundle.js")
PREFIX = "/sql-editor/"


@lru_cache(maxsize=1)
def address() -> str:
    return f"{PREFIX}{hashlib.sha256(FILE.read_bytes()).hexdigest()[:16]}.js"


@lru_cache(maxsize=1)
def compressed() -> bytes:
    return gzip.compress(FILE.read_bytes(), 9, mtime=0)
