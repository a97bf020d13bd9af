"""Brings an existing mAI database in: `bring_in(installation, path, apply=...)`.

Read-only towards the old file. Every step commits by itself and changes nothing when it is done again, so an import
that was killed is simply run again.
"""

from __future__ import annotations

from pathlib import Path

from mai_core.errors import MaiError
from mai_core.installation import Installation
from mai_core.legacy_import.agreements import ACTOR, bring_in_clients, bring_in_mappings, bring_in_settings
from mai_core.legacy_import.days import bring_in_days
from mai_core.legacy_import.generations import bring_in_generations
from mai_core.legacy_import.history import TABLES
from mai_core.legacy_import.report import ImportReport, text
from mai_core.store import Db, audit, legacy_source
from mai_core.store.legacy_source import LegacySource

__all__ = ["ImportReport", "bring_in", "text"]


def bring_in(installation: Installation, path: Path, *, apply: bool) -> ImportReport:
    report = ImportReport(str(path), applied=apply)
    with legacy_source.opened(path) as source:
        if "schema_migrations" in source.tables:
            raise MaiError(f"{path} is a ledger of mAI Usage itself, not a database of the older system")
        if "client_organizations" not in source.tables and not source.tables & set(TABLES.values()):
            raise MaiError(f"{path} has none of the tables of an mAI database (client_organizations, ...)")
        if apply:
            with installation.store.write() as db:
                known = _agreements(db, installation, source, report, apply)
        else:
            with installation.store.read() as db:
                known = _agreements(db, installation, source, report, apply)
        report.tables.append(bring_in_generations(installation, source, known, apply))
        bring_in_days(installation, source, known, report, apply)
    if apply:
        _leave_a_trace(installation, report)
    return report


def _agreements(
    db: Db, installation: Installation, source: LegacySource, report: ImportReport, apply: bool
) -> set[str]:
    settings = bring_in_settings(db, installation, source, apply)
    clients, known = bring_in_clients(db, installation, source, apply)
    report.tables += [settings, clients, bring_in_mappings(db, installation, source, known, apply)]
    return known


def _leave_a_trace(installation: Installation, report: ImportReport) -> None:
    brought = {table.name: {"new": table.new, "changed": table.changed} for table in report.tables}
    if any(count for counts in brought.values() for count in counts.values()):
        with installation.store.write() as db:
            audit.write(db, installation.now_ms(), ACTOR, "legacy.import", report.path, after=brought)
