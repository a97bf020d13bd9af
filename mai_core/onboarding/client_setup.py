"""The steps of setting up one client. Each can be run again: what stands already stays and is said so."""

from __future__ import annotations

import argparse
import getpass
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from mai_core.onboarding import account, env_file, ledger
from mai_core.onboarding.questions import Ask, answered, in_sections
from mai_core.settings import Settings
from mai_core.upstream.openrouter_admin import OpenRouterAdmin, Unreachable

ENV_FILE = Path(".env")

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Agreed:
    """What is agreed with a client and stands in the ledger only."""

    timezone: str | None = None
    fx_policy: str | None = None
    billing_email: str | None = None

    def given(self) -> dict[str, str]:
        values = {"timezone": self.timezone, "fx_policy": self.fx_policy, "billing_email": self.billing_email}
        return {field: value for field, value in values.items() if value}


def add_agreed_flags(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("agreed with the client (kept in the ledger)")
    group.add_argument("--timezone", help="whose midnight ends the client's day (default Europe/Warsaw)")
    group.add_argument(
        "--fx-policy",
        choices=("daily", "period_end"),
        help="złoty at each day's rate (default), or the month at one rate: what an invoiced client usually wants",
    )
    group.add_argument("--billing-email", help="where statements go")


def agreed_in(args: argparse.Namespace) -> Agreed:
    return Agreed(args.timezone, args.fx_policy, args.billing_email)


def ask_agreed(standing: Agreed, ask: Ask) -> Agreed:
    """Asked when the client is new: an invoiced client is offered the month at one rate."""
    zone = standing.timezone or ask("Time zone of its days", "Europe/Warsaw") or None
    email = standing.billing_email or ask("E-mail for statements (empty: not invoiced)", "") or None
    policy = standing.fx_policy or ask("Złoty at the rate of each day, or the month at one (daily/period_end)",
                                       "period_end" if email else "daily")  # fmt: skip
    return Agreed(zone, policy, email)


def terminal_ask(question: str, standing: str) -> str:
    return input(f"{question}{f' [{standing}]' if standing else ''}: ").strip() or standing


def write_env(path: Path, given: Mapping[str, str], ask: Ask | None, say: Say) -> dict[str, str]:
    """Bring `.env` to what was answered; a file that says so already is left alone, comments and all."""
    existing = env_file.read(path)
    values = answered(existing, given, ask)
    if values == existing:
        path.chmod(0o600)
        say(f"{path}: nothing to change")
    else:
        env_file.write(path, env_file.rendered(in_sections(values)))
        say(f"{path}: {'changed' if existing else 'written'} (mode 600)")
    return values


def management_key(given: str | None, settings: Settings) -> str:
    """Used and not kept: a client's container has no business with the key of the whole account."""
    return given or settings.openrouter_management_key.get_secret_value()


def create_key(path: Path, given_key: str | None, say: Say) -> bool:
    """Make the client's OpenRouter key and keep it in `.env`. False: told as steps by hand."""
    settings = ledger.settings_of(path)
    wanted = account.wanted_of(settings)
    if settings.openrouter_api_key.get_secret_value():
        say("OpenRouter key: there already (OPENROUTER_API_KEY)")
        return True
    secret = management_key(given_key, settings)
    if not secret:
        say("No management key (OPENROUTER_MANAGEMENT_KEY or --management-key).")
        say(account.key_steps(wanted, settings.openrouter_api_url))
        return False
    try:
        with OpenRouterAdmin(settings.openrouter_api_url, secret) as admin:
            key, api_key = account.make_key(admin, wanted)
    except Unreachable as error:
        say(f"{error}.")
        say(account.key_steps(wanted, settings.openrouter_api_url))
        return False
    keep(path, {"OPENROUTER_API_KEY": api_key, "OPENROUTER_KEY_HASH": key.hash})
    limit = "no limit" if wanted.monthly_limit is None else f"{wanted.monthly_limit} USD a month"
    say(f"OpenRouter key made: {key.name}, {limit}. Shown once, kept in {path}:\n  {api_key}")
    return True


def create_broadcast(path: Path, given_key: str | None, say: Say) -> bool:
    """Make the destination that sends this client's generations here. False: told as steps by hand."""
    settings = ledger.settings_of(path)
    wanted = account.wanted_of(settings)
    secret = management_key(given_key, settings)
    known_hash = settings.openrouter_key_hash or None
    if not secret:
        say("No management key (OPENROUTER_MANAGEMENT_KEY or --management-key).")
        say(account.destination_steps(wanted, settings.openrouter_api_url, known_hash))
        return False
    api_key = settings.openrouter_api_key.get_secret_value()
    if not (known_hash or api_key):
        say("The destination is filtered by the client's key, and there is none yet (--create-key, --api-key).")
        say(account.destination_steps(wanted, settings.openrouter_api_url, None))
        return False
    try:
        with OpenRouterAdmin(settings.openrouter_api_url, secret) as admin:
            key_hash = known_hash or account.find_hash(admin, api_key)
            outcome = account.make_destination(admin, wanted, key_hash)
    except Unreachable as error:
        say(f"{error}.")
        say(account.destination_steps(wanted, settings.openrouter_api_url, known_hash))
        return False
    if not known_hash:
        keep(path, {"OPENROUTER_KEY_HASH": key_hash})
    say(f"Broadcast destination {outcome}: {wanted.destination_name} -> {wanted.webhook_url}, privacy mode on")
    return True


def keep(path: Path, values: Mapping[str, str]) -> None:
    """Into `.env` at once: a key that is told once must not be lost to a crash a step later."""
    env_file.write(path, env_file.rendered(in_sections({**env_file.read(path), **values})))


def asked_management_key(given: str | None, interactive: bool) -> str | None:
    """Typed unseen, when nobody told it and a person is there."""
    if given or os.environ.get("OPENROUTER_MANAGEMENT_KEY") or not interactive:
        return given
    return getpass.getpass("OpenRouter management key (empty: show the steps by hand): ").strip() or None
