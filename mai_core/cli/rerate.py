"""`rerate`: what booked generations cost at the prices and agreements known now."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from mai_core.cli import ACTOR, opened
from mai_core.days import parse_day
from mai_core.money import shortest_text
from mai_core.rerating import Line, rerate

if TYPE_CHECKING:
    from mai_core.cli import Commands


def register(commands: Commands) -> None:
    parser = commands.add_parser(
        "rerate",
        help="rate booked days again: the difference first, then --apply; a default markup stays as it was booked",
    )
    parser.add_argument("--from", dest="first", required=True, metavar="DAY")
    parser.add_argument("--to", dest="last", required=True, metavar="DAY", help="inclusive")
    parser.add_argument("--client", help="id of the client; default: all")
    parser.add_argument(
        "--apply", action="store_true", help="write it; invoiced days get a correction proposal instead"
    )
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    with opened() as installation:
        result = rerate(
            installation,
            parse_day(args.first, "--from"),
            parse_day(args.last, "--to"),
            args.client,
            apply=args.apply,
            actor=ACTOR,
        )
    for line in result.lines:
        print(shown(line))
    changed = sum(line.events for line in result.lines)
    delta = sum(line.charged_after - line.charged_before for line in result.lines)
    outcome = "applied" if result.applied else "nothing was written; --apply writes it"
    print(f"{changed} of {result.events} generations change, charged {_signed(delta)} USD: {outcome}")
    if result.details:
        print(f"{result.details} more keep their amounts; only the price book's figure beside them changes")
    return 0


def shown(line: Line) -> str:
    where = " (invoiced: as a correction)" if line.invoiced else ""
    return (
        f"{line.client_org_id}  {line.day}  {line.model}: {line.events} generations, "
        f"cost {shortest_text(line.raw_before)} -> {shortest_text(line.raw_after)}, "
        f"charged {shortest_text(line.charged_before)} -> {shortest_text(line.charged_after)} USD{where}"
    )


def _signed(units: int) -> str:
    return f"+{shortest_text(units)}" if units > 0 else shortest_text(units)
