"""`serve`: API, pages and jobs together."""

from __future__ import annotations

import argparse
import os
from typing import TYPE_CHECKING

from mai_core.settings import load_settings

if TYPE_CHECKING:
    from mai_core.cli import Commands


def register(commands: Commands) -> None:
    parser = commands.add_parser("serve", help="start API, pages and jobs together (what the image runs)")
    parser.add_argument(
        "--local",
        action="store_true",
        help="at a desk: a busy port is named and the next free one taken; a demo when no client is set up",
    )
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    from mai_core.launch.serving import serve

    return serve(load_settings(), os.environ, local=args.local)
