"""A connection on which the relations of a snapshot stand ready: made once, asked many times."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from datetime import date

from mai_core.reports.engine import Connection, DuckDBError
from mai_core.reports.lake import Half
from mai_core.reports.relation import Filters, bring_rows, create_usage, filtered_sql, narrow_usage
from mai_core.reports.roll_ups import FOREIGN_FACET, create_roll_up, relations_in
from mai_core.reports.snapshot import Snapshot


class Prepared:
    """Pages of some of its days may use it one after the other, never at the same time."""

    def __init__(self, connect: Callable[[], Connection], half: Half, snapshot: Snapshot, with_cost: bool) -> None:
        self.snapshot = snapshot
        self._connect, self._half, self._with_cost = connect, half, with_cost
        self._cursor: Connection | None = None
        self._rolled_up: set[str] = set()

    def renew(self, snapshot: Snapshot) -> None:
        """From now on of this snapshot. What stands over files stays where the files are the same."""
        before, self.snapshot = self.snapshot, snapshot
        if self._cursor is None:
            return
        if _over_files(before) != _over_files(snapshot):
            self.close()
            return
        try:
            bring_rows(self._cursor, snapshot, self._with_cost)
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """It opens again when it is asked again."""
        if self._cursor is not None:
            with suppress(DuckDBError):
                self._cursor.close()
            self._cursor = None
            self._rolled_up.clear()

    def connection(self) -> Connection:
        if self._cursor is None:
            cursor = self._connect()
            create_usage(cursor, self.snapshot, self._half.locate, self._with_cost)
            self._cursor = cursor
        return self._cursor

    def usage(self, facets: set[str], filters: Filters) -> Connection:
        """`usage` stands for keys of these facets and these filters."""
        cursor = self.connection()
        cursor.execute(f"CREATE OR REPLACE TEMP VIEW usage AS {filtered_sql(facets, filters)}")
        return cursor

    def with_relations(self, sql: str, facets: set[str], filters: Filters) -> str:
        """The question with the relations that it names in front of it: a view for each would take as long to make as
        some questions to answer."""
        relations = []
        for name, kind in relations_in(sql).items():
            if kind is not None and FOREIGN_FACET[kind] not in filters.facets:
                self._roll_up(kind)
                rows = filtered_sql(facets, filters, kind)
            else:
                rows = filtered_sql(facets, filters)
            relations.append(f"{name} AS NOT MATERIALIZED ({rows})")
        if not relations:
            return sql
        return f"WITH {', '.join(relations)}{', ' if sql.startswith('WITH ') else ' '}{sql.removeprefix('WITH ')}"

    def _roll_up(self, kind: str) -> None:
        """`all_people` or `all_models` beside `all_usage`."""
        if kind not in self._rolled_up:
            create_roll_up(self.connection(), kind, self.snapshot, self._half, self._with_cost)
            self._rolled_up.add(kind)

    def narrow(self, cursor: Connection, client: str, first: date, last: date) -> None:
        """From now on `usage` is a part of it: one client, fewer days."""
        narrow_usage(cursor, self.snapshot, self._half.locate, self._with_cost, client, first, last)


def _over_files(snapshot: Snapshot) -> object:
    return snapshot.first, snapshot.last, snapshot.files
