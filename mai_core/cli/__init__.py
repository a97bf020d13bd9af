"""The command line. A command is one module with `register(commands)`, and one line in COMMAND_MODULES.

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

COMMAND_MODULES = (
    "mai_core.cli.account",
    "mai_core.cli.alerts",
    "mai_core.cli.backup",
    "mai_core.cli.check",
    "mai_core.cli.demo",
    "mai_core.cli.doctor",
    "mai_core.cli.export",
    "mai_core.cli.import_csv",
    "mai_core.cli.import_events",
    "mai_core.cli.import_legacy",
    "mai_core.cli.influx",
    "mai_core.cli.lake",
    "mai_core.cli.onboard",
    "mai_core.cli.prices",
    "mai_core.cli.quarantine",
    "mai_core.cli.rates",
    "mai_core.cli.reconcile",
    "mai_core.cli.rerate",
    "mai_core.cli.sale_price",
    "mai_core.cli.serve",
    "mai_core.cli.settings",
    "mai_core.cli.sql",
    "mai_core.cli.token",
)


@contextmanager
def opened() -> Iterator[Installation]:
    """The installation of this environment, closed afterwards."""
    from mai_core.installation import open_installation

    installation = open_installation(load_settings())
    try:
        yield installation
    finally:
        installation.close()


def build_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m mai_core", description="mAI Usage from the command line.")
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    for name in COMMAND_MODULES:
        importlib.import_module(name).register(commands)
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    args = build_parser().parse_args(argv)
    try:
        return int(args.run(args))
    except MaiError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except BrokenPipeError:
        return 0
