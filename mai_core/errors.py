"""Errors that a person reads: every one says what is wrong and, where there is one, the remedy."""

from __future__ import annotations

import re


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


class TooOften(MaiError):
    """Asked for more often than is good; `wait_s` seconds from now it is allowed again."""

    def __init__(self, reason: str, wait_s: int) -> None:
        super().__init__(reason)
        self.wait_s = wait_s


class StoreUnavailable(MaiError):
    """The ledger cannot be written or read now (busy, disk full, read-only): try again later."""


_REMEDIES = {
    "lock": "another program holds it. End that one (a database browser, a copy tool, a second server), or try again",
    "busy": "another program holds it. End that one (a database browser, a copy tool, a second server), or try again",
    "full": "free some space on its disk",
    "malformed": "it is damaged. Stop api and jobs, then `python -m mai_core backup restore`",
    "readonly": "give this user the right to write the file and its folder",
    "read-only": "give this user the right to write the file and its folder",
}


def with_remedy(trouble: str) -> str:
    """What SQLite says of a file, in whichever library, and what to do about it."""
    remedy = next((remedy for word, remedy in _REMEDIES.items() if word in trouble), None)
    return trouble if remedy is None else f"{trouble}: {remedy}"


_LOGIN = re.compile(r"(?<=//)[^/?#\s]*@")


def without_login(address: str) -> str:
    """An address as it may be shown: whoever sees what stands before its `@` has what opens it."""
    return _LOGIN.sub("", address)
