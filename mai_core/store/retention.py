"""Removing rows that have grown old; what is kept how long is decided in mai_core/cleanup.py."""

from __future__ import annotations

from mai_core.store.connection import Db


def remove_older(db: Db, table: str, condition: str, before_ms: int) -> int:
    """`condition` is 'column' or 'column AND more'; a row whose column is empty is not old."""
    column, _, more = condition.partition(" ")
    db.execute(f"DELETE FROM {table} WHERE {column} < ? {more}", (before_ms,))
    return int(db.changes())
