"""One thing that is not as it should be, as data: its words come from the catalogue, in the reader's language."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

Level = Literal["info", "warning", "error"]

NEVER = "?"
"""`hours` of what has not happened yet; such a finding has a text of its own, `alert.<rule>.never`."""


@dataclass(frozen=True, slots=True)
class Finding:
    rule: str
    subject: str
    """What it is about; one alert is open per rule and subject."""
    level: Level
    values: dict[str, Any] = field(default_factory=dict)
    """Filled into the text `alert.<rule>`; `*_pusd` is shown as dollars, `month` and `day` as people write them."""
    client_org_id: str | None = None

    @property
    def message_key(self) -> str:
        return f"alert.{self.rule}"
