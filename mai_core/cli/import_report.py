"""How an import shows its progress and its result."""

from __future__ import annotations

import sys

from mai_core.intake.importing import Imported

MOST_SHOWN = 20


def show_progress(imported: Imported) -> None:
    if sys.stderr.isatty():
        print(f"\r{imported.lines} lines ...", end="", file=sys.stderr, flush=True)


def report(imported: Imported) -> int:
    """1 when lines were refused: the others are booked all the same."""
    if sys.stderr.isatty():
        print("\r", end="", file=sys.stderr)
    print(
        f"{imported.lines} lines: {imported.new} new, {imported.changed} changed, {imported.known} known already,"
        f" {imported.quarantined} in quarantine, {len(imported.refused)} refused"
    )
    for problem in imported.refused[:MOST_SHOWN]:
        print(f"line {problem.index}: {problem.reason}", file=sys.stderr)
    if len(imported.refused) > MOST_SHOWN:
        print(f"and {len(imported.refused) - MOST_SHOWN} more", file=sys.stderr)
    return 1 if imported.refused else 0
