"""Brings in the dedupe memory: what the existing system counted is a duplicate here."""

from __future__ import annotations

from itertools import islice

from mai_core.days import parse_day
from mai_core.errors import MaiError
from mai_core.given import count_given, text_given
from mai_core.installation import Installation
from mai_core.legacy_import.agreements import require_known
from mai_core.legacy_import.history import seconds, shortest_decimal
from mai_core.legacy_import.report import TableReport
from mai_core.money import plain_text
from mai_core.store import imported
from mai_core.store.legacy_source import LegacySource

ROWS_PER_COMMIT = 20_000
"""Short transactions: events keep coming in while an old database is read."""

_COLUMNS = ("id", "client_org_id", "generation_date", "processed_at", "total_cost", "total_tokens")

Generation = tuple[str, str, str, int, str, int]


def bring_in_generations(installation: Installation, source: LegacySource, known: set[str], apply: bool) -> TableReport:
    """Every commit is complete in itself, so a run that was killed is simply run again."""
    report = TableReport("processed_generations", present="processed_generations" in source.tables)
    rows = source.rows("processed_generations", _COLUMNS)
    while chunk := list(islice(rows, ROWS_PER_COMMIT)):
        generations: list[Generation] = []
        for row in chunk:
            report.read += 1
            try:
                generations.append(_generation(row, known))
            except MaiError as error:
                report.refuse(row["id"], str(error))
        if apply:
            with installation.store.write() as db:
                new = imported.remember_generations(db, generations)
        else:
            with installation.store.read() as db:
                new = imported.unknown_generations(db, generations)
        report.new += new
        report.unchanged += len(generations) - new
    return report


def _generation(row: dict[str, object], known: set[str]) -> Generation:
    return (
        text_given("id", row["id"], required=True),
        require_known(row["client_org_id"], known),
        parse_day(row["generation_date"], "generation_date").isoformat(),  # type: ignore[arg-type]
        seconds(row["processed_at"]),
        plain_text(shortest_decimal("total_cost", row["total_cost"])),
        count_given("total_tokens", row["total_tokens"]),
    )
