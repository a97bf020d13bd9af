"""`python -m mai_core backup now|list|verify|restore`."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from mai_core import backup
from mai_core.cli import opened
from mai_core.clock import Clock
from mai_core.days import from_ms
from mai_core.settings import load_settings
from mai_core.store import backups

if TYPE_CHECKING:
    from mai_core.cli import Commands


def register(commands: Commands) -> None:
    parser = commands.add_parser("backup", help="back the ledger up, look at backups, prove them, restore one")
    actions = parser.add_subparsers(metavar="ACTION", required=True)
    actions.add_parser("now", help="make a backup, verify it, rotate older ones").set_defaults(run=now)
    actions.add_parser("list", help="what there is").set_defaults(run=listed)
    verify = actions.add_parser("verify", help="restore into a scratch folder and run the invariants")
    verify.add_argument("file", nargs="?", help="name of a backup (default: the newest)")
    verify.set_defaults(run=verified)
    restore = actions.add_parser("restore", help="put a backup in the ledger's place (stop api and jobs first)")
    restore.add_argument("file", help="a file, or the name of a backup")
    restore.add_argument("--force", action="store_true", help="the ledger exists: keep it aside and go on")
    restore.set_defaults(run=restored)


def now(args: argparse.Namespace) -> int:
    with opened() as installation:
        made = backup.backup_now(installation)
    print(f"{made['file']}: {made['bytes']:,} bytes, {made['events']:,} events, verified")
    for file in made["rotated_away"]:
        print(f"rotated away: {file}")
    return 0


def listed(args: argparse.Namespace) -> int:
    with opened() as installation, installation.store.read() as db:
        rows = backups.present(db)
    for row in rows:
        state = "verified" if row["verified_at_ms"] is not None else "NOT VERIFIED"
        print(f"{row['file']}  {from_ms(row['made_at_ms']):%Y-%m-%d %H:%M}Z  {row['bytes']:>12,} bytes"
              f"  {row['events']:>10,} events  {state}")  # fmt: skip
    if not rows:
        print("no backups yet: python -m mai_core backup now")
    return 0


def verified(args: argparse.Namespace) -> int:
    with opened() as installation:
        file = args.file
        if file is None:
            with installation.store.read() as db:
                rows = backups.present(db)
            if not rows:
                print("error: there is no backup yet: python -m mai_core backup now", file=sys.stderr)
                return 1
            file = rows[0]["file"]
        problems = backup.verify(installation, file)
    for problem in problems:
        print(problem, file=sys.stderr)
    print(f"{file}: {'holds' if not problems else 'does NOT hold'}")
    return 1 if problems else 0


def restored(args: argparse.Namespace) -> int:
    """Opens no installation: the ledger may be broken, and is about to be replaced."""
    settings = load_settings()
    given = Path(args.file)
    file = given if given.is_file() else settings.backup_dir / given.name
    aside = backup.restore(settings.usage_summary_db, file, force=args.force, now_ms=Clock().now_ms())
    print(f"{settings.usage_summary_db} is now {file.name}")
    if aside is not None:
        print(f"the file that stood there is {aside}")
    return 0
