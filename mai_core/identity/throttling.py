"""How often is too often: API tokens (a bucket in memory), failed logins and invitations (rows in the ledger)."""

from __future__ import annotations

import math
from collections.abc import Sequence

WINDOW_MS = 15 * 60 * 1000
FAILURES_PER_ACCOUNT = 8
FAILURES_PER_ADDRESS = 60
INVITATIONS_TO_ADDRESS = 3
INVITATIONS_OF_ACCOUNT = 20


class Buckets:
    """A token bucket per caller: `per_minute` requests, all of them at once if need be, refilled evenly."""

    def __init__(self, per_minute: int) -> None:
        self._capacity = float(per_minute)
        self._per_ms = per_minute / 60_000
        self._levels: dict[str, tuple[float, int]] = {}

    def take(self, key: str, now_ms: int) -> int:
        """0 when the request may pass, else the seconds after which the next one may."""
        level, since_ms = self._levels.get(key, (self._capacity, now_ms))
        level = min(self._capacity, level + max(0, now_ms - since_ms) * self._per_ms)
        if level < 1:
            self._levels[key] = (level, now_ms)
            return math.ceil((1 - level) / self._per_ms / 1000)
        self._levels[key] = (level - 1, now_ms)
        return 0


def attempt_wait_ms(attempts_ms: Sequence[int], allowed: int, now_ms: int) -> int:
    """How long until the next attempt: `allowed` of them within the window, then the oldest has to age."""
    recent = sorted(at for at in attempts_ms if at > now_ms - WINDOW_MS)
    if len(recent) < allowed:
        return 0
    return recent[-allowed] + WINDOW_MS - now_ms
