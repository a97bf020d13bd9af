"""`settings`: what is set, secrets masked."""

from __future__ import annotations

import argparse
import os
from pathlib import Path
from typing import TYPE_CHECKING

from mai_core.settings import Settings, load_settings, settings_rows

if TYPE_CHECKING:
    from mai_core.cli import Commands


def register(commands: Commands) -> None:
    parser = commands.add_parser("settings", help="print every setting, secrets masked")
    parser.add_argument("--markdown", action="store_true", help="the table of the README: names, defaults, meaning")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    print(markdown_table() if args.markdown else shown(load_settings()))
    return 0


def shown(settings: Settings) -> str:
    rows = settings_rows(settings)
    width = max(len(name) for name, _, _ in rows)
    return "\n".join(f"{name:<{width}}  {value}" for name, value, _ in rows)


def markdown_table() -> str:
    """Defaults, not this machine's values: the same text everywhere."""
    lines = ["| Variable | Default | Meaning |", "|---|---|---|"]
    for name, value, description in settings_rows(load_settings({}, env_file=Path(os.devnull))):
        lines.append(f"| `{name}` | {f'`{value}`' if value else ''} | {description} |")
    return "\n".join(lines)
