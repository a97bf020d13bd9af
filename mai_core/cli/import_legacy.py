"""`import-legacy`: an existing mAI database into the ledger."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from mai_core import cli, legacy_import

if TYPE_CHECKING:
    from mai_core.cli import Commands


def register(commands: Commands) -> None:
    parser = commands.add_parser("import-legacy", help="bring in an existing mAI database (webui.db)")
    parser.add_argument("file", type=Path, help="the old database; it is only read")
    parser.add_argument("--apply", action="store_true", help="write; without it only the report is made")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    with cli.opened() as installation:
        report = legacy_import.bring_in(installation, args.file, apply=args.apply)
    print(legacy_import.text(report))
    return 0 if report.agrees else 1
