"""`sql`: one query over a client's relations, in the same cell as an analyst's."""

from __future__ import annotations

import argparse
import csv
import json
import sys
from dataclasses import asdict
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from mai_core.cli import opened
from mai_core.days import parse_day, usage_day
from mai_core.errors import MaiError, NotFound
from mai_core.reports import Reporting
from mai_core.sandbox.runner import Answer, Refusal, Sandbox
from mai_core.sandbox.tenant import write_relations
from mai_core.spreadsheet import harmless
from mai_core.store import clients

if TYPE_CHECKING:
    from mai_core.cli import Commands
    from mai_core.installation import Installation
    from mai_core.model import Client


def register(commands: Commands) -> None:
    parser = commands.add_parser("sql", help="run one SELECT over a client's usage")
    parser.add_argument("query", help="one SELECT over usage, people, models, rates, generations")
    parser.add_argument("--client", help="client id; may be left out when there is only one")
    parser.add_argument("--from", dest="first", help="first day (default: 92 days ago)")
    parser.add_argument("--to", dest="last", help="last day (default: today)")
    parser.add_argument("--format", choices=("table", "json", "csv"), default="table")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    with opened() as installation:
        client = _client(installation, args.client)
        with installation.store.read() as db:
            zone = clients.zone_now(db, client.id, installation.now_ms())
        last = parse_day(args.last, "--to") if args.last else usage_day(installation.now_ms(), zone)
        first = parse_day(args.first, "--from") if args.first else last - timedelta(days=91)
        reporting = Reporting.of_store(installation.store, installation.settings)
        with TemporaryDirectory(prefix="mai-tenant-") as folder:
            relations = write_relations(reporting, client.id, first, last, Path(folder))
            told = Sandbox().run(relations, args.query, timezone=zone)
    if isinstance(told, Refusal):
        raise MaiError(in_words(told))
    show(told, args.format)
    return 0


def in_words(refusal: Refusal) -> str:
    place = f" (line {refusal.line}, column {refusal.column})" if refusal.line else ""
    return f"{refusal.message}{place}"


def show(told: Answer, form: str) -> None:
    if form == "json":
        print(json.dumps(asdict(told), ensure_ascii=False))
    elif form == "csv":
        writer = csv.writer(sys.stdout)
        writer.writerow([harmless(column["name"]) for column in told.columns])
        writer.writerows([harmless(value) for value in row] for row in told.rows)
    else:
        table = Table(box=box.SIMPLE_HEAD)
        for column in told.columns:
            table.add_column(Text(column["name"]))
        for row in told.rows:
            table.add_row(*(Text("" if value is None else str(value)) for value in row))
        Console().print(table)
    if told.truncated:
        print(f"cut after {len(told.rows)} rows: a result may have 1000 rows and 1 MB", file=sys.stderr)


def _client(installation: Installation, named: str | None) -> Client:
    with installation.store.read() as db:
        if named:
            return clients.require(db, named)
        known = clients.list_all(db)
    if len(known) != 1:
        raise NotFound("say whose data with --client: " + ", ".join(f"{client.id} ({client.name})" for client in known))
    return known[0]
