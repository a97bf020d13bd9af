"""The relation `usage` (and its neighbours) inside one cursor of R: sealed Parquet and open rows, one shape."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date

from mai_core.reports.engine import Connection, literal, literals
from mai_core.reports.snapshot import OPEN_COLUMNS, SealedFile, Snapshot

Locate = Callable[[str, str], str]
"""(kind, file of the list) -> path or URL of the Parquet file, in the lake that the viewer may see."""

SHARED_COLUMNS = (*(name for name in OPEN_COLUMNS if name != "raw_pusd"), "charged_ppln", "rate_table", "provisional")


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
    cursor.register("people", snapshot.people)
    cursor.register("clients", snapshot.clients)
    cursor.register("rates", snapshot.rates.table)
    cursor.register("arrived_rows", snapshot.open_rows)
    raw = ", raw_pusd" if with_cost else ""
    cursor.execute(
        f"""
        CREATE TEMP TABLE open_rows AS
        SELECT a.* {"EXCLUDE (raw_pusd)" if with_cost else ""}, in_pln(a.charged_pusd, r.rate_units) AS charged_ppln,
               r.rate_table, coalesce(r.provisional, true) AS provisional{raw}
        FROM arrived_rows AS a LEFT JOIN rates AS r ON r.client_org_id = a.client_org_id AND r.day = a.day
        """
    )
    names = ", ".join(columns(with_cost))
    parts = [f"SELECT {names} FROM open_rows"] + [
        f"SELECT {names} FROM {part}"
        for part in sealed_parts(snapshot.files, snapshot.first, snapshot.last, lambda file: locate("days", file))
    ]
    cursor.execute("CREATE TEMP VIEW all_usage AS " + " UNION ALL ".join(parts))


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


def create_filtered(cursor: Connection, facets: set[str], filters: Filters) -> None:
    """`usage` for one question: imported history from the one facet that serves its keys and filters.

    Marginals cannot be joined: keys of two kinds leave imported history out.
    """
    wanted = facets | filters.facets
    imported = [] if len(wanted) > 1 else [next(iter(wanted), "client")]
    conditions = [f"facet IN ({literals(['event', *imported])})"]
    if filters.models:
        conditions.append(f"model IN ({literals(filters.models)})")
    if filters.providers:
        conditions.append(f"provider IN ({literals(filters.providers)})")
    if filters.people:
        named = literals(filters.people)
        conditions.append(
            f"(person IN ({named}) OR user_id IN ({named}) OR (client_org_id, person) IN "
            f"(SELECT (p.client_org_id, p.person) FROM people AS p WHERE p.user_id IN ({named})))"
        )
    if filters.departments:
        conditions.append(
            "(client_org_id, person) IN (SELECT (p.client_org_id, p.person) FROM people AS p "
            f"WHERE coalesce(p.department, '') IN ({literals(filters.departments)}))"
        )
    cursor.execute(f"CREATE OR REPLACE TEMP VIEW usage AS SELECT * FROM all_usage WHERE {' AND '.join(conditions)}")
