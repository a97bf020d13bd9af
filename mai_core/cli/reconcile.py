"""`python -m mai_core reconcile`: OpenRouter's books beside ours, now."""

from __future__ import annotations

import argparse
from datetime import timedelta
from typing import TYPE_CHECKING

from mai_core.cli import opened
from mai_core.days import utc_day
from mai_core.money import decimal_text
from mai_core.reconciliation.run import reconcile
from mai_core.store import reconciliation
from mai_core.upstream.openrouter_account import ACTIVITY_DAYS

if TYPE_CHECKING:
    from mai_core.cli import Commands


def register(commands: Commands) -> None:
    parser = commands.add_parser("reconcile", help="compare with OpenRouter's books, fill gaps, name what is left")
    parser.add_argument("--days", type=int, default=ACTIVITY_DAYS, choices=range(1, ACTIVITY_DAYS + 1), metavar="N",
                        help="how many UTC days back (1 to 30, default 30)")  # fmt: skip
    parser.add_argument("--all", action="store_true", help="also days from before a client was known here")
    parser.add_argument("--show", action="store_true", help="only show what the last look found")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    with opened() as installation:
        if not args.show:
            detail = reconcile(installation, args.days, since_onboarding=not args.all)
            if "skipped" in detail:
                print(detail["skipped"])
                return 0
            print(f"{detail['from']} to {detail['through']} (UTC): {detail['recovered']} recovered, "
                  f"{detail['corrected']} corrected, {detail['left_usd']} USD left")  # fmt: skip
            if "ids" in detail:
                print(f"single generations could not be asked for: {detail['ids']}")
        today = utc_day(installation.now_ms())
        with installation.store.read() as db:
            found = reconciliation.listed(db, today - timedelta(days=args.days), today)
    for row in found:
        state = "" if row["resolved_at_ms"] is None else "  (settled)"
        difference = decimal_text(row["billed_pusd"] - row["recorded_pusd"])
        print(f"{row['utc_date']}  {row['client_org_id'] or '-':<24} {row['model']:<40} {row['class']:<19}"
              f" {difference:>20}  {row['generation_id'] or ''}{state}")  # fmt: skip
    return 0
