"""What is asked often finds its rows by an index: the big tables only grow."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import pytest

from mai_core.store import (
    Db,
    Store,
    alert_facts,
    archives,
    audit,
    imported,
    months,
    reconciliation,
    rerated,
    rows,
    sealing,
    summaries,
)
from tests.builders import CLIENT

BIG = ("usage_events", "usage_daily", "imported_days", "processed_generations", "audit_log")
FIRST, LAST = date(2026, 10, 1), date(2026, 10, 14)


@pytest.mark.parametrize(
    "ask",
    [
        lambda db: summaries.days_with_usage(db, CLIENT, FIRST, LAST),
        lambda db: summaries.usage_rows(db, "user", CLIENT, FIRST, LAST),
        lambda db: summaries.first_days(db, CLIENT),
        lambda db: reconciliation.days_with_imports(db, [CLIENT]),
        lambda db: imported.history_of(db, CLIENT),
        lambda db: sealing.days_with_usage(db, CLIENT),
        lambda db: sealing.sums_of_days(db, CLIENT, ["2026-10-14"]),
        lambda db: archives.days_to_close(db, CLIENT, set(), also_open=True),
        lambda db: alert_facts.unpriced_models(db, "2026-10-01"),
        lambda db: rerated.unpriced_days(db, "2026-10-01"),
        lambda db: audit.last_told(db, "environment", CLIENT),
        lambda db: months.totals(db, CLIENT, "2026-10"),
        lambda db: months.charged_by_day(db, CLIENT, [FIRST, LAST]),
        lambda db: months.charged_by_day(db, CLIENT, [FIRST, LAST], "acme_user_1"),
    ],
)
def test_no_big_table_is_read_from_end_to_end(store: Store, ask: Callable[[Db], object]) -> None:
    asked: list[tuple[str, object]] = []

    def note(_: object, sql: str, bindings: object) -> bool:
        asked.append((sql, bindings or ()))
        return True

    with store.read() as db:
        db.exec_trace = note
        ask(db)
        db.exec_trace = None
        plans = [step[3] for sql, bindings in asked for step in rows(db, f"EXPLAIN QUERY PLAN {sql}", bindings)]
    assert plans
    assert [step for step in plans if step.startswith(tuple(f"SCAN {table}" for table in BIG))] == []
