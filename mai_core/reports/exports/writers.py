"""CSV, XLSX and Parquet, each written as the rows come."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any, Protocol

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import xlsxwriter

from mai_core.errors import BadValue
from mai_core.reports.exports.request import LINK, ExportRequest
from mai_core.spreadsheet import SIGNS, harmless

MOST_SHEET_ROWS = 1_000_000
_LINES = 2000
"""Lines of CSV that are in memory at once."""
_MAY_BE_A_FORMULA = rf"(^|[;,\t\r\n])[\s\p{{Z}}]*{SIGNS}|^[\t\r\n]"


def too_many_for_a_sheet() -> BadValue:
    return BadValue("format", "more than 1 000 000 rows do not fit a spreadsheet: ask for csv or parquet")


class Writer(Protocol):
    def write(self, table: pa.Table) -> None: ...


def defused(table: pa.Table) -> pa.Table:
    """Where a spreadsheet would begin to read a formula there is an apostrophe before it; numbers stay numbers."""
    for place, field in enumerate(table.schema):
        if pa.types.is_string(field.type) and field.name != LINK:
            column = table.column(place).combine_chunks()
            risky = pc.fill_null(pc.match_substring_regex(column, _MAY_BE_A_FORMULA), False)
            if pc.any(risky).as_py():
                mended = pa.array(map(harmless, column.filter(risky).to_pylist()), field.type)
                table = table.set_column(place, field.name, pc.replace_with_mask(column, risky, mended))
    return table


@contextmanager
def csv_writer(path: Path, columns: list[str], request: ExportRequest) -> Iterator[Writer]:
    delimiter = ";" if request.semicolon else ","
    with path.open("wb") as handle:
        header = io.StringIO()
        csv.writer(header, delimiter=delimiter, lineterminator="\r\n").writerow(columns)
        handle.write(("\ufeff" if request.bom else "").encode() + header.getvalue().encode())
        yield _Csv(handle, delimiter, request.decimal_comma)


class _Csv:
    def __init__(self, handle: Any, delimiter: str, decimal_comma: bool) -> None:
        self._handle = handle
        self._delimiter = delimiter
        self._decimal_comma = decimal_comma

    def write(self, table: pa.Table) -> None:
        for batch in defused(table).to_batches(max_chunksize=_LINES):
            if not batch.num_rows:
                continue
            cells = [self._cells(column) for column in batch.columns]
            told = {"null_handling": "replace", "null_replacement": ""}
            lines = pc.binary_join_element_wise(*cells, self._delimiter, **told)
            ended = pc.binary_join_element_wise(lines, "", "\r\n")
            self._handle.write(memoryview(ended.buffers()[2])[: pc.sum(pc.binary_length(ended)).as_py()])

    def _cells(self, column: pa.Array) -> pa.Array:
        if pa.types.is_string(column.type):
            return pc.binary_join_element_wise("", pc.replace_substring(column, '"', '""'), "", '"')
        if pa.types.is_decimal(column.type):
            text = _plain(column)
            return pc.replace_substring(text, ".", ",") if self._decimal_comma else text
        return column.cast(pa.string())


def _plain(amounts: pa.Array) -> pa.Array:
    """Every place written out: Arrow's own text of 0.000000123456 is 1.23456E-7, and of nothing 0E-12."""
    text = amounts.cast(pa.string())
    short = pc.fill_null(pc.match_substring(text, "E"), False)
    if not pc.any(short).as_py():
        return text
    written = [format(amount, "f") for amount in amounts.filter(short).to_pylist()]
    return pc.replace_with_mask(text, short, pa.array(written, pa.string()))


@contextmanager
def parquet_writer(path: Path, schema: pa.Schema) -> Iterator[Writer]:
    with pq.ParquetWriter(path, schema, compression="zstd") as writer:
        yield _Parquet(writer)


class _Parquet:
    def __init__(self, writer: pq.ParquetWriter) -> None:
        self._writer = writer

    def write(self, table: pa.Table) -> None:
        self._writer.write_table(table)


@contextmanager
def xlsx_writer(path: Path, schema: pa.Schema) -> Iterator[Writer]:
    options = {"constant_memory": True, "tmpdir": str(path.parent), "strings_to_urls": False}
    with xlsxwriter.Workbook(str(path), options) as book:
        sheet = _Xlsx(book, schema)
        yield sheet
        sheet.finish()


class _Xlsx:
    """Typed cells row by row (xlsxwriter keeps one row in memory), and a line of totals at the end."""

    def __init__(self, book: Any, schema: pa.Schema) -> None:
        self._schema = schema
        self._bold = book.add_format({"bold": True})
        self._formats = {"day": book.add_format({"num_format": "yyyy-mm-dd"})}
        self._amount = book.add_format({"num_format": "#,##0.00####"})
        self._bold_amount = book.add_format({"num_format": "#,##0.00####", "bold": True})
        self._sheet = book.add_worksheet("usage")
        self._sheet.freeze_panes(1, 0)
        for place, field in enumerate(schema):
            self._sheet.write_string(0, place, field.name, self._bold)
            self._sheet.set_column(place, place, max(12, len(field.name) + 2))
        self._rows = 0
        self._totals: dict[int, Decimal | int] = {}

    def write(self, table: pa.Table) -> None:
        if self._rows + table.num_rows > MOST_SHEET_ROWS:
            raise too_many_for_a_sheet()
        columns = [column.to_pylist() for column in defused(table).columns]
        for values in zip(*columns, strict=True):
            self._rows += 1
            for place, value in enumerate(values):
                self._cell(place, value)

    def _cell(self, place: int, value: Any) -> None:
        row = self._rows
        if value is None:
            return
        if isinstance(value, bool):
            self._sheet.write_boolean(row, place, value)
        elif isinstance(value, (int, Decimal)):
            self._totals[place] = self._totals.get(place, 0) + value
            self._sheet.write_number(row, place, value, self._amount if isinstance(value, Decimal) else None)
        elif isinstance(value, date):
            self._sheet.write_datetime(row, place, value, self._formats["day"])
        else:
            self._sheet.write_string(row, place, str(value))

    def finish(self) -> None:
        last = self._rows + 1
        self._sheet.write_string(last, 0, "Razem / Total", self._bold)
        for place, total in self._totals.items():
            letter = xlsxwriter.utility.xl_col_to_name(place)
            style = self._bold_amount if isinstance(total, Decimal) else self._bold
            self._sheet.write_formula(last, place, f"=SUM({letter}2:{letter}{last})", style, str(total))
        self._sheet.autofilter(0, 0, max(self._rows, 1), len(self._schema) - 1)
