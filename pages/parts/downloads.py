"""What is shown, as a file: CSV as the reader's spreadsheet expects it, XLSX with typed cells; no formulas."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, Literal

import streamlit as st

from mai_core.money import decimal_text
from mai_core.spreadsheet import harmless
from pages.parts.view import View

Kind = Literal["text", "count", "money", "day"]


@dataclass(frozen=True, slots=True)
class Field:
    key: str
    label: str
    kind: Kind = "text"


def csv_bytes(fields: Sequence[Field], rows: Sequence[Mapping[str, Any]], language: str) -> bytes:
    """UTF-8 with BOM; in Polish `;` and a decimal comma, because that is what Polish Excel opens."""
    polish = language == "pl"
    out = io.StringIO()
    writer = csv.writer(out, delimiter=";" if polish else ",", lineterminator="\r\n")
    writer.writerow([field.label for field in fields])
    for row in rows:
        writer.writerow([_csv_cell(field, row.get(field.key), polish) for field in fields])
    return out.getvalue().encode("utf-8-sig")


def _csv_cell(field: Field, value: Any, comma: bool) -> str:
    if value is None:
        return ""
    if field.kind == "money":
        text = decimal_text(int(value))
        return text.replace(".", ",") if comma else text
    if field.kind == "text":
        return harmless(str(value))
    return str(value)


def xlsx_bytes(fields: Sequence[Field], rows: Sequence[Mapping[str, Any]], title: str) -> bytes:
    import xlsxwriter

    out = io.BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    with xlsxwriter.Workbook(out, options) as book:
        sheet = book.add_worksheet(title[:28].translate(str.maketrans("", "", "[]:*?/\\'")) or "mAI")
        head = book.add_format({"bold": True, "bottom": 1})
        formats = {
            "money": book.add_format({"num_format": "#,##0.00"}),
            "count": book.add_format({"num_format": "#,##0"}),
            "day": book.add_format({"num_format": "yyyy-mm-dd"}),
            "text": book.add_format(),
        }
        for place, field in enumerate(fields):
            sheet.write_string(0, place, field.label, head)
            sheet.set_column(place, place, 34 if field.kind == "text" else 16)
            for line, row in enumerate(rows, start=1):
                _write(sheet, line, place, field, row.get(field.key), formats[field.kind])
        sheet.freeze_panes(1, 0)
    return out.getvalue()


def _write(sheet: Any, line: int, place: int, field: Field, value: Any, style: Any) -> None:
    if value is None:
        return
    if field.kind == "text":
        sheet.write_string(line, place, str(value), style)
    elif field.kind == "money":
        sheet.write_number(line, place, float(Decimal(decimal_text(int(value)))), style)
    elif field.kind == "day":
        sheet.write_datetime(line, place, value, style) if isinstance(value, date) else sheet.write_string(
            line, place, str(value), style
        )
    else:
        sheet.write_number(line, place, value, style)


def buttons(view: View, name: str, fields: Sequence[Field], rows: Callable[[], Sequence[Mapping[str, Any]]]) -> None:
    """Two buttons; the file is made when one is pressed."""
    words, kinds = view.words, (("csv", "text/csv"), ("xlsx", _XLSX))
    with st.container(key=f"toolbar_download_{name}", horizontal=True, gap="small"):
        for kind, mime in kinds:
            make = _maker(kind, fields, rows, words.language, name)
            st.download_button(
                words(f"download.{kind}"), make, f"mai-{name}-{view.today}.{kind}", mime, key=f"download_{name}_{kind}",
                icon=":material/download:", type="tertiary", on_click="ignore",
            )  # fmt: skip


def _maker(
    kind: str, fields: Sequence[Field], rows: Callable[[], Sequence[Mapping[str, Any]]], language: str, name: str
) -> Callable[[], bytes]:
    if kind == "csv":
        return lambda: csv_bytes(fields, rows(), language)
    return lambda: xlsx_bytes(fields, rows(), name)


_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
