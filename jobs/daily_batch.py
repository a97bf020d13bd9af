"""The daily batch by hand: `python -m jobs.daily_batch --run-now --date 2025-08-01`.

A date is a usage day. Without one, everything that is due is closed: the missed days, oldest first, and every day
that something arrived late for.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from datetime import date

from jobs.progress import shown
from mai_core.batch.context import Context
from mai_core.batch.due import due_days
from mai_core.batch.runner import Result, run_batch
from mai_core.batch.scheduled import latest_closed_day, named_days
from mai_core.batch.timing import batch_time
from mai_core.days import parse_day
from mai_core.errors import MaiError
from mai_core.installation import Installation, open_installation
from mai_core.settings import load_settings
from mai_core.store import batch_runs, clients


def build_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m jobs.daily_batch", description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("--run-now", action="store_true", help="run now (otherwise only say what is due)")
    parser.add_argument("--date", metavar="D", help="one usage day, such as 2025-08-01")
    parser.add_argument("--from", dest="first", metavar="D", help="first of several usage days")
    parser.add_argument("--to", dest="last", metavar="D", help="last of them (default: yesterday)")
    parser.add_argument("--client", metavar="C", help="only this client; steps of the whole installation are left out")
    parser.add_argument("--dry-run", action="store_true", help="say which days would be closed and change nothing")
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    args = build_parser().parse_args(argv)
    try:
        installation = open_installation(load_settings())
        try:
            return run(installation, args)
        finally:
            installation.close()
    except MaiError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1


def run(installation: Installation, args: argparse.Namespace) -> int:
    days = wanted_days(installation, args)
    named = bool(args.date or args.first or args.last)
    if args.client:
        with installation.store.read() as db:
            clients.require(db, args.client)
    if args.dry_run or not args.run_now:
        print_plan(installation, days, args.client, also_open_days=not named)
        if not args.run_now:
            print("nothing was run; say --run-now")
        return 0
    with shown() as progress:
        result = run_batch(installation, days, client_org_id=args.client, also_open_days=not named, progress=progress)
    print_result(result)
    return 0 if result.ok else 1


def wanted_days(installation: Installation, args: argparse.Namespace) -> list[date]:
    """The days named, else those that are due, else the latest closed one."""
    if named := named_days(installation, args.date, args.first, args.last):
        return named
    settings = installation.settings
    with installation.store.read() as db:
        last_done = batch_runs.last_done(db)
    at, since = batch_time(settings), parse_day(last_done) if last_done else None
    due = due_days(installation.now_ms(), at, settings.daily_batch_timezone, since)
    return due or [latest_closed_day(installation)]


def print_plan(installation: Installation, days: list[date], client: str | None, *, also_open_days: bool) -> None:
    context = Context(installation, tuple(days), client, also_open_days, installation.now_ms())
    print(f"usage days asked for: {days[0]} to {days[-1]}")
    for unit in context.client_days:
        print(f"  {unit.day}  {unit.client_org_id}")
    print(f"{len(context.client_days)} closed days with usage")


def print_result(result: Result) -> None:
    print(f"batch {result.days[0]} to {result.days[-1]} (run {result.run_id}): {'done' if result.ok else 'failed'}")
    for step, details in result.details.items():
        worked = [detail for detail in details.values() if not detail.get("skipped")]
        print(f"  {step:<15} {len(worked)} done, {len(details) - len(worked)} unchanged")
    for failure in result.failures:
        print(f"  failed: {failure}", file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main())
