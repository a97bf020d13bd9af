"""The operator's small tables that no endpoint lists: read from the ledger, never written."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from mai_core.reports.source import TEXT, WHOLE
from pages.parts.reading import reporting


def open_alerts() -> list[dict[str, Any]]:
    columns = {
        "level": TEXT,
        "client_org_id": TEXT,
        "message_key": TEXT,
        "message_values": TEXT,
        "first_at_ms": WHOLE,
        "times": WHOLE,
    }
    return _rows(
        "SELECT level, client_org_id, message_key, message_values, first_at_ms, times FROM alerts "
        "WHERE closed_at_ms IS NULL ORDER BY last_at_ms DESC LIMIT 50",
        columns,
    )


def last_events(since: date) -> dict[str, int]:
    """When the last event of each client took place, of those after a day."""
    rows = _rows(
        f"SELECT client_org_id, max(last_at_ms) FROM usage_daily WHERE usage_date >= '{since}' GROUP BY client_org_id",
        {"client_org_id": TEXT, "last_at_ms": WHOLE},
    )
    return {row["client_org_id"]: row["last_at_ms"] for row in rows}


@dataclass(frozen=True, slots=True)
class Proof:
    """How far OpenRouter's books were compared with ours, and what came of it in the month of that day."""

    through: date
    billed_pusd: int
    recorded_pusd: int
    recovered: int
    is_shared: bool
    """The figures are of several clients together: those that have no key of their own."""


def proof(client: str | None) -> Proof | None:
    """Of everything on the account, or of one client; None where nothing was compared yet."""
    days = _rows(
        "SELECT utc_date, client_org_id, billed_pusd, recorded_pusd FROM reconciled_days "
        "WHERE utc_date >= (SELECT substr(max(utc_date), 1, 7) FROM reconciled_days)",
        {"utc_date": TEXT, "client_org_id": TEXT, "billed_pusd": WHOLE, "recorded_pusd": WHOLE},
    )
    is_shared = client is not None and all(row["client_org_id"] != client for row in days)
    counted = [row for row in days if client is None or row["client_org_id"] == ("" if is_shared else client)]
    if not counted:
        return None
    through = max(row["utc_date"] for row in counted)
    recovered = _rows(
        f"SELECT client_org_id FROM residuals WHERE class = 'recovered' AND utc_date >= '{through[:7]}'",
        {"client_org_id": TEXT},
    )
    return Proof(
        date.fromisoformat(through),
        sum(row["billed_pusd"] for row in counted),
        sum(row["recorded_pusd"] for row in counted),
        sum(client is None or row["client_org_id"] == client for row in recovered),
        is_shared,
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
