"""Indexes for what is asked every minute, or at every start, of tables that only grow."""

from __future__ import annotations

from typing import Any


def apply(db: Any) -> None:
    db.execute(
        """
        -- Days with something that no price is known for: few, and looked for in all of the books.
        CREATE INDEX usage_daily_unpriced ON usage_daily (usage_date) WHERE unpriced_requests > 0;

        -- What somebody last said of something.
        CREATE INDEX audit_log_subject ON audit_log (subject, actor);
        """
    )
