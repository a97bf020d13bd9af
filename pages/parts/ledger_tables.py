"""The operator's small tables that no endpoint lists: read from the ledger, never written."""

from __future__ import annotations

from typing import Any

from mai_core.reports.source import TEXT, WHOLE
from pages.parts.reading import reporting


def open_alerts() -> list[dict[str, Any]]:
    columns = {"rule": TEXT, "subject": TEXT, "level": TEXT, "first_at_ms": WHOLE, "times": WHOLE}
    return _rows(
        "SELECT rule, subject, level, first_at_ms, times FROM alerts WHERE closed_at_ms IS NULL "
        "ORDER BY last_at_ms DESC LIMIT 50",
        columns,
    )


def backups() -> list[dict[str, Any]]:
    columns = {"file": TEXT, "made_at_ms": WHOLE, "bytes": WHOLE, "events": WHOLE, "verified_at_ms": WHOLE}
    return _rows(
        "SELECT file, made_at_ms, bytes, events, verified_at_ms FROM backups WHERE removed_at_ms IS NULL "
        "ORDER BY made_at_ms DESC LIMIT 10",
        columns,
    )


def _rows(sql: str, columns: dict[str, Any]) -> list[dict[str, Any]]:
    with reporting().source.snapshot() as query:
        rows: list[dict[str, Any]] = query(sql, columns).to_pylist()
    return rows
