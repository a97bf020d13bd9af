"""The operator's small tables that no endpoint lists: read from the ledger, never written."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from mai_core.reports.source import TEXT, WHOLE
from pages.parts.reading import reporting


def open_alerts() -> list[dict[str, Any]]:
    columns = {"level": TEXT, "message_key": TEXT, "message_values": TEXT, "first_at_ms": WHOLE, "times": WHOLE}
    return _rows(
        "SELECT level, message_key, message_values, first_at_ms, times FROM alerts WHERE closed_at_ms IS NULL "
        "ORDER BY last_at_ms DESC LIMIT 50",
        columns,
    )


@dataclass(frozen=True, slots=True)
class Proof:
    """How far OpenRouter's books were compared with ours, and what came of it."""

    through: date
    billed_pusd: int
    recorded_pusd: int
    recovered: int


def proof(month: str) -> Proof | None:
    """Of the UTC days of a month that OpenRouter has told; differences that were found are what is missing in ours."""
    start = f"{month}-01"
    told = _rows(
        f"SELECT max(utc_date), sum(cost_pusd) FROM provider_days WHERE key_hash = '' AND utc_date >= '{start}'",
        {"through": TEXT, "billed": WHOLE},
    )[0]
    if not told["through"]:
        return None
    found = _rows(
        "SELECT coalesce(sum(CASE WHEN resolved_at_ms IS NULL THEN billed_pusd - recorded_pusd ELSE 0 END), 0), "
        f"coalesce(sum(class = 'recovered'), 0) FROM residuals WHERE utc_date >= '{start}'",
        {"missing": WHOLE, "recovered": WHOLE},
    )[0]
    billed = int(told["billed"])
    return Proof(date.fromisoformat(told["through"]), billed, billed - int(found["missing"]), int(found["recovered"]))


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
