"""Reads for the checks that also run in production. Nothing is added up in SQLite, whose SUM overflows."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from mai_core.store.connection import Db, dicts, rows
from mai_core.store.ledger import DayKey, Facts

_EVENT_FACTS = (
    "SELECT client_org_id, usage_date, external_user, model, provider, 1, input_tokens, output_tokens, cached_tokens,"
    " cache_write_tokens, reasoning_tokens, raw_pusd, charged_pusd, cost_basis = 'unpriced', is_byok IS 1"
    " FROM usage_events WHERE held = 0"
)
_DAY_FACTS = f"SELECT {', '.join((*DayKey._fields, *Facts._fields))} FROM usage_daily"


def event_facts(db: Db) -> Iterator[tuple[DayKey, Facts]]:
    for row in db.cursor().execute(_EVENT_FACTS):
        yield DayKey(*row[:5]), Facts(*row[5:])


def day_facts(db: Db) -> Iterator[tuple[DayKey, Facts]]:
    for row in db.cursor().execute(_DAY_FACTS):
        yield DayKey(*row[:5]), Facts(*row[5:])


def removed_days(db: Db) -> list[dict[str, Any]]:
    """Days whose events are in the archive only."""
    return dicts(
        db,
        "SELECT client_org_id, usage_date, rows, sum_raw, sum_charged FROM archives"
        " WHERE events_removed_at_ms IS NOT NULL",
    )


class SummaryRow(NamedTuple):
    """What a row of a legacy view must show."""

    tokens: int
    requests: int
    raw_pusd: int
    charged_pusd: int


_SOURCES = {
    "client_daily_usage": (
        "SELECT client_org_id || ':' || usage_date, input_tokens + output_tokens, requests, raw_pusd, charged_pusd"
        " FROM usage_daily UNION ALL SELECT client_org_id || ':' || usage_date, total_tokens, total_requests,"
        " raw_pusd, charged_pusd FROM imported_days WHERE facet = 'client'"
    ),
    "client_user_daily_usage": (
        "SELECT d.client_org_id || ':' || coalesce(m.user_id, d.external_user) || ':' || d.usage_date,"
        " d.input_tokens + d.output_tokens, d.requests, d.raw_pusd, d.charged_pusd FROM usage_daily AS d"
        " LEFT JOIN user_client_mapping AS m ON m.client_org_id = d.client_org_id"
        " AND m.openrouter_user_id = d.external_user UNION ALL SELECT client_org_id || ':' || user_id || ':' ||"
        " usage_date, total_tokens, total_requests, raw_pusd, charged_pusd FROM imported_days WHERE facet = 'user'"
    ),
    "client_model_daily_usage": (
        "SELECT client_org_id || ':' || model || ':' || usage_date, input_tokens + output_tokens, requests, raw_pusd,"
        " charged_pusd FROM usage_daily UNION ALL SELECT client_org_id || ':' || model || ':' || usage_date,"
        " total_tokens, total_requests, raw_pusd, charged_pusd FROM imported_days WHERE facet = 'model'"
    ),
}
VIEWS = tuple(_SOURCES)


def summary_sources(db: Db, view: str) -> Iterator[tuple[str, SummaryRow]]:
    for row in db.cursor().execute(_SOURCES[view]):
        yield str(row[0]), SummaryRow(*row[1:])


def summary_rows(db: Db, view: str) -> Iterator[tuple[str, int, int, float, float]]:
    query = f"SELECT id, total_tokens, total_requests, raw_cost, markup_cost FROM {view}"
    yield from db.cursor().execute(query)


def orphans(db: Db) -> list[tuple[str, int | None, str]]:
    """(table, row, table it refers to) of every reference into nothing."""
    return [(table, row, parent) for table, row, parent, _ in rows(db, "PRAGMA foreign_key_check")]


def people_without_mapping(db: Db) -> list[tuple[str, str]]:
    return rows(
        db,
        "SELECT DISTINCT d.client_org_id, d.external_user FROM usage_daily AS d LEFT JOIN user_client_mapping AS m"
        " ON m.client_org_id = d.client_org_id AND m.openrouter_user_id = d.external_user"
        " WHERE d.external_user <> '' AND m.id IS NULL",
    )


def tables_with_clients(db: Db) -> list[str]:
    """Every table that names a client; the audit log may name ones that never came to be."""
    found = rows(
        db,
        "SELECT t.name FROM sqlite_master AS t JOIN pragma_table_info(t.name) AS c"
        " WHERE t.type = 'table' AND c.name = 'client_org_id' AND t.name <> 'audit_log' ORDER BY t.name",
    )
    return [str(name) for (name,) in found]


def unknown_clients(db: Db, table: str) -> list[str]:
    found = rows(
        db,
        f"SELECT DISTINCT client_org_id FROM {table} WHERE client_org_id IS NOT NULL"
        " AND client_org_id NOT IN (SELECT id FROM client_organizations)",
    )
    return [str(client) for (client,) in found]


def forgotten_events(db: Db, since_day: str) -> list[tuple[str, str]]:
    """Events of the last days that the dedupe memory does not know: they could be counted again."""
    return rows(
        db,
        "SELECT e.client_org_id, e.generation_id FROM usage_events AS e LEFT JOIN processed_generations AS p"
        " ON p.client_org_id = e.client_org_id AND p.id = e.generation_id WHERE e.usage_date >= ? AND p.id IS NULL",
        (since_day,),
    )


def conflicts_about_nothing(db: Db) -> list[tuple[str, str, str]]:
    return rows(
        db,
        "SELECT c.client_org_id, c.generation_id, c.field FROM conflicts AS c WHERE c.state = 'open' AND NOT EXISTS"
        " (SELECT 1 FROM usage_events AS e WHERE e.client_org_id = c.client_org_id"
        " AND e.generation_id = c.generation_id) AND NOT EXISTS (SELECT 1 FROM archives AS a"
        " WHERE a.client_org_id = c.client_org_id AND a.events_removed_at_ms IS NOT NULL)",
    )


def marked_up(db: Db) -> Iterator[tuple[str, str, int, str, int]]:
    """client, generation, raw, markup, charged of every event whose charge is its raw cost times a markup."""
    query = (
        "SELECT client_org_id, generation_id, raw_pusd, markup, charged_pusd FROM usage_events"
        " WHERE markup_from IN ('client', 'environment', 'global', 'default') AND cost_basis <> 'given'"
    )
    yield from db.cursor().execute(query)


def sealed(db: Db) -> dict[str, dict[str, tuple[int, str, str]]]:
    """client -> day -> what the sealed files hold: rows, raw, charged."""
    clients: dict[str, dict[str, tuple[int, str, str]]] = {}
    for client, day, count, raw, charged in db.execute(
        "SELECT client_org_id, usage_date, rows, sum_raw, sum_charged FROM sealed_days"
    ):
        clients.setdefault(client, {})[day] = (count, raw, charged)
    return clients


def invoiced(db: Db) -> set[tuple[str, str]]:
    return {(client, month) for client, month in db.execute("SELECT client_org_id, month FROM invoiced_months")}


def counts(db: Db) -> dict[str, Any]:
    """What a ledger holds, for people who ask which file they are looking at."""
    found = dicts(
        db,
        "SELECT (SELECT count(*) FROM client_organizations) AS clients,"
        " (SELECT count(*) FROM usage_events) AS events, (SELECT min(at_ms) FROM usage_events) AS first_event_ms,"
        " (SELECT max(at_ms) FROM usage_events) AS last_event_ms, (SELECT count(*) FROM usage_daily) AS days,"
        " (SELECT count(*) FROM imported_days) AS imported,"
        " (SELECT count(*) FROM quarantine WHERE state = 'waiting') AS quarantined,"
        " (SELECT count(*) FROM outbox) AS outbox",
    )
    return found[0]
