"""A closed day again from its events. The facts of a day must be what its events add up to; where they are not, they
are set right and the difference is kept with both states, so that nobody has to guess why a number moved.
"""

from __future__ import annotations

import json
from datetime import date
from typing import Any

from mai_core import archive
from mai_core.errors import Conflict
from mai_core.installation import Installation
from mai_core.money import decimal_text
from mai_core.reading_ahead import DayRead
from mai_core.store import Db, archives, ledger


def rebuild_day(
    installation: Installation, client_org_id: str, day: date, ahead: DayRead | None = None
) -> dict[str, Any]:
    """Validate one closed day, and correct it. Sealed and archived it is what it was: a change would have opened it."""
    text, now_ms = day.isoformat(), installation.now_ms()
    with installation.store.write() as db:
        is_sealed = archives.seal_agrees(db, client_org_id, text)
        if is_sealed and archives.is_archived(db, client_org_id, text):
            return {"skipped": "sealed and unchanged since"}
        if not is_sealed:
            ledger.reopen_day(db, client_org_id, text)
        unchanged = archives.still_closing(db, client_org_id, text)
        archive.bring_back(installation, db, client_org_id, text)
        archives.begin_closing(db, client_org_id, text)
        rebuilt = ahead.facts if ahead and unchanged else archives.facts_of_events(db, client_org_id, text)
        detail = compare_and_correct(db, now_ms, client_org_id, text, rebuilt)
        return {**detail, "read_ahead": True} if ahead and unchanged else detail


def compare_and_correct(
    db: Db, now_ms: int, client_org_id: str, day: str, rebuilt: list[tuple[Any, ...]]
) -> dict[str, Any]:
    standing = archives.standing_facts(db, client_org_id, day)
    detail = {"rows": len(rebuilt), "requests": sum(row[_REQUESTS] for row in rebuilt)}
    if standing == rebuilt:
        return detail
    if ledger.is_invoiced(db, client_org_id, day):
        raise Conflict(
            f"{day} differs from its events ({_usd(standing)} USD stored, {_usd(rebuilt)} USD in its events), and its "
            "month stands on an invoice: nothing was changed; look at `python -m mai_core check`"
        )
    ledger.reopen_day(db, client_org_id, day)
    archives.replace_facts(db, client_org_id, day, rebuilt)
    before, after = differing(standing, rebuilt)
    delta_raw = _sum(rebuilt, _RAW) - _sum(standing, _RAW)
    delta_charged = _sum(rebuilt, _CHARGED) - _sum(standing, _CHARGED)
    archives.note_day_correction(
        db, now_ms, client_org_id, day, json.dumps(before), json.dumps(after), delta_raw, delta_charged
    )
    return {**detail, "corrected_rows": len(after) or len(before), "delta_charged_usd": decimal_text(delta_charged)}


def differing(
    standing: list[tuple[Any, ...]], rebuilt: list[tuple[Any, ...]]
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Only the rows that differ, on either side."""
    same = set(standing) & set(rebuilt)
    return (
        [dict(zip(archives.FACT_COLUMNS, row, strict=True)) for row in standing if row not in same],
        [dict(zip(archives.FACT_COLUMNS, row, strict=True)) for row in rebuilt if row not in same],
    )


_REQUESTS = archives.FACT_COLUMNS.index("requests")
_RAW = archives.FACT_COLUMNS.index("raw_pusd")
_CHARGED = archives.FACT_COLUMNS.index("charged_pusd")


def _sum(rows: list[tuple[Any, ...]], column: int) -> int:
    return sum(int(row[column]) for row in rows)


def _usd(rows: list[tuple[Any, ...]]) -> str:
    return decimal_text(_sum(rows, _CHARGED))
