"""What the batch does, in order. A step is a plain function of (context, unit) that returns what it did; it may be
killed anywhere and run again, because it looks at the ledger and not at what a former run meant to do.
"""

from __future__ import annotations

from dataclasses import asdict
from datetime import date
from typing import Any

from mai_core import archive, backup, cleanup, rebuilding
from mai_core.batch.context import (
    Context,
    Step,
    Unit,
    each_client,
    each_client_day,
    each_client_named_day,
    whole_installation,
)
from mai_core.days import month_of
from mai_core.influx.comparing import top_up_day
from mai_core.influx.server import Server
from mai_core.money import decimal_text
from mai_core.price_refresh import refresh_prices
from mai_core.rate_refresh import refresh_rates
from mai_core.reconciliation import run as reconciliation
from mai_core.reports import sealing, upkeep
from mai_core.store import months


def rates(context: Context, unit: Unit) -> dict[str, Any]:
    return _told(asdict(refresh_rates(context.installation)))


def prices(context: Context, unit: Unit) -> dict[str, Any]:
    return _told(asdict(refresh_prices(context.installation)))


def _told(refreshed: dict[str, Any]) -> dict[str, Any]:
    """What a refresh says of itself; with an `error` the step failed, and what was known stays."""
    return {name: _text(value) for name, value in refreshed.items() if name != "ok" and value not in (None, ())}


def _text(value: Any) -> Any:
    if isinstance(value, tuple):
        return [_text(item) for item in value]
    return value.isoformat() if isinstance(value, date) else value


def days_of_influx(context: Context) -> list[Unit]:
    return each_client_named_day(context) if context.installation.settings.influx_enabled else []


def influx(context: Context, unit: Unit) -> dict[str, Any]:
    """What InfluxDB has and the ledger lacks comes in before the day is closed; what InfluxDB lacks is sent again."""
    client_org_id, day = unit.client_day
    server = Server(context.installation.settings)
    try:
        imported = top_up_day(context.installation, server, client_org_id, day)
    finally:
        server.close()
    return {"new": imported.new, "known": imported.known, "refused": imported.refused[:20]}


def rebuild(context: Context, unit: Unit) -> dict[str, Any]:
    client_org_id, day = unit.client_day
    detail = rebuilding.rebuild_day(context.installation, client_org_id, day, context.read_ahead(unit))
    if "read_ahead" not in detail:
        context.drop_ahead(unit)
    context.worked = context.worked or "skipped" not in detail
    return detail


def month_totals(context: Context, unit: Unit) -> dict[str, Any]:
    """The months of the days that were just validated, as they stand now; kept on the run, for whoever asks later."""
    touched = sorted({month_of(day) for day in context.days_of(unit.client_org_id)})
    with context.installation.store.read() as db:
        totals = {month: months.totals(db, str(unit.client_org_id), month) for month in touched}
    return {
        month: {
            "requests": total.requests,
            "raw_usd": decimal_text(total.raw_pusd),
            "charged_usd": decimal_text(total.charged_pusd),
            "days": total.days,
        }
        for month, total in totals.items()
    }


def back_up(context: Context, unit: Unit) -> dict[str, Any]:
    if not context.worked and backup.is_recent(context.installation):
        return {"skipped": "nothing was closed since the last verified backup"}
    return backup.backup_now(context.installation)


def archive_events(context: Context, unit: Unit) -> dict[str, Any]:
    client_org_id, day = unit.client_day
    return archive.archive_day(context.installation, client_org_id, day, context.was_read_ahead(unit))


def verify_archive(context: Context, unit: Unit) -> dict[str, Any]:
    client_org_id, day = unit.client_day
    return archive.verify_day(context.installation, client_org_id, day, context.compare_ahead(unit))


def seal(context: Context, unit: Unit) -> dict[str, Any]:
    """Validated and archived days move to Parquet; one whose rate is not final waits in the ledger."""
    client_org_id = str(unit.client_org_id)
    done = sealing.seal(context.installation, client_org_id, context.days_of(client_org_id))
    if not done.files and not done.waiting:
        return {"skipped": "sealed and unchanged since"}
    return {
        "days": len(done.days),
        "files": done.files,
        "waiting": {day.isoformat(): reason for day, reason in done.waiting.items()},
    }


def publish(context: Context, unit: Unit) -> dict[str, Any]:
    """The months of closed years become one file, the manifest names today's files, replaced ones are deleted."""
    return upkeep.tidy(context.installation)


def clean_up(context: Context, unit: Unit) -> dict[str, Any]:
    return cleanup.clean_up(context.installation)


def reconcile(context: Context, unit: Unit) -> dict[str, Any]:
    return reconciliation.reconcile(context.installation)


STEPS: tuple[Step, ...] = (
    Step("rates", whole_installation, rates),
    Step("prices", whole_installation, prices),
    Step("influx", days_of_influx, influx),
    Step("rebuild", each_client_day, rebuild),
    Step("months", each_client, month_totals),
    Step("backup", whole_installation, back_up),
    Step("archive", each_client_day, archive_events),
    Step("verify", each_client_day, verify_archive),
    Step("seal", each_client, seal),
    Step("publish", whole_installation, publish),
    Step("cleanup", whole_installation, clean_up),
    Step("reconciliation", whole_installation, reconcile),
)
