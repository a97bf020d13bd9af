"""The one place that asks what time it is. `MAI_CLOCK` starts it at an instant, running on from there."""

from __future__ import annotations

import time
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Clock:
    offset_ms: int = 0

    @classmethod
    def starting_at(cls, instant_ms: int | None) -> Clock:
        return cls(0 if instant_ms is None else instant_ms - time.time_ns() // 1_000_000)

    def now_ms(self) -> int:
        return time.time_ns() // 1_000_000 + self.offset_ms

    @property
    def is_real(self) -> bool:
        return self.offset_ms == 0
