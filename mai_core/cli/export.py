"""`export`: usage as a file, with the same words and the same code as GET /api/v1/export."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from mai_core.cli import opened
from mai_core.cli.progress import shown_progress
from mai_core.days import parse_day
from mai_core.reports import Reporting, Viewer
from mai_core.reports.exports import ExportRequest, export
from mai_core.reports.exports.request import FORMATS, KEYS, links_to, parse_by

if TYPE_CHECKING:
    from mai_core.cli import Commands


def register(commands: Commands) -> None:
    parser = commands.add_parser("export", help="usage as CSV, XLSX, Parquet or FOCUS 1.4")
    parser.add_argument("--client", help="client id; default: all clients")
    parser.add_argument("--from", dest="first", required=True, metavar="DAY", help="first usage day")
    parser.add_argument("--to", dest="last", required=True, metavar="DAY", help="last usage day, inclusive")
    parser.add_argument("--by", default="day,user,model", help=f"keys, with commas: {', '.join(KEYS)}")
    parser.add_argument("--format", default="csv", choices=FORMATS)
    parser.add_argument("--out", required=True, type=Path, metavar="FILE")
    parser.add_argument("--excel", action="store_true", help="CSV for Polish Excel: ';' and decimal comma")
    parser.add_argument(
        "--links",
        action=argparse.BooleanOptionalAction,
        help="a last column with a permanent link to each row's explanation; default: in CSV and XLSX",
    )
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    with opened() as installation:
        request = ExportRequest(
            parse_day(arguments.first, "from"),
            parse_day(arguments.last, "to"),
            arguments.client,
            parse_by(arguments.by),
            arguments.format,
            semicolon=arguments.excel,
            decimal_comma=arguments.excel,
            links=links_to(installation.settings.public_url, arguments.links, arguments.format),
        )
        reporting = Reporting.of_store(installation.store, installation.settings)
        with shown_progress("export") as progress:
            rows = export(reporting, Viewer("operator"), request, arguments.out, progress)
    print(f"{rows} rows: {arguments.out}", file=sys.stderr)
    return 0
