"""`doctor`: is everything there that a working installation needs?"""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from mai_core.doctor import examine
from mai_core.settings import load_settings

if TYPE_CHECKING:
    from mai_core.cli import Commands

_MARKS = {"ok": "ok     ", "warning": "WARNING", "error": "ERROR  "}


def register(commands: Commands) -> None:
    parser = commands.add_parser("doctor", help="which database, what is in it, does everything answer")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    lines = examine(load_settings())
    width = max(len(line.topic) for line in lines)
    for line in lines:
        print(f"{_MARKS[line.level]}  {line.topic:<{width}}  {line.text}")
        if line.remedy:
            print(f"{'':<{width + 11}}-> {line.remedy}")
    return 1 if any(line.level == "error" for line in lines) else 0
