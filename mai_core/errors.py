"""Errors that a person reads: every one says what is wrong and, where there is one, the remedy."""

from __future__ import annotations


class MaiError(Exception):
    """A refusal in words. Doors show `str(error)` as it is and never a traceback."""


class BadValue(MaiError):
    """A value that cannot be taken; names the field, so that a form or an API can point at it."""

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(f"{field}: {reason}")
        self.field = field
        self.reason = reason


class NotFound(MaiError):
    """Nothing is stored under that name."""


class Conflict(MaiError):
    """What is asked for contradicts what is stored."""


class StoreUnavailable(MaiError):
    """The ledger cannot be written now (busy, disk full, read-only): try again later."""
