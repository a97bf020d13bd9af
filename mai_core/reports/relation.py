"""The relation `usage` (and its neighbours) inside one cursor of R: sealed Parquet and open rows, one shape."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date

import pyarrow as pa

from mai_core.reports.engine import Connection, literal, literals
from mai_core.reports.periods import local_offsets
from mai_core.reports.snapshot import OPEN_COLUMNS, SealedFile, Snapshot

Locate = Callable[[str, str], str]
"""(kind, file of the list) -> path or URL of the Parquet file, in the lake that the viewer may see."""

SHARED_COLUMNS = (
    *(name for name in OPEN_COLUMNS if name != "raw_pusd"),
    "charged_ppln",
    "rate",
    "rate_table",
    "provisional",
)

HOUR_COLUMNS = ("client_org_id", "day", "quarter", "requests", "total_tokens", "charged_pusd")
"""`quarter`: quarters of an hour since 1970; the client's clock is applied when it is read."""


@dataclass(frozen=True, slots=True)
class Filters:
    models: Sequence[str] = ()
    people: Sequence[str] = ()
    departments: Sequence[str] = ()
    providers: Sequence[str] = ()

    @property
    def facets(self) -> set[str]:
        found = set()
        if self.people or self.departments:
            found.add("user")
        if self.models or self.providers:
            found.add("model")
        return found


def columns(with_cost: bool) -> tuple[str, ...]:
    return (*SHARED_COLUMNS, "raw_pusd") if with_cost else SHARED_COLUMNS


def create_usage(cursor: Connection, snapshot: Snapshot, locate: Locate, with_cost: bool) -> None:
    """Temporary relations of this cursor: people, clients, rates, all_usage."""
    bring_rows(cursor, snapshot, with_cost)
    narrow_usage(cursor, snapshot, locate, with_cost, None, snapshot.first, snapshot.last)


