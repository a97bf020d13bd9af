"""Downloads: columns, exactness, formats that spreadsheets and FinOps tools take, and what they refuse."""

from __future__ import annotations

import csv
import io
import subprocess
import sys
from datetime import date
from decimal import Decimal
from pathlib import Path

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from mai_core.errors import BadValue
from mai_core.installation import Installation
from mai_core.money import decimal_text, units_of
from mai_core.reports import Reporting, Viewer
from mai_core.reports.exports import ExportRequest, export, run, suffix_of, writers
from mai_core.reports.exports.focus import divided
from mai_core.reports.exports.request import FORMATS, links_to
from mai_core.reports.sealing import seal
from tests.builders import CLIENT
from tests.reports.conftest import MANAGER, OCTOBER, OPERATOR, add_person, add_table, add_usage, fix_rate


def written(reporting: Reporting, path: Path, viewer: Viewer = MANAGER, **wanted: object) -> Path:
    request = ExportRequest(*OCTOBER, **wanted)  # type: ignore[arg-type]
    file = path / f"usage.{suffix_of(request)}"
    export(reporting, viewer, request, file)
    return file


def read_csv(file: Path, delimiter: str = ",") -> list[dict[str, str]]:
    text = file.read_text(encoding="utf-8-sig")
    return list(csv.DictReader(io.StringIO(text), delimiter=delimiter))


def test_the_columns_are_those_grouped_by_and_the_measures(reporting: Reporting, tmp_path: Path) -> None:
    file = written(reporting, tmp_path)
    assert file.read_bytes().startswith("\ufeffclient_org_id,day,".encode())
    rows = read_csv(file)
    assert rows[0] == {
        "client_org_id": CLIENT,
        "day": "2026-10-14",
        "user_id": "u-ann",
        "user_name": "Anna Nowak",
        "department": "Sprzedaż",
        "model": "openai/gpt-4o",
        "requests": "4",
        "input_tokens": "100",
        "output_tokens": "50",
        "cached_tokens": "20",
        "reasoning_tokens": "10",
        "charged_usd": "1.300000000000",
        "charged_pln": "4.750590000000",
        "rate_table": "199/A/NBP/2026",
        "provisional": "false",
    }
    assert list(rows[0])[:6] == ["client_org_id", "day", "user_id", "user_name", "department", "model"]
    assert list(rows[0])[-4:] == ["charged_usd", "charged_pln", "rate_table", "provisional"]


@pytest.mark.parametrize(
    "by",
    [
        ("day",),
        ("month",),
        ("user",),
        ("department",),
        ("model",),
        ("provider",),
        (),
        ("day", "user", "model", "provider"),
        ("month", "department", "model"),
    ],
)
def test_every_grouping_adds_up_to_the_same_exact_totals(
    reporting: Reporting, tmp_path: Path, by: tuple[str, ...]
) -> None:
    rows = read_csv(written(reporting, tmp_path, by=by))
    (whole,) = reporting.rows("totals", MANAGER, *OCTOBER)
    assert sum(Decimal(row["charged_usd"]) for row in rows) == Decimal(decimal_text(whole["charged_pusd"]))
    assert sum(Decimal(row["charged_pln"]) for row in rows) == Decimal(decimal_text(whole["charged_ppln"]))
    assert sum(int(row["requests"]) for row in rows) == whole["requests"]


def test_polish_excel_gets_semicolons_and_decimal_commas(reporting: Reporting, tmp_path: Path) -> None:
    rows = read_csv(written(reporting, tmp_path, semicolon=True, decimal_comma=True), ";")
    assert rows[0]["charged_usd"] == "1,300000000000"


def test_less_than_a_millionth_and_nothing_are_written_out_with_twelve_places(
    reporting: Reporting, house: Installation, tmp_path: Path
) -> None:
    """Not '3.90000E-7' and not '0E-12', which spreadsheets take for text, or for nothing."""
    add_usage(house.store, "2026-10-14", "0.00000039", model="acme/tiny")
    add_usage(house.store, "2026-10-14", "0", model="acme/large:free")
    by_model = {row["model"]: row for row in read_csv(written(reporting, tmp_path))}
    assert by_model["acme/tiny"]["charged_usd"] == "0.000000390000"
    assert by_model["acme/tiny"]["charged_pln"] == "0.000001425177"
    assert by_model["acme/large:free"]["charged_usd"] == "0.000000000000"
    polish = {
        row["model"]: row for row in read_csv(written(reporting, tmp_path, semicolon=True, decimal_comma=True), ";")
    }
    assert polish["acme/tiny"]["charged_usd"] == "0,000000390000"


