"""One at a time across processes: a lease that ends by itself when its holder dies."""

from __future__ import annotations

from mai_core.store.connection import Db


def take(db: Db, name: str, holder: str, now_ms: int, for_ms: int) -> bool:
    """True when `holder` has the lease now: it was free, its own, or its holder let it run out."""
    db.execute(
        """
        INSERT INTO leases (name, holder, expires_at_ms) VALUES (?, ?, ?)
        ON CONFLICT (name) DO UPDATE SET holder = excluded.holder, expires_at_ms = excluded.expires_at_ms
        WHERE leases.holder = excluded.holder OR leases.expires_at_ms <= ?
        """,
        (name, holder, now_ms + for_ms, now_ms),
    )
    return holder_of(db, name, now_ms) == holder


def release(db: Db, name: str, holder: str) -> None:
    db.execute("DELETE FROM leases WHERE name = ? AND holder = ?", (name, holder))


def holder_of(db: Db, name: str, now_ms: int) -> str | None:
    row = db.execute("SELECT holder FROM leases WHERE name = ? AND expires_at_ms > ?", (name, now_ms)).fetchone()
    return None if row is None else str(row[0])
