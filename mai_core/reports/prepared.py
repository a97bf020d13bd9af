"""A connection on which the relations of a snapshot stand ready: made once, asked many times."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from datetime import date

from mai_core.reports.engine import Connection, DuckDBError
from mai_core.reports.lake import Half
from mai_core.reports.relation import Filters, create_usage, filtered_sql, narrow_usage
from mai_core.reports.roll_ups import FOREIGN_FACET, create_roll_up
from mai_core.reports.snapshot import Snapshot


class Prepared:
    """Pages of some of its days may use it one after the other, never at the same time."""

    def __init__(self, connect: Callable[[], Connection], half: Half, snapshot: Snapshot, with_cost: bool) -> None:
        self.snapshot = snapshot
        self._connect, self._half, self._with_cost = connect, half, with_cost
        self._cursor: Connection | None = None
        self._views: dict[str, str] = {}
        self._rolled_up: set[str] = set()

    def close(self) -> None:
        """It opens again when it is asked again."""
        if self._cursor is not None:
            with suppress(DuckDBError):
                self._cursor.close()
            self._cursor = None
            self._views.clear()
            self._rolled_up.clear()

    def usage(self, facets: set[str], filters: Filters) -> Connection:
        """`usage` stands for keys of these facets and these filters."""
        if self._cursor is None:
            cursor = self._connect()
            create_usage(cursor, self.snapshot, self._half.locate, self._with_cost)
            self._cursor = cursor
        self._view(self._cursor, "usage", filtered_sql(facets, filters))
        return self._cursor

    def roll_up(self, cursor: Connection, kind: str, facets: set[str], filters: Filters) -> None:
        """`usage_people` or `usage_models` beside `usage`."""
        name = f"usage_{kind}"
        if FOREIGN_FACET[kind] in filters.facets:
            self._view(cursor, name, "SELECT * FROM usage")
            return
        if kind not in self._rolled_up:
            create_roll_up(cursor, kind, self.snapshot, self._half, self._with_cost)
            self._rolled_up.add(kind)
        self._view(cursor, name, filtered_sql(facets, filters, kind))

    def narrow(self, cursor: Connection, client: str, first: date, last: date) -> None:
        """From now on `usage` is a part of it: one client, fewer days."""
        narrow_usage(cursor, self.snapshot, self._half.locate, self._with_cost, client, first, last)

    def _view(self, cursor: Connection, name: str, sql: str) -> None:
        if self._views.get(name) != sql:
            cursor.execute(f"CREATE OR REPLACE TEMP VIEW {name} AS {sql}")
            self._views[name] = sql