def test_a_row_of_several_tables_names_the_one_that_is_not_final(
    reporting: Reporting, house: Installation, tmp_path: Path
) -> None:
    """The 14th is final. The 16th has no table yet and stands at the 15th's: the month's row is provisional by that."""
    with house.store.write() as db:
        db.execute("DELETE FROM usage_daily WHERE usage_date = '2026-10-15'")
    add_table(house.store, "2026-10-15", "3.7000", "200/A/NBP/2026")
    add_usage(house.store, "2026-10-16", "1.00")
    (month,) = read_csv(written(reporting, tmp_path, by=("month",)))
    assert (month["provisional"], month["rate_table"]) == ("true", "200/A/NBP/2026")
    fix_rate(house.store, "2026-10-16", "3.7100", "201/A/NBP/2026")
    (month,) = read_csv(written(reporting, tmp_path, by=("month",)))
    assert (month["provisional"], month["rate_table"]) == ("false", "")


def test_text_that_a_spreadsheet_would_run_is_defused_and_numbers_are_not(
    reporting: Reporting, house: Installation, tmp_path: Path
) -> None:
    add_person(house.store, "eve", '=cmd|" /C calc"!A0', '+dept\nsecond line;"quoted"')
    add_usage(house.store, "2026-10-14", "-0.50", external_user="eve", model="@model")
    evil = next(row for row in read_csv(written(reporting, tmp_path)) if row["user_id"] == "u-eve")
    assert evil["user_name"] == '\'=cmd|" /C calc"!A0'
    assert evil["department"] == '\'+dept\nsecond line;"quoted"'
    assert evil["model"] == "'@model"
    add_person(house.store, "mallory", "Ewa;=1+cmd|' /C calc'!A0;x", " \uff1d1, -2+3+cmd()\n@x")
    add_usage(house.store, "2026-10-14", "0.50", external_user="mallory")
    parted = next(row for row in read_csv(written(reporting, tmp_path)) if row["user_id"] == "u-mallory")
    assert parted["user_name"] == "Ewa;'=1+cmd|' /C calc'!A0;x"
    assert parted["department"] == "' \uff1d1,' -2+3+cmd()\n'@x"
    assert evil["charged_usd"] == "-0.500000000000"
    sheet = openpyxl.load_workbook(written(reporting, tmp_path, format="xlsx")).active
    texts = [cell.value for row in sheet.iter_rows(max_row=sheet.max_row - 1) for cell in row]
    assert not [text for text in texts if isinstance(text, str) and text[:1] in tuple("=+-@\t\r\n")]


def test_xlsx_has_typed_cells_and_totals(reporting: Reporting, tmp_path: Path) -> None:
    sheet = openpyxl.load_workbook(written(reporting, tmp_path, format="xlsx"), data_only=True).active
    first = {cell.value: sheet.cell(2, cell.column).value for cell in sheet[1]}
    assert first["day"].date() == date(2026, 10, 14)
    assert (first["requests"], first["charged_usd"], first["provisional"]) == (4, 1.3, False)
    total = {cell.value: sheet.cell(sheet.max_row, cell.column).value for cell in sheet[1]}
    assert total["client_org_id"] == "Razem / Total"
    assert float(total["charged_usd"]) == pytest.approx(4.000000000001, abs=1e-12)


def test_a_spreadsheet_that_is_too_long_is_refused_in_words(
    reporting: Reporting, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writers, "MOST_SHEET_ROWS", 2)
    with pytest.raises(BadValue, match="csv or parquet"):
        written(reporting, tmp_path, format="xlsx")
    assert [path for path in tmp_path.iterdir() if path.is_file()] == []


def test_a_sheets_length_is_known_before_it_is_begun(
    reporting: Reporting, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run, "MOST_SHEET_ROWS", 2)
    progress: list[int] = []
    request = ExportRequest(*OCTOBER, format="xlsx")
    with pytest.raises(BadValue, match="csv or parquet"):
        export(reporting, MANAGER, request, tmp_path / "usage.xlsx", lambda done, _: progress.append(done))
    assert progress == []
    assert written(reporting, tmp_path, format="xlsx", by=("month",)).is_file()


def test_parquet_is_typed_and_exact(reporting: Reporting, tmp_path: Path) -> None:
    table = pq.read_table(written(reporting, tmp_path, format="parquet"))
    assert str(table.schema.field("charged_usd").type) == "decimal128(38, 12)"
    assert sum(table["charged_usd"].to_pylist()) == Decimal("4.000000000001")


