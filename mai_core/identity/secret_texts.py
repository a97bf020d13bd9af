"""Secrets that we hand out: long random texts of which only a hash is kept."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from typing import Literal

Prefix = Literal["mais", "mait", "mail", "maiw"]
"""Session, API token, one-time link, webhook secret: so that a leaked one can be told apart in a log or a scanner."""


def new_secret(prefix: Prefix) -> str:
    return f"{prefix}_{secrets.token_urlsafe(32)}"


def secret_hash(secret: str) -> str:
    """Plain SHA-256: 256 random bits need no slow hash, and a changed MAI_SECRET_KEY locks nobody out."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


def same_secret(presented: str, expected: str) -> bool:
    """In constant time; an empty expected secret opens nothing."""
    equal = hmac.compare_digest(secret_hash(presented), secret_hash(expected))
    return equal and bool(expected)