def bring_rows(cursor: Connection, snapshot: Snapshot, with_cost: bool) -> None:
    """All that does not stand in Parquet, in place of what an earlier snapshot brought."""
    cursor.register("people", snapshot.people)
    cursor.register("clients", snapshot.clients)
    cursor.register("rates", snapshot.rates.table)
    cursor.register("arrived_rows", snapshot.rates.beside(snapshot.open_rows))
    cursor.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE open_rows AS
        SELECT * EXCLUDE (rate_units, provisional{", raw_pusd" if with_cost else ""}),
               TRY_CAST(in_pln(charged_pusd, rate_units) AS BIGINT) AS charged_ppln,
               coalesce(provisional, true) AS provisional{", raw_pusd" if with_cost else ""}
        FROM arrived_rows
        """
    )


def narrow_usage(
    cursor: Connection,
    snapshot: Snapshot,
    locate: Locate,
    with_cost: bool,
    client: str | None,
    first: date,
    last: date,
) -> None:
    """`all_usage` of a part of the snapshot: opens no more files than that part stands in."""
    names = ", ".join(columns(with_cost))
    files = [file for file in snapshot.files if client in (None, file.client_org_id)]
    files = [file for file in files if file.days[0] <= last and file.days[-1] >= first]
    of_client = "" if client is None else f" AND client_org_id = {literal(client)}"
    parts = [f"SELECT {names} FROM open_rows WHERE day BETWEEN {literal(first)} AND {literal(last)}{of_client}"]
    parts += [
        f"SELECT {names} FROM {part}" for part in sealed_parts(files, first, last, lambda file: locate("days", file))
    ]
    cursor.execute("CREATE OR REPLACE TEMP VIEW all_usage AS " + " UNION ALL ".join(parts))


def sealed_parts(files: Sequence[SealedFile], first: date, last: date, locate: Callable[[str], str]) -> list[str]:
    """FROM clauses over Parquet: whole files together, a file with days taken out of the list apart."""
    between = f"day BETWEEN {literal(first)} AND {literal(last)}"
    whole = [locate(file.file) for file in files if file.is_whole]
    parts = [f"read_parquet([{literals(whole)}]) WHERE {between}"] if whole else []
    for file in files:
        if not file.is_whole:
            listed = ", ".join(f"DATE {literal(day)}" for day in file.days if first <= day <= last)
            if listed:
                parts.append(f"read_parquet({literal(locate(file.file))}) WHERE day IN ({listed})")
    return parts


def filtered_sql(facets: set[str], filters: Filters, kind: str = "usage") -> str:
    """All usage, or one of its roll-ups, for one question, with imported history from the one facet that serves its
    keys and filters."""
    imported = facet_of(facets, filters.facets)
    conditions = [f"facet IN ({literals(['event', imported])})", *_conditions(filters)]
    return f"SELECT * FROM all_{kind} WHERE {' AND '.join(conditions)}"


def facet_of(keys: set[str], filters: set[str]) -> str:
    """Marginals of imported history cannot be joined: a filter decides first, then people, then models.

    Keys of two kinds show it by person without a model; filters of two kinds match nothing of it.
    """
    if len(filters) > 1:
        return "none"
    return next(iter(filters), None) or next((key for key in ("user", "model") if key in keys), "client")


def _conditions(filters: Filters, *, own_user_id: str = "user_id") -> list[str]:
    conditions = []
    if filters.models:
        conditions.append(f"model IN ({literals(filters.models)})")
    if filters.providers:
        conditions.append(f"provider IN ({literals(filters.providers)})")
    if filters.people:
        conditions.append(_of_people(filters.people, own_user_id))
    if filters.departments:
        conditions.append(_of_departments(filters.departments))
    return conditions


def _of_people(people: Sequence[str], own_user_id: str) -> str:
    """By user id or external id. The empty name is what nobody is known for, and not the empty user id of every row
    that came with an external one."""
    named = literals(people)
    by_external_id = f" OR person IN ({literals(filter(None, people))})" if any(people) else ""
    return (
        f"(coalesce(nullif({own_user_id}, ''), person) IN ({named}){by_external_id} OR (client_org_id, person) IN "
        f"(SELECT (p.client_org_id, p.person) FROM people AS p WHERE p.user_id IN ({named})))"
    )


def _of_departments(departments: Sequence[str]) -> str:
    """The empty name is everybody without a department, whom the directory does not know included."""
    members = "(client_org_id, person) {} (SELECT (p.client_org_id, p.person) FROM people AS p WHERE p.department {})"
    of_named = members.format("IN", f"IN ({literals(departments)})")
    return of_named if "" not in departments else f"({of_named} OR {members.format('NOT IN', 'IS NOT NULL')})"


def create_generations(
    cursor: Connection, snapshot: Snapshot, first: date, last: date, live: pa.Table, locate: Locate, filters: Filters
) -> None:
    """Without raw cost: `generations`, `hours` (by quarter of an hour), `local_offsets`."""
    cursor.register("live_generations", live)
    cursor.register("local_offsets", local_offsets(snapshot.clients, first, last))
    conditions = _conditions(filters, own_user_id="person")
    _unite(cursor, snapshot, first, last, locate, "generations", "SELECT * FROM live_generations", conditions)
    if conditions:
        cursor.execute(f"CREATE OR REPLACE TEMP VIEW hours AS {by_quarter('generations')}")
    else:
        _unite(cursor, snapshot, first, last, locate, "hours", by_quarter("live_generations"), [])


def by_quarter(generations: str) -> str:
    """The rows of `hours` that a relation of generations makes."""
    return f"""
        SELECT client_org_id, day, at_ms // 900000 AS quarter, count(*)::BIGINT AS requests,
            sum(input_tokens + output_tokens)::BIGINT AS total_tokens,
            TRY_CAST(sum(charged_pusd) AS BIGINT) AS charged_pusd
        FROM {generations} GROUP BY ALL"""


def _unite(
    cursor: Connection,
    snapshot: Snapshot,
    first: date,
    last: date,
    locate: Locate,
    kind: str,
    fresh: str,
    conditions: list[str],
) -> None:
    parts = sealed_parts(snapshot.files, first, last, lambda file: locate(kind, file))
    names = "*" if kind == "generations" else ", ".join(HOUR_COLUMNS)
    union = " UNION ALL BY NAME ".join([f"({fresh})", *(f"SELECT {names} FROM {part}" for part in parts)])
    where = " AND ".join(conditions) or "true"
    cursor.execute(f"CREATE OR REPLACE TEMP VIEW {kind} AS SELECT * FROM ({union}) WHERE {where}")
