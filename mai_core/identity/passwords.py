"""Passwords: the rules in plain words, argon2id, and one cost for a known and an unknown account."""

from __future__ import annotations

from functools import lru_cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from mai_core.errors import BadValue

SHORTEST = 10
LONGEST = 200
_COMMON = ("password", "qwerty", "haslo", "hasło", "1234567890", "letmein", "abcdef", "zaq12wsx", "admin", "maiusage")
_hasher = PasswordHasher()


def check_rules(password: str, email: str) -> None:
    """At least 10 characters, not the address, not a keyboard classic, not one thing repeated. Nothing else."""
    folded = password.casefold()
    if len(password) < SHORTEST:
        raise BadValue("password", f"must have at least {SHORTEST} characters; several words make a good one")
    if len(password) > LONGEST:
        raise BadValue("password", f"must have at most {LONGEST} characters")
    if email.partition("@")[0].casefold() in folded and len(email.partition("@")[0]) > 3:
        raise BadValue("password", "must not contain the name from the e-mail address")
    if len(set(folded)) < 5:
        raise BadValue("password", "repeats too few characters")
    if any(folded.strip("0123456789!@#$. ") == common or folded == common for common in _COMMON):
        raise BadValue("password", "is one of the passwords that are tried first")


def hash_password(password: str) -> str:
    return _hasher.hash(password)


def verify_password(password_hash: str | None, password: str) -> bool:
    """No account, or one without a password, costs as long as a wrong password does."""
    try:
        matches = _hasher.verify(password_hash or _dummy_hash(), password)
    except (VerificationError, InvalidHashError):
        return False
    return matches and password_hash is not None


@lru_cache(maxsize=1)
def _dummy_hash() -> str:
    return _hasher.hash("nobody has this password")