def test_sealed_and_open_days_export_the_same_bytes(reporting: Reporting, house: Installation, tmp_path: Path) -> None:
    before = written(reporting, tmp_path).read_bytes()
    seal(house, CLIENT, [date(2026, 10, 14)])
    assert written(reporting, tmp_path).read_bytes() == before


def test_links_lead_to_the_explanation_of_each_row(reporting: Reporting, tmp_path: Path) -> None:
    rows = read_csv(written(reporting, tmp_path, links="https://usage.example"))
    assert rows[0]["explain_url"] == (
        f"https://usage.example/explain?client={CLIENT}&from=2026-10-14&to=2026-10-14&person=u-ann&model=openai%2Fgpt-4o"
    )


@pytest.mark.parametrize("viewer", [MANAGER, OPERATOR])
def test_focus_passes_the_validator_and_adds_up(
    reporting: Reporting, house: Installation, tmp_path: Path, viewer: Viewer
) -> None:
    add_usage(
        house.store,
        "2026-10-14",
        "0.01",
        external_user="jan",
        model="flat/per-request",
        input_tokens=0,
        output_tokens=0,
        cached_tokens=0,
        reasoning_tokens=0,
    )
    with house.store.write() as db:
        db.execute(
            "INSERT INTO model_prices (model, pricing, valid_from_ms, source) VALUES ('openai/gpt-4o', "
            '\'{"prompt": "0.0000025", "completion": "0.00001", "input_cache_read": "0.00000125"}\', 0, '
            "'operator')"
        )
    file = written(reporting, tmp_path, viewer, format="focus", client=CLIENT, bom=False)
    rows = read_csv(file)
    (whole,) = reporting.rows("totals", viewer, *OCTOBER, client=CLIENT)
    assert sum(Decimal(row["BilledCost"]) for row in rows) == Decimal(decimal_text(whole["charged_ppln"]))
    assert {row["SkuMeter"] for row in rows} == {"Input Tokens", "Cached Input Tokens", "Output Tokens", "Requests"}
    assert ("x_ProviderCostUsd" in rows[0]) == viewer.sees_cost
    done = subprocess.run(
        [sys.executable, "-m", "focus_data_toolkit", "validate", "--dataset", "cost-and-usage", str(file)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_parts_of_a_charge_add_up_whatever_the_weights() -> None:
    assert divided(10, [1, 1, 1]) == [3, 3, 4]
    assert divided(-10, [3, 0]) == [-10, 0]
    assert divided(7, [0, 0]) == [3, 4]
    assert sum(divided(units_of("0.1"), [7, 11, 13])) == units_of("0.1")


@pytest.mark.parametrize(
    "wrong",
    [
        {"format": "pdf"},
        {"by": ("weather",)},
        {"decimal_comma": True},
        {"format": "focus", "links": "https://usage.example"},
    ],
)
def test_what_cannot_be_exported_is_refused_in_words(wrong: dict[str, object]) -> None:
    with pytest.raises(BadValue):
        ExportRequest(*OCTOBER, **wrong)  # type: ignore[arg-type]


def test_an_empty_piece_of_a_table_leaves_no_bytes(tmp_path: Path) -> None:
    schema = pa.schema([("model", pa.string())])
    table = pa.concat_tables([schema.empty_table(), pa.table({"model": ["a"]}), schema.empty_table()])
    with writers.csv_writer(tmp_path / "x.csv", ["model"], ExportRequest(*OCTOBER, bom=False)) as writer:
        writer.write(table)
    assert (tmp_path / "x.csv").read_bytes() == b'model\r\n"a"\r\n'


@pytest.mark.parametrize(
    ("by", "words"),
    [
        (("month",), "from=2026-10-01&to=2026-10-31"),
        (("client",), "from=2026-10-01&to=2026-10-31"),
        (("day", "provider"), "from=2026-10-14&to=2026-10-14&provider=Anthropic"),
        (("department",), "from=2026-10-01&to=2026-10-31"),
    ],
)
def test_a_link_names_what_its_row_is_grouped_by(
    reporting: Reporting, tmp_path: Path, by: tuple[str, ...], words: str
) -> None:
    rows = read_csv(written(reporting, tmp_path, by=by, links="https://usage.example/"))
    assert f"https://usage.example/explain?client={CLIENT}&{words}" in {row["explain_url"] for row in rows}
    assert list(rows[0])[-1] == "explain_url"


def test_what_people_open_as_a_sheet_has_links_unless_they_want_none() -> None:
    address = "https://usage.example"
    assert {format: links_to(address, None, format) for format in FORMATS} == {
        "csv": address,
        "xlsx": address,
        "parquet": "",
        "focus": "",
    }
    assert links_to(address, False, "csv") == ""
    assert links_to(address, True, "parquet") == address
