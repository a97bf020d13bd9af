"""What an import read, kept, refused and why, for people."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field

from mai_core.legacy_import.history import Facet, Sums
from mai_core.money import plain_text

EXAMPLES = 3


@dataclass(slots=True)
class TableReport:
    """One table of the old database."""

    name: str
    present: bool = True
    read: int = 0
    new: int = 0
    changed: int = 0
    unchanged: int = 0
    notes: list[str] = field(default_factory=list)
    refused: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    """Reason -> ids of the rows."""

    def refuse(self, row_id: object, reason: str) -> None:
        self.refused[reason].append(str(row_id)[:120])

    @property
    def refusals(self) -> int:
        return sum(len(ids) for ids in self.refused.values())


@dataclass(slots=True)
class FacetTotals:
    """One summary of days, to the last digit: read = kept + refused + counted already."""

    read: Sums = field(default_factory=Sums)
    kept: Sums = field(default_factory=Sums)
    counted_already: Sums = field(default_factory=Sums)
    in_ledger: Sums | None = None
    """Read back after the import; None in a dry run."""

    @property
    def refused(self) -> Sums:
        return self.read.minus(self.kept).minus(self.counted_already)

    @property
    def agrees(self) -> bool:
        return self.in_ledger is None or self.in_ledger.amounts == self.kept.amounts


@dataclass(slots=True)
class ImportReport:
    path: str
    applied: bool
    tables: list[TableReport] = field(default_factory=list)
    totals: dict[Facet, FacetTotals] = field(default_factory=dict)
    days: list[str] = field(default_factory=list)
    """Client days that the ledger has from events too, and what was decided about each."""

    @property
    def agrees(self) -> bool:
        return all(totals.agrees for totals in self.totals.values())

    def table(self, name: str) -> TableReport:
        return next(table for table in self.tables if table.name == name)


def text(report: ImportReport) -> str:
    return "\n".join(_lines(report))


def _lines(report: ImportReport) -> Iterator[str]:
    done = "was brought in" if report.applied else "would be brought in (dry run; --apply does it)"
    yield f"{report.path}: what {done}"
    yield ""
    yield f"{'table':<34}{'read':>9}{'new':>9}{'changed':>9}{'unchanged':>11}{'refused':>9}"
    for table in report.tables:
        if not table.present:
            yield f"{table.name:<34}{'not in this database':>30}"
            continue
        yield (
            f"{table.name:<34}{table.read:>9}{table.new:>9}{table.changed:>9}{table.unchanged:>11}{table.refusals:>9}"
        )
        for note in table.notes:
            yield f"    {note}"
        for reason, ids in sorted(table.refused.items()):
            more = f" and {len(ids) - EXAMPLES} more" if len(ids) > EXAMPLES else ""
            yield f"    refused: {reason}: {', '.join(ids[:EXAMPLES])}{more}"
    yield ""
    yield f"{'totals of the history':<34}{'tokens':>16}{'requests':>12}{'raw USD':>30}{'charged USD':>30}"
    for facet, totals in report.totals.items():
        yield f"by {facet}"
        yield _sums("  read", totals.read)
        if totals.refused.amounts != Sums().amounts:
            yield _sums("  refused", totals.refused)
        if totals.counted_already.amounts != Sums().amounts:
            yield _sums("  counted already from events", totals.counted_already)
        yield _sums("  kept", totals.kept)
        if totals.in_ledger is not None:
            yield _sums("  in the ledger now", totals.in_ledger)
    if report.days:
        yield ""
        yield "days that the ledger has from events too:"
        yield from (f"  {day}" for day in report.days)
    if report.applied:
        yield ""
        yield (
            "totals before = totals after, to the last digit"
            if report.agrees
            else "THE TOTALS DIFFER: do not go on, and keep the old database"
        )


def _sums(label: str, sums: Sums) -> str:
    raw, charged = plain_text(sums.raw_cost), plain_text(sums.markup_cost)
    return f"{label:<34}{sums.tokens:>16}{sums.requests:>12}{raw:>30}{charged:>30}"
