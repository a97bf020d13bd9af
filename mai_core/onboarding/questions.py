"""What set-up asks, in order; every question has a flag, so that it also runs unattended."""

from __future__ import annotations

import argparse
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from mai_core.errors import BadValue, MaiError
from mai_core.ids import client_org_id
from mai_core.onboarding.env_file import require_one_line
from mai_core.settings import load_settings

Values = Mapping[str, str]

DEFAULT_LEDGER = "data/usage_summary.db"
"""Below the working folder: in the image that is /app, and /app/data its volume."""


NO_FILE = Path("/dev/null")


def _nothing(_: Values) -> str:
    return ""


def _always(text: str) -> Callable[[Values], str]:
    return lambda _: text


def _new_secret(_: Values) -> str:
    return secrets.token_urlsafe(32)


@dataclass(frozen=True, slots=True)
class Question:
    variable: str
    flag: str
    text: str
    section: str
    default: Callable[[Values], str] = _nothing
    asked: bool = True
    """False: made up or looked up by set-up; a flag can still tell it."""


QUESTIONS = (
    Question("ORGANIZATION_NAME", "--organization-name", "Name of the organisation", "Client"),
    Question(
        "CLIENT_ORG_ID",
        "--client-id",
        "Its id",
        "Client",
        default=lambda told: client_org_id(told["ORGANIZATION_NAME"]),
    ),
    Question(
        "OPENROUTER_EXTERNAL_USER",
        "--external-user",
        "Prefix of its people's ids at OpenRouter",
        "Client",
        default=lambda told: told["CLIENT_ORG_ID"],
    ),
    Question("USAGE_MARKUP_MULTIPLIER", "--markup", "Markup agreed (empty: the usual 1.3)", "Client"),
    Question("SPENDING_LIMIT", "--monthly-limit", "Monthly limit in USD (empty: none)", "Client"),
    Question("OPENROUTER_API_KEY", "--api-key", "Its OpenRouter key (empty: not yet)", "OpenRouter"),
    Question("OPENROUTER_KEY_HASH", "--key-hash", "Hash of that key at OpenRouter", "OpenRouter", asked=False),
    Question(
        "OPENROUTER_WEBHOOK_SECRET",
        "--webhook-secret",
        "Secret that opens the webhook",
        "OpenRouter",
        default=_new_secret,
        asked=False,
    ),
    Question("MAI_PUBLIC_URL", "--public-url", "Address under which people will open the pages", "Addresses"),
    Question(
        "MAI_WEBHOOK_URL",
        "--webhook-url",
        "Address at which OpenRouter will reach the webhook",
        "Addresses",
        default=lambda told: f"{told['MAI_PUBLIC_URL']}/webhooks/openrouter" if told.get("MAI_PUBLIC_URL") else "",
    ),
    Question("NBP_SERVICE_URL", "--nbp-service-url", "Shared exchange-rate service (empty: NBP itself)", "Addresses"),
    Question("USAGE_SUMMARY_DB", "--database", "The ledger's file", "Data", default=_always(DEFAULT_LEDGER)),
    Question("DATABASE_URL", "--open-webui-database", "Open WebUI's webui.db, for names (empty: none)", "Data"),
    Question("INFLUXDB_URL", "--influxdb-url", "InfluxDB for raw events (empty: none)", "Data"),
    Question("INFLUXDB_TOKEN", "--influxdb-token", "Its token", "Data", asked=False),
    Question("INFLUXDB_ORG", "--influxdb-org", "Its organisation", "Data", asked=False),
    Question("INFLUXDB_BUCKET", "--influxdb-bucket", "Its bucket", "Data", asked=False),
    Question("DAILY_BATCH_TIME", "--batch-time", "Time of the daily batch", "Daily batch", default=_always("13:00")),
    Question(
        "DAILY_BATCH_TIMEZONE",
        "--batch-timezone",
        "In which time zone",
        "Daily batch",
        default=_always("Europe/Warsaw"),
    ),
    Question(
        "MAI_CLIENT_TOKEN",
        "--client-token",
        "API token of the client's manager",
        "Access",
        default=_new_secret,
        asked=False,
    ),
    Question(
        "MAI_OPERATOR_TOKEN",
        "--operator-token",
        "API token of the operator",
        "Access",
        default=_new_secret,
        asked=False,
    ),
    Question("MAI_SECRET_KEY", "--secret-key", "Encrypts stored keys", "Access", default=_new_secret, asked=False),
)

REQUIRED = ("ORGANIZATION_NAME",)

Ask = Callable[[str, str], str]
"""(question, answer that stands) -> answer."""


def add_flags(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("answers (asked for when missing and a terminal is there)")
    for question in QUESTIONS:
        text = f"{question.text}: {question.variable}"
        group.add_argument(question.flag, dest=question.variable, metavar="VALUE", help=text)


def given_in(args: argparse.Namespace) -> dict[str, str]:
    told = vars(args)
    return {one.variable: told[one.variable] for one in QUESTIONS if told.get(one.variable) is not None}


def answered(existing: Values, given: Values, ask: Ask | None) -> dict[str, str]:
    """All values: a flag wins over what stands, what stands over a default. Nothing that stands is made anew."""
    values = dict(existing)
    for question in QUESTIONS:
        value = given.get(question.variable) or existing.get(question.variable)
        if value is None and question.variable not in REQUIRED:
            value = question.default(values)
        if ask is not None and question.asked and question.variable not in given:
            value = _asked(question, value or "", values, ask)
        if not value and question.variable in REQUIRED:
            raise BadValue(question.flag, f"is missing ({question.text})")
        values[question.variable] = _checked(question, value or "", values)
    return {name: value for name, value in values.items() if value}


def _asked(question: Question, standing: str, values: Values, ask: Ask) -> str:
    while True:
        answer = ask(question.text, standing).strip() or standing
        if not answer and question.variable in REQUIRED:
            continue
        try:
            return _checked(question, answer, values)
        except MaiError as error:
            ask(f"{error}. Enter to try again", "")


def _checked(question: Question, value: str, values: Values) -> str:
    """The value, if the program that will read it can take it."""
    require_one_line(value, question.variable)
    load_settings({**values, question.variable: value}, NO_FILE)
    return value


def in_sections(values: Values) -> dict[str, dict[str, str]]:
    """The file's groups; what set-up does not know of stays, at the end."""
    sections: dict[str, dict[str, str]] = {}
    for question in QUESTIONS:
        if values.get(question.variable):
            sections.setdefault(question.section, {})[question.variable] = values[question.variable]
    known = {question.variable for question in QUESTIONS}
    others = {name: value for name, value in values.items() if name not in known}
    return {**sections, "Also set": others} if others else sections
