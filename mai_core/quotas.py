"""May this person go on? Limits of a client and of a person within a month of the client, in USD or PLN. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from mai_core.money import Currency

Holder = Literal["person", "client"]
ReasonKey = Literal[
    "quota.none",
    "quota.within",
    "quota.soft",
    "quota.hard.person",
    "quota.hard.client",
    "quota.no_rate",
    "quota.closed",
]


@dataclass(frozen=True, slots=True)
class Quota:
    holder: Holder
    currency: Currency
    soft_units: int | None
    """Warns; 10^-12 of the currency, charged amounts."""
    hard_units: int | None
    """Stops."""


@dataclass(frozen=True, slots=True)
class Standing:
    """A quota and what counts against it this month; None: in PLN, and no rate is known."""

    quota: Quota
    used_units: int | None

    @property
    def is_over_hard(self) -> bool:
        return self._reached(self.quota.hard_units)

    @property
    def is_over_soft(self) -> bool:
        return self._reached(self.quota.soft_units)

    @property
    def remaining_units(self) -> int | None:
        if self.quota.hard_units is None or self.used_units is None:
            return None
        return max(0, self.quota.hard_units - self.used_units)

    @property
    def share_left(self) -> float:
        """What is compared between quotas of different currencies; never shown."""
        if self.remaining_units is None or not self.quota.hard_units:
            return 1.0
        return self.remaining_units / self.quota.hard_units

    def _reached(self, limit: int | None) -> bool:
        return limit is not None and self.used_units is not None and self.used_units >= limit


@dataclass(frozen=True, slots=True)
class Decision:
    allow: bool
    warning: bool
    reason: ReasonKey
    standing: Standing | None
    """The quota that decided, or the tightest one."""

    @property
    def limit_units(self) -> int | None:
        if self.standing is None:
            return None
        return self.standing.quota.soft_units if self.reason == "quota.soft" else self.standing.quota.hard_units


def decide(standings: Sequence[Standing], *, is_active: bool = True) -> Decision:
    """A reached hard limit stops (the person's own is told first), a reached soft one warns."""
    if not is_active:
        return Decision(False, False, "quota.closed", None)
    ordered = sorted(standings, key=lambda standing: standing.quota.holder != "person")
    for standing in ordered:
        if standing.is_over_hard:
            reason: ReasonKey = "quota.hard.person" if standing.quota.holder == "person" else "quota.hard.client"
            return Decision(False, False, reason, standing)
    for standing in ordered:
        if standing.is_over_soft:
            return Decision(True, True, "quota.soft", standing)
    limited = [standing for standing in ordered if standing.remaining_units is not None]
    if limited:
        return Decision(True, False, "quota.within", min(limited, key=lambda standing: standing.share_left))
    unknown = [standing for standing in ordered if standing.used_units is None]
    if unknown:
        return Decision(True, True, "quota.no_rate", unknown[0])
    return Decision(True, False, "quota.none", None)
