"""The rows of an export, as Arrow, one client and month at a time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from urllib.parse import quote_plus

import pyarrow as pa
import pyarrow.compute as pc

from mai_core.days import month_days, month_of
from mai_core.reports.engine import Connection
from mai_core.reports.exports.request import LINK, ExportRequest, columns_of
from mai_core.reports.reporting import Page

_EXACT = "({units}::DECIMAL(25, 0) * 0.000000000001::DECIMAL(13, 12))::DECIMAL(38, 12)"

_KEY_SQL = {
    "client_org_id": "used.client_org_id",
    "month": "strftime(used.day, '%Y-%m')",
    "day": "used.day",
    "user_id": "coalesce(people.user_id, nullif(used.user_id, ''), used.person)",
    "user_name": "max(people.user_name)",
    "department": "max(people.department)",
    "model": "used.model",
    "provider": "used.provider",
}


@dataclass(frozen=True, slots=True)
class Chunk:
    client: str
    first: date
    last: date


def chunks_of(page: Page, request: ExportRequest) -> list[Chunk]:
    """Small enough to sort in memory, in the order of the rows of the whole. Of a century only the months with usage:
    each costs a query."""
    first, last = max(request.start, page.snapshot.first_day), min(request.end, page.snapshot.last_day)
    spans = months_between(first, last) if request.has_days else [(request.start, request.end)]
    return [Chunk(client, first, last) for client in page.snapshot.client_ids for first, last in spans]


def months_between(start: date, end: date) -> list[tuple[date, date]]:
    spans = []
    first = start
    while first <= end:
        last = min(end, month_days(month_of(first))[1])
        spans.append((first, last))
        first = last + timedelta(days=1)
    return spans


def facets_of(request: ExportRequest) -> set[str]:
    facets = set()
    if {"user", "department"} & set(request.keys):
        facets.add("user")
    if {"model", "provider"} & set(request.keys):
        facets.add("model")
    return facets


def tables(page: Page, request: ExportRequest) -> Iterator[Sequence[pa.Table]]:
    """The tables of each chunk, in the columns of the request."""
    sql = export_sql(request)
    schema = pa.schema(list(columns_of(request).items()))
    for chunk in chunks_of(page, request):

        def run(cursor: Connection, chunk: Chunk = chunk) -> pa.Table:
            page.narrow(cursor, chunk.client, chunk.first, chunk.last)
            return cursor.execute(sql, {"start": chunk.first, "end": chunk.last}).to_arrow_table()

        table = page.answer(facets_of(request), run)
        yield [_with_links(table, request).cast(schema) if request.links else table.cast(schema)]


def count_rows(page: Page, request: ExportRequest, most: int) -> int:
    """How many rows there will be; counted no further than `most`, and not at all where usage has no more rows."""
    between = {"start": request.start, "end": request.end}
    in_all = "SELECT count(*) FROM usage WHERE day BETWEEN $start AND $end"
    found = int(page.answer(facets_of(request), lambda cursor: cursor.execute(in_all, between).fetchall())[0][0])
    if found <= most:
        return found
    sql, counted = f"SELECT count(*) FROM ({export_sql(request)})", 0
    for chunk in chunks_of(page, request):

        def run(cursor: Connection, chunk: Chunk = chunk) -> int:
            page.narrow(cursor, chunk.client, chunk.first, chunk.last)
            return int(cursor.execute(sql, {"start": chunk.first, "end": chunk.last}).fetchall()[0][0])

        counted += page.answer(facets_of(request), run)
        if counted > most:
            break
    return counted


def export_sql(request: ExportRequest) -> str:
    names = [name for name in columns_of(request) if name in _KEY_SQL]
    department_alone = "department" in names and "user_id" not in names
    keys = {
        name: "people.department" if name == "department" and department_alone else _KEY_SQL[name] for name in names
    }
    grouped = [sql for sql in keys.values() if not sql.startswith("max(")]
    by_day = "used.day," if request.has_days else ""
    used_keys = ["client_org_id"]
    used_keys += ["day"] if by_day else []
    used_keys += ["person", "user_id"] if {"user_id", "department"} & set(names) else []
    used_keys += [name for name in ("model", "provider") if name in names]
    people = (
        "LEFT JOIN people ON people.client_org_id = used.client_org_id AND people.person = used.person"
        if "person" in used_keys
        else ""
    )
    return f"""
        WITH used AS (
            SELECT {", ".join(used_keys)}, sum(requests) AS requests, sum(input_tokens) AS input_tokens,
                sum(output_tokens) AS output_tokens, sum(cached_tokens) AS cached_tokens,
                sum(reasoning_tokens) AS reasoning_tokens, sum(charged_pusd) AS charged_pusd,
                whole_sum(charged_ppln) AS charged_ppln, min(rate_table) AS first_table, max(rate_table) AS last_table,
                bool_or(provisional) AS provisional, max(rate_table) FILTER (provisional) AS provisional_table
            FROM usage WHERE day BETWEEN $start AND $end GROUP BY {", ".join(used_keys)}
        )
        SELECT {", ".join(f"{sql} AS {name}" for name, sql in keys.items())},
            sum(requests)::BIGINT AS requests, sum(input_tokens)::BIGINT AS input_tokens,
            sum(output_tokens)::BIGINT AS output_tokens, sum(cached_tokens)::BIGINT AS cached_tokens,
            sum(reasoning_tokens)::BIGINT AS reasoning_tokens,
            {_EXACT.format(units="sum(charged_pusd)")} AS charged_usd,
            {_EXACT.format(units="whole_sum(charged_ppln)")} AS charged_pln,
            CASE WHEN min(first_table) = max(last_table) THEN max(last_table) ELSE max(provisional_table) END
                AS rate_table,
            bool_or(provisional) AS provisional
        FROM used {people}
        GROUP BY {", ".join(grouped)}
        ORDER BY {", ".join(grouped)}
    """


_LINKED = {"user_id": "person", "model": "model", "provider": "provider"}


def _with_links(table: pa.Table, request: ExportRequest) -> pa.Table:
    """Each row's permanent link: the page that takes it apart, after a login."""
    parts = [pa.scalar(f"{request.links.rstrip('/')}/explain?"), _words(table, "client_org_id", "client={}")]
    if "day" in table.column_names:
        day = table["day"].cast(pa.string())
        parts += ["&from=", day, "&to=", day]
    elif "month" in table.column_names:
        months = {month: _clipped_month(request, month) for month in table["month"].unique().to_pylist()}
        parts.append(_words(table, "month", "&from={}&to={}", months))
    else:
        parts.append(f"&from={request.start}&to={request.end}")
    parts += [_words(table, name, f"&{word}={{}}") for name, word in _LINKED.items() if name in table.column_names]
    return table.append_column(LINK, pc.binary_join_element_wise(*parts, ""))


def _words(table: pa.Table, name: str, text: str, values: Mapping[str, tuple[object, ...]] | None = None) -> pa.Array:
    """The column's part of the address, written once for each value; nothing where there is none."""
    told = table[name].combine_chunks().dictionary_encode()
    known = [text.format(*(values[value] if values else (quote_plus(value),))) for value in told.dictionary.to_pylist()]
    return pc.fill_null(pa.array(known, pa.string()).take(told.indices), "")


def _clipped_month(request: ExportRequest, month: str) -> tuple[date, date]:
    first, last = month_days(month)
    return max(request.start, first), min(request.end, last)
