"""The settings of this process, read once. The pages never open the ledger for writing."""

from __future__ import annotations

from functools import lru_cache

from mai_core.clock import Clock
from mai_core.settings import Settings, load_settings


@lru_cache(maxsize=1)
def settings() -> Settings:
    return load_settings()


@lru_cache(maxsize=1)
def clock() -> Clock:
    return Clock.starting_at(settings().mai_clock)
