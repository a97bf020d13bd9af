"""OpenRouter's activity export, one line per request, read by the names in its header (columns come and go).

Who opens it in a Polish spreadsheet and saves it gets semicolons between the cells and commas in the amounts.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator
from itertools import chain
from typing import Any

from mai_core.errors import BadValue
from mai_core.intake.exact_json import Unreadable
from mai_core.intake.fields import amount, count, instant_ms, name, remark, required_name, yes_or_no
from mai_core.intake.items import parse_items
from mai_core.intake.parsed import Headers, Parsed, Source
from mai_core.model import Observation, Rank

_AMOUNTS = ("cost_total", "byok_usage_inference")
_LINE_BREAK = re.compile(r"\r\n|\r|\n")
REQUIRED = ("generation_id", "created_at", "cost_total")


def parse(body: bytes, headers: Headers) -> Parsed:
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise Unreadable("not_csv", "the file is not UTF-8 text") from None
    try:
        return parse_items((row for _, row in rows_of(io.StringIO(text, newline=""))), read_row)
    except csv.Error as error:
        raise Unreadable("not_csv", f"the file is not CSV: {error}") from None


def rows_of(lines: Iterable[str]) -> Iterator[tuple[int, dict[str, Any]]]:
    """Rows by the names in the header, each with the line of the file that it begins on; Unreadable where the header
    is that of another table."""
    remaining = iter(lines)
    header, above = next(remaining, ""), 0
    if header.lower().startswith("sep="):
        header, above = next(remaining, ""), 1
    delimiter = max(",;\t", key=header.count)
    rows = csv.DictReader(chain([header], remaining), delimiter=delimiter)
    names = [each.strip().lower() for each in rows.fieldnames or ()]
    missing = [field for field in REQUIRED if field not in names]
    if missing:
        raise Unreadable("not_csv", f"the first line has no column {', '.join(missing)}: is this an activity export?")
    rows.fieldnames = names
    return _numbered(rows, above, has_points=delimiter == ",")


def _numbered(rows: csv.DictReader[str], above: int, *, has_points: bool) -> Iterator[tuple[int, dict[str, Any]]]:
    """The reader has counted the lines up to where a row ends, with those inside of cells in quotes."""
    for row in rows:
        cells = [*row.values(), *(row.get(None) or ())]  # what has no name is under None
        inside = sum(len(_LINE_BREAK.findall(cell)) for cell in cells if isinstance(cell, str))
        yield above + rows.line_num - inside, row if has_points else _with_decimal_points(row)


def _with_decimal_points(row: dict[str, Any]) -> dict[str, Any]:
    """Between commas `1,234` could be a thousand; between semicolons it is no more than one and a bit."""
    return row | {field: row[field].replace(",", ".") for field in _AMOUNTS if isinstance(row.get(field), str)}


def read_row(row: dict[str, Any]) -> Observation:
    if None in row:
        raise BadValue("line", "has more cells than the header")
    cost = amount(row.get("cost_total"), "cost_total")
    if cost is None:
        raise BadValue("cost_total", "is missing")
    upstream = amount(row.get("byok_usage_inference"), "byok_usage_inference")
    return Observation(
        generation_id=required_name(row.get("generation_id"), "generation_id"),
        rank=Rank.ACTIVITY_CSV,
        source=SOURCE.name,
        started_at_ms=instant_ms(row.get("created_at"), "created_at"),
        external_user=name(row.get("user"), "user"),
        model=name(row.get("model_permaslug"), "model_permaslug"),
        provider=name(row.get("provider_name"), "provider_name"),
        input_tokens=count(row.get("tokens_prompt"), "tokens_prompt"),
        output_tokens=count(row.get("tokens_completion"), "tokens_completion"),
        cached_tokens=count(row.get("tokens_cached"), "tokens_cached"),
        reasoning_tokens=count(row.get("tokens_reasoning"), "tokens_reasoning"),
        searches=count(row.get("num_searches"), "num_searches"),
        reported_pusd=cost,
        upstream_pusd=upstream or None,
        is_byok=True if upstream else None,
        cancelled=yes_or_no(row.get("cancelled")),
        streamed=yes_or_no(row.get("streamed")),
        finish_reason=remark(row.get("finish_reason_normalized")),
        api_key_name=remark(row.get("api_key_name")),
    )


SOURCE = Source("activity-csv", parse, content_types=frozenset({"text/csv"}))
