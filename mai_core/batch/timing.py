"""When this installation's batch runs, from its settings."""

from __future__ import annotations

from datetime import time

from mai_core.batch.due import spread_ms
from mai_core.settings import Settings


def batch_time(settings: Settings) -> time:
    return time.fromisoformat(settings.daily_batch_time)


def batch_delay_ms(settings: Settings) -> int:
    """This container's place in MAI_BATCH_SPREAD: the same every day, another one for another client."""
    return spread_ms(settings.client_org_id or str(settings.usage_summary_db.absolute()), settings.mai_batch_spread)
