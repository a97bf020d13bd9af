"""What the started processes are told: one environment for all of them, so that they agree."""

from __future__ import annotations

import secrets
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from mai_core.settings import Settings

LOOPBACK = "127.0.0.1"

DEMO_FOLDER = "demo"

OUTSIDE = (
    "CLIENT_ORG_ID",
    "ORGANIZATION_NAME",
    "OPENROUTER_EXTERNAL_USER",
    "OPENROUTER_API_KEY",
    "OPENROUTER_MANAGEMENT_KEY",
    "OPENROUTER_WEBHOOK_SECRET_PREVIOUS",
    "MAI_CLIENT_TOKEN",
    "MAI_PUBLIC_URL",
    "MAI_SECRET_KEY",
    "DATABASE_URL",
    "INFLUXDB_URL",
    "REPORTING_URL",
    "SMTP_HOST",
    "ALERT_WEBHOOK_URL",
)
"""Emptied in demo mode: invented data must not reach a real client, mailbox, bucket or database. An empty variable
wins over `.env`."""


@dataclass(frozen=True, slots=True)
class Plan:
    """Where the processes listen and in which mode."""

    host: str
    api_port: int
    app_port: int
    demo: bool
    data_dir: Path
    ledger: Path

    @property
    def api_url(self) -> str:
        return f"http://{_reachable(self.host)}:{self.api_port}"

    @property
    def app_url(self) -> str:
        return f"http://{_reachable(self.host)}:{self.app_port}"


def _reachable(host: str) -> str:
    return LOOPBACK if host == "0.0.0.0" else host


def plan_of(settings: Settings, *, demo: bool, api_port: int, app_port: int) -> Plan:
    """A demo listens on loopback only and keeps its data apart from the real ledger."""
    if not demo:
        return Plan(settings.mai_host, api_port, app_port, False, settings.mai_data_dir, settings.usage_summary_db)
    folder = settings.mai_data_dir / DEMO_FOLDER
    return Plan(LOOPBACK, api_port, app_port, True, folder, folder / settings.usage_summary_db.name)


def child_environment(plan: Plan, environ: Mapping[str, str]) -> dict[str, str]:
    told = {
        "MAI_HOST": plan.host,
        "API_PORT": str(plan.api_port),
        "APP_PORT": str(plan.app_port),
        "MAI_API_URL": plan.api_url,
        "MAI_DEMO": "true" if plan.demo else "false",
        "MAI_DATA_DIR": str(plan.data_dir.absolute()),
        "USAGE_SUMMARY_DB": str(plan.ledger.absolute()),
        "PYTHONUNBUFFERED": "1",
        "PATH": f"{Path(sys.executable).parent}:{environ.get('PATH', '/usr/bin:/bin')}",
    }
    if plan.demo:
        told |= dict.fromkeys(OUTSIDE, "")
        told |= {
            "MAI_ROLE": "hub",
            "OPENROUTER_WEBHOOK_SECRET": f"demo-{secrets.token_hex(12)}",
            "MAI_OPERATOR_TOKEN": environ.get("MAI_OPERATOR_TOKEN") or f"demo-{secrets.token_hex(12)}",
        }
    return {**environ, **told}
