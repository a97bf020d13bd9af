"""The list of sealed days and their files: what reports read from Parquet."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from mai_core.store.connection import Db, dicts
from mai_core.store.imported import EVERY_FACET


def days(db: Db, client_org_id: str) -> list[dict[str, Any]]:
    return dicts(db, "SELECT * FROM sealed_days WHERE client_org_id = ? ORDER BY usage_date", (client_org_id,))


def files(db: Db, client_org_id: str | None = None) -> list[dict[str, Any]]:
    """The files in use, by client and period."""
    return dicts(
        db,
        "SELECT * FROM sealed_files WHERE replaced_at_ms IS NULL AND coalesce(?1, client_org_id) = client_org_id "
        "ORDER BY client_org_id, period",
        (client_org_id,),
    )


def newest_version(db: Db, client_org_id: str, period: str) -> int:
    rows = db.execute(
        "SELECT coalesce(max(version), 0) FROM sealed_files WHERE client_org_id = ? AND period = ?",
        (client_org_id, period),
    ).fetchall()
    return int(str(rows[0][0]))


def put_file(db: Db, row: dict[str, Any]) -> None:
    names = ", ".join(row)
    db.execute(
        f"INSERT INTO sealed_files ({names}) VALUES ({', '.join('?' * len(row))}) "
        "ON CONFLICT (client_org_id, file) DO UPDATE SET replaced_at_ms = NULL",
        tuple(row.values()),
    )


def put_day(db: Db, row: dict[str, Any]) -> None:
    names = ", ".join(row)
    told = ", ".join(f"{name} = excluded.{name}" for name in row)
    db.execute(
        f"INSERT INTO sealed_days ({names}) VALUES ({', '.join('?' * len(row))}) "
        f"ON CONFLICT (client_org_id, usage_date) DO UPDATE SET {told}",
        tuple(row.values()),
    )


def move_days(db: Db, client_org_id: str, old_files: Iterable[str], file: str, version: int) -> None:
    """Days that stand in files being replaced are read from the new one."""
    for old in old_files:
        db.execute(
            "UPDATE sealed_days SET file = ?, version = ? WHERE client_org_id = ? AND file = ?",
            (file, version, client_org_id, old),
        )


def mark_replaced(db: Db, client_org_id: str, file: str, now_ms: int) -> None:
    db.execute(
        "UPDATE sealed_files SET replaced_at_ms = ? WHERE client_org_id = ? AND file = ? AND replaced_at_ms IS NULL",
        (now_ms, client_org_id, file),
    )


def replaced_before(db: Db, before_ms: int) -> list[dict[str, Any]]:
    return dicts(
        db,
        "SELECT client_org_id, file FROM sealed_files WHERE replaced_at_ms IS NOT NULL AND replaced_at_ms <= ?",
        (before_ms,),
    )


def forget_file(db: Db, client_org_id: str, file: str) -> None:
    db.execute(
        "DELETE FROM sealed_files WHERE client_org_id = ? AND file = ? AND replaced_at_ms IS NOT NULL",
        (client_org_id, file),
    )


def days_with_usage(db: Db, client_org_id: str) -> list[str]:
    """Of events and of imported history, oldest first."""
    found = distinct_days(db, "usage_daily", client_org_id)
    for facet in ("client", "user", "model"):
        found |= distinct_days(db, "imported_days", client_org_id, f"facet = '{facet}' AND")
    return sorted(found)


def distinct_days(db: Db, table: str, client_org_id: str, where: str = "") -> set[str]:
    """The days of a client that a table has, one index step each instead of a scan of its rows."""
    rows = db.execute(
        f"""
        WITH RECURSIVE days (day) AS (
            SELECT min(usage_date) FROM {table} WHERE {where} client_org_id = ?1
            UNION ALL
            SELECT (SELECT min(usage_date) FROM {table} WHERE {where} client_org_id = ?1 AND usage_date > day)
            FROM days WHERE day IS NOT NULL
        )
        SELECT day FROM days WHERE day IS NOT NULL
        """,
        (client_org_id,),
    )
    return {str(day) for (day,) in rows}


def sums_of_days(db: Db, client_org_id: str, days: Iterable[str]) -> dict[str, tuple[int, str, str]]:
    """Rows, raw and charged of each day as the ledger has them; added up here because SQLite's SUM overflows."""
    sums: dict[str, list[int]] = {}
    for day in days:
        for table in ("usage_daily", "imported_days"):
            facets = f" AND {EVERY_FACET}" if table == "imported_days" else ""
            for raw, charged in db.execute(
                f"SELECT raw_pusd, charged_pusd FROM {table} WHERE client_org_id = ? AND usage_date = ?{facets}",
                (client_org_id, day),
            ):
                sum_of = sums.setdefault(day, [0, 0, 0])
                sum_of[0] += 1
                sum_of[1] += raw
                sum_of[2] += charged
    return {day: (rows, str(raw), str(charged)) for day, (rows, raw, charged) in sums.items()}
