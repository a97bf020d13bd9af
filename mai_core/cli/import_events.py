"""`import-events`: old events as CloudEvents, one JSON object per line."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from mai_core.cli import opened
from mai_core.cli.import_report import report, show_progress
from mai_core.intake.importing import import_events

if TYPE_CHECKING:
    from mai_core.cli import Commands


def register(commands: Commands) -> None:
    parser = commands.add_parser("import-events", help="bring in old events (CloudEvents, one JSON object per line)")
    parser.add_argument("file", type=Path)
    parser.add_argument("--client", help="whose events they are; default: the container's client, else routed by line")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    with opened() as installation:
        return report(import_events(installation, args.file, args.client, show_progress))
