"""Sets up one client: its .env, and with --production its place in the ledger too.

    python generate_client_env.py                       asks, and writes .env
    python generate_client_env.py --init-database       also creates or updates the client in the ledger
    python generate_client_env.py --production          does all of it and validates the result
    python generate_client_env.py --create-key --create-broadcast    also at OpenRouter (needs its management key)

Running it again changes nothing that stands: ids, secrets and settings stay; a flag changes what it names.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from mai_core.errors import MaiError
from mai_core.onboarding import ledger
from mai_core.onboarding.client_setup import (
    ENV_FILE,
    Agreed,
    add_agreed_flags,
    agreed_in,
    ask_agreed,
    asked_management_key,
    create_broadcast,
    create_key,
    terminal_ask,
    write_env,
)
from mai_core.onboarding.questions import add_flags, given_in


def check_database_connection(path: Path = ENV_FILE) -> bool:
    """Whether the ledger that .env names is there, has its tables and can be written."""
    return _told(lambda: ledger.check_connection(ledger.settings_of(path)))


def create_client_organization(path: Path = ENV_FILE, agreed: Agreed | None = None) -> bool:
    """Create the ledger where there is none, and the client in it."""
    return _told(lambda: ledger.create_client(ledger.settings_of(path), (agreed or Agreed()).given()))


def validate_database_setup(path: Path = ENV_FILE) -> bool:
    """Whether everything is there that this client needs to be metered."""

    def validated() -> str:
        found = ledger.problems(ledger.settings_of(path))
        if found:
            raise MaiError("failed validation: " + "; ".join(found))
        return "validated: the client is ready to be metered"

    return _told(validated)


def setup_database_for_production(path: Path = ENV_FILE, agreed: Agreed | None = None) -> bool:
    """Create, then check and validate; stops at the first step that fails."""
    return (
        create_client_organization(path, agreed) and check_database_connection(path) and validate_database_setup(path)
    )


def _told(step: Callable[[], str]) -> bool:
    """The step's sentence, or its refusal, on the terminal."""
    try:
        print(f"ok       {step()}")
    except MaiError as error:
        print(f"FAILED   {error}", file=sys.stderr)
        return False
    return True


def parser() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    made.add_argument("--env-file", type=Path, default=ENV_FILE, help="the file to write (default .env)")
    made.add_argument("--init-database", action="store_true", help="also create or update the client in the ledger")
    made.add_argument("--production", action="store_true", help="all of it, and validate the result")
    made.add_argument("--create-key", action="store_true", help="make the client's OpenRouter key")
    made.add_argument("--create-broadcast", action="store_true", help="make its Broadcast destination")
    made.add_argument("--management-key", help="OpenRouter's management key; used, never kept")
    made.add_argument("--unattended", action="store_true", help="ask nothing, even at a terminal")
    add_flags(made)
    add_agreed_flags(made)
    return made


def main(argv: Sequence[str] | None = None) -> int:
    args = parser().parse_args(argv)
    interactive = sys.stdin.isatty() and not args.unattended
    try:
        return _set_up(args, interactive)
    except MaiError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except (KeyboardInterrupt, EOFError):
        print("\nStopped; what was done stays, run it again to go on.", file=sys.stderr)
        return 130


def _set_up(args: argparse.Namespace, interactive: bool) -> int:
    path: Path = args.env_file
    write_env(path, given_in(args), terminal_ask if interactive else None, print)
    if args.create_key or args.create_broadcast:
        key = asked_management_key(args.management_key, interactive)
        if args.create_key:
            create_key(path, key, print)
        if args.create_broadcast:
            create_broadcast(path, key, print)
    agreed = agreed_in(args)
    if interactive and (args.production or args.init_database) and ledger.is_new(ledger.settings_of(path)):
        agreed = ask_agreed(agreed, terminal_ask)
    if args.production:
        return 0 if setup_database_for_production(path, agreed) else 1
    if args.init_database:
        return 0 if create_client_organization(path, agreed) else 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
