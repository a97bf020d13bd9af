"""Alerts: one open row per rule and subject; seen again it is counted, no longer seen it is closed."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from mai_core.alerts.finding import Finding
from mai_core.store.connection import Db, dicts, rows


def sync(db: Db, now_ms: int, findings: Iterable[Finding]) -> None:
    """Make the open alerts say what is found now."""
    seen: set[tuple[str, str]] = set()
    for finding in findings:
        seen.add((finding.rule, finding.subject))
        db.execute(
            "INSERT INTO alerts (rule, subject, client_org_id, level, message_key, message_values, first_at_ms,"
            " last_at_ms) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?7)"
            " ON CONFLICT (rule, subject) WHERE closed_at_ms IS NULL DO UPDATE SET level = excluded.level,"
            " message_key = excluded.message_key, message_values = excluded.message_values,"
            " last_at_ms = excluded.last_at_ms, times = times + 1",
            (
                finding.rule,
                finding.subject,
                finding.client_org_id,
                finding.level,
                finding.message_key,
                json.dumps(finding.values, ensure_ascii=False, sort_keys=True),
                now_ms,
            ),
        )
    for number, rule, subject in rows(db, "SELECT id, rule, subject FROM alerts WHERE closed_at_ms IS NULL"):
        if (rule, subject) not in seen:
            db.execute("UPDATE alerts SET closed_at_ms = ? WHERE id = ?", (now_ms, number))


def open_alerts(db: Db, client_org_id: str | None = None) -> list[dict[str, Any]]:
    """What is open now, worst first; of one client, or all."""
    return _decoded(
        dicts(
            db,
            "SELECT * FROM alerts WHERE closed_at_ms IS NULL AND (?1 IS NULL OR client_org_id = ?1)"
            " ORDER BY CASE level WHEN 'error' THEN 0 WHEN 'warning' THEN 1 ELSE 2 END, first_at_ms, id",
            (client_org_id,),
        )
    )


def not_notified(db: Db) -> list[dict[str, Any]]:
    """Open ones that nobody was told of yet."""
    return [alert for alert in open_alerts(db) if alert["notified_at_ms"] is None]


def mark_notified(db: Db, alert_ids: Iterable[int], now_ms: int) -> None:
    for alert_id in alert_ids:
        db.execute("UPDATE alerts SET notified_at_ms = ? WHERE id = ?", (now_ms, alert_id))


def digest_was_sent(db: Db, account_id: int, kind: str, first_day: str) -> bool:
    return bool(
        rows(
            db,
            "SELECT 1 FROM digests WHERE account_id = ? AND kind = ? AND first_day = ?",
            (account_id, kind, first_day),
        )
    )


def note_digest(db: Db, account_id: int, kind: str, first_day: str, now_ms: int) -> None:
    db.execute("INSERT INTO digests VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING", (account_id, kind, first_day, now_ms))


def _decoded(found: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{**alert, "message_values": json.loads(alert["message_values"])} for alert in found]
