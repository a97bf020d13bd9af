"""`influx send|verify`: what waits goes to InfluxDB, and both sides are compared."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from typing import TYPE_CHECKING

from mai_core.cli import opened
from mai_core.days import days_between, parse_day, usage_day
from mai_core.errors import MaiError
from mai_core.influx.comparing import compare_day
from mai_core.influx.sending import send_waiting
from mai_core.influx.server import Server
from mai_core.installation import Installation
from mai_core.store import clients, outbox

if TYPE_CHECKING:
    from mai_core.cli import Commands


def register(commands: Commands) -> None:
    influx = commands.add_parser("influx", help="send raw events to InfluxDB, or compare both sides")
    actions = influx.add_subparsers(metavar="ACTION", required=True)
    send = actions.add_parser("send", help="send what waits in the outbox now")
    send.set_defaults(run=run_send)
    verify = actions.add_parser("verify", help="compare days generation by generation; exit code 1 when they differ")
    verify.add_argument("--from", dest="first", help="first day (default: yesterday)")
    verify.add_argument("--to", dest="last", help="last day (default: yesterday)")
    verify.add_argument("--client", help="client id (default: all)")
    verify.set_defaults(run=run_verify)


def run_send(args: argparse.Namespace) -> int:
    with connected() as (installation, server):
        sent = send_waiting(installation, server)
        with installation.store.read() as db:
            waiting, refused = outbox.counts(db)
    print(f"sent {sent.points}, waiting {waiting}, refused {refused}")
    return 1 if refused else 0


def run_verify(args: argparse.Namespace) -> int:
    agrees = True
    with connected() as (installation, server):
        with installation.store.read() as db:
            known = [client for client in clients.list_all(db) if args.client in (None, client.id)]
            zones = {client.id: clients.zones(db, client.id) for client in known}
        for client in known:
            yesterday = usage_day(installation.now_ms(), zones[client.id]) - timedelta(days=1)
            for day in _days(args.first, args.last, yesterday):
                compared = compare_day(installation, server, client.id, day)
                agrees = agrees and compared.agrees
                print(
                    f"{client.id} {day}: equal {compared.equal}, only here {len(compared.missing_there)}, "
                    f"only there {len(compared.missing_here)}, different {len(compared.different)}"
                )
    return 0 if agrees else 1


def _days(first: str | None, last: str | None, default: date) -> list[date]:
    start = parse_day(first, "--from") if first else default
    return days_between(start, parse_day(last, "--to") if last else max(start, default))


@contextmanager
def connected() -> Iterator[tuple[Installation, Server]]:
    with opened() as installation:
        if not installation.settings.influx_enabled:
            raise MaiError("InfluxDB is off: set INFLUXDB_URL (and INFLUXDB_TOKEN, INFLUXDB_BUCKET)")
        server = Server(installation.settings)
        try:
            yield installation, server
        finally:
            server.close()
