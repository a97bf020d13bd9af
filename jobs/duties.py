"""What the clock does and how often it looks; whether something is due is decided from the ledger, not from memory,
so a restart neither forgets nor repeats anything."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from mai_core import directory
from mai_core.alerts.digests import send_due_digests
from mai_core.alerts.watching import watch
from mai_core.batch.refreshing import refresh_prices_when_due, refresh_rates_when_due
from mai_core.batch.scheduled import run_if_due
from mai_core.installation import Installation


class Duty(NamedTuple):
    name: str
    every_s: int
    work: Callable[[Installation], object]


DUTIES: tuple[Duty, ...] = (
    Duty("rates", 60, refresh_rates_when_due),
    Duty("prices", 60, refresh_prices_when_due),
    Duty("batch", 20, run_if_due),
    Duty("directory", 300, directory.refresh),
    Duty("alerts", 60, watch),
    Duty("digests", 60, send_due_digests),
)
