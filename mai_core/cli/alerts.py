"""`python -m mai_core alerts [list|check|digest]`."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from mai_core.alerts.digests import send_due_digests
from mai_core.alerts.watching import look, watch
from mai_core.alerts.wording import text_of
from mai_core.cli import opened
from mai_core.language import Words
from mai_core.store import alerts

if TYPE_CHECKING:
    from mai_core.cli import Commands


def register(commands: Commands) -> None:
    parser = commands.add_parser("alerts", help="what needs attention now")
    parser.add_argument("--language", choices=("en", "pl"), default="en")
    parser.set_defaults(run=listed)
    actions = parser.add_subparsers(metavar="ACTION")
    actions.add_parser("list", help="open alerts (default)").set_defaults(run=listed)
    check = actions.add_parser("check", help="look now; store, close and send what changed")
    check.add_argument("--dry-run", action="store_true", help="only print what would be found")
    check.set_defaults(run=checked)
    actions.add_parser("digest", help="send the e-mail summaries that are due").set_defaults(run=digests)


def listed(args: argparse.Namespace) -> int:
    words = Words(args.language)
    with opened() as installation, installation.store.read() as db:
        found = alerts.open_alerts(db)
    for alert in found:
        print(f"{alert['level']:<8} {text_of(words, alert['message_key'], alert['message_values'])}")
    if not found:
        print("nothing needs attention")
    return 0


def checked(args: argparse.Namespace) -> int:
    words = Words(args.language)
    with opened() as installation:
        found = look(installation, installation.now_ms()) if args.dry_run else watch(installation)
    for finding in found:
        print(f"{finding.level:<8} {text_of(words, finding.message_key, finding.values)}")
    if not found:
        print("nothing needs attention")
    return 0


def digests(args: argparse.Namespace) -> int:
    with opened() as installation:
        print(f"{send_due_digests(installation)} sent")
    return 0
