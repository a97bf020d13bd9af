"""Runs an export into a file: whole, or not there at all."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import pyarrow as pa

from mai_core.allocator import give_free_memory_back
from mai_core.reports.exports import focus
from mai_core.reports.exports.request import ExportRequest, columns_of
from mai_core.reports.exports.rows import chunks_of, count_rows, tables
from mai_core.reports.exports.writers import (
    MOST_SHEET_ROWS,
    Writer,
    csv_writer,
    parquet_writer,
    too_many_for_a_sheet,
    xlsx_writer,
)
from mai_core.reports.reporting import Reporting
from mai_core.reports.viewer import Viewer

Progress = Callable[[int, int], None]
"""(parts done, parts in all)"""


def export(
    reporting: Reporting, viewer: Viewer, request: ExportRequest, path: Path, progress: Progress | None = None
) -> int:
    """Returns the number of rows."""
    unfinished = path.with_name(f".{path.name}.{os.getpid()}.part")
    filters = {name: getattr(request, name) for name in ("models", "people", "departments", "providers")}
    rows = 0
    try:
        with (
            reporting.apart() as own,
            own.open(viewer, request.start, request.end, request.client, **filters) as page,
        ):
            if request.format == "xlsx" and count_rows(page, request, MOST_SHEET_ROWS) > MOST_SHEET_ROWS:
                raise too_many_for_a_sheet()
            parts = focus.tables(page, request) if request.format == "focus" else tables(page, request)
            total = len(chunks_of(page, request))
            with _writer(unfinished, viewer, request) as writer:
                for done, part in enumerate(parts, start=1):
                    for table in part:
                        if table.num_rows:
                            writer.write(table)
                        rows += table.num_rows
                    give_back_memory()
                    if progress is not None:
                        progress(done, total)
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)
    return rows


def give_back_memory() -> None:
    """glibc keeps what DuckDB frees: without this an export of 5 million rows grew to 466 MB, with it to 287."""
    pa.default_memory_pool().release_unused()
    give_free_memory_back()


def _writer(path: Path, viewer: Viewer, request: ExportRequest) -> AbstractContextManager[Writer]:
    columns = focus.columns(viewer.sees_cost) if request.format == "focus" else columns_of(request)
    schema = pa.schema(list(columns.items()))
    if request.format == "parquet":
        return parquet_writer(path, schema)
    if request.format == "xlsx":
        return xlsx_writer(path, schema)
    return csv_writer(path, list(columns), request)
