"""The command line. A command is one module with `register(commands)`, and one line in COMMANDS.

`register` adds its sub-parser and sets `run`, a function of the parsed arguments that returns the exit code:

    def register(commands: Commands) -> None:
        parser = commands.add_parser("check", help="...")
        parser.set_defaults(run=run)

    def run(args: argparse.Namespace) -> int:
        with opened() as installation:
            ...
"""

from __future__ import annotations

import argparse
import importlib
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from mai_core.errors import MaiError
from mai_core.settings import load_settings

if TYPE_CHECKING:
    from mai_core.installation import Installation

    Commands = argparse._SubParsersAction[argparse.ArgumentParser]

COMMANDS = (
    "account",
    "alerts",
    "backup",
    "check",
    "credentials",
    "demo",
    "doctor",
    "export",
    "import-csv",
    "import-events",
    "import-influx",
    "import-legacy",
    "influx",
    "lake",
    "onboard",
    "prices",
    "quarantine",
    "rates",
    "reconcile",
    "rerate",
    "sale-price",
    "serve",
    "settings",
    "sql",
    "token",
)
"""A command `import-csv` lives in `mai_core/cli/import_csv.py`; only the module of the command that runs is loaded."""

ACTOR = "command line"
"""Who did it, in the audit log."""


@contextmanager
def opened() -> Iterator[Installation]:
    """The installation of this environment, closed afterwards."""
    from mai_core.installation import open_installation

    installation = open_installation(load_settings())
    try:
        yield installation
    finally:
        installation.close()


def build_parser(names: Sequence[str] = COMMANDS) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m mai_core", description="mAI Usage from the command line.")
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    for name in names:
        importlib.import_module(f"mai_core.cli.{name.replace('-', '_')}").register(commands)
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    words = sys.argv[1:] if argv is None else list(argv)
    parser = build_parser(words[:1]) if words[:1] and words[0] in COMMANDS else build_parser()
    args = parser.parse_args(words)
    try:
        return int(args.run(args))
    except MaiError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except BrokenPipeError:
        return 0
    except OSError as error:
        print(f"error: {error.filename}: {error.strerror}" if error.filename else f"error: {error}", file=sys.stderr)
        return 1
