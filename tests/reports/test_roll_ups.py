"""Sums beside the rows: whatever is read, the figures are those of the rows, to the last unit."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

import pytest

from mai_core.installation import Installation
from mai_core.money import units_of
from mai_core.reports import Reporting, Viewer
from mai_core.reports.registry import QUESTIONS, sql_of
from mai_core.reports.roll_ups import KINDS
from mai_core.reports.sealing import seal
from tests.builders import CLIENT
from tests.reports.conftest import MANAGER, OCTOBER, OPERATOR, add_usage

OCT_14, OCT_15 = date(2026, 10, 14), date(2026, 10, 15)
FILTERS: list[dict[str, Any]] = [
    {},
    {"people": ("u-ann",)},
    {"departments": ("IT",)},
    {"models": ("openai/gpt-4o",)},
    {"providers": ("Anthropic",)},
    {"people": ("u-ann",), "models": ("openai/gpt-4o",)},
]
SUMMED = [name for name in QUESTIONS if "usage_" in sql_of(name, True)]


@pytest.fixture
def sealed(house: Installation) -> Installation:
    """A sealed day with two people of one model, one person with two models, and imported history."""
    add_usage(house.store, "2026-10-14", "0.333333333333", model="anthropic/claude", provider="Anthropic")
    with house.store.write() as db:
        for facet, user, model in (("client", "", ""), ("user", "ann", ""), ("model", "", "openai/gpt-4o")):
            db.execute(
                "INSERT INTO imported_days VALUES (?, ?, '2026-10-14', ?, ?, '', ?, 1000, 3, ?, ?, '0.5', '0.65', "
                "'openai/gpt-4o', 1, 0, 0)",
                (facet, CLIENT, user, model, user and "u-ann", units_of("0.5"), units_of("0.65")),
            )
    assert seal(house, CLIENT, [OCT_14]).days[-1] == OCT_14
    return house


@pytest.mark.parametrize("filters", FILTERS, ids=lambda filters: "+".join(filters) or "no filter")
@pytest.mark.parametrize("viewer", [MANAGER, OPERATOR])
def test_sums_and_rows_answer_alike(
    sealed: Installation, viewer: Viewer, filters: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    def answers() -> dict[str, list[dict[str, Any]]]:
        reporting = Reporting.of_store(sealed.store, sealed.settings)
        with reporting.open(viewer, *OCTOBER, client=CLIENT, **filters) as page:
            return {name: page.rows(name) for name in SUMMED if viewer.sees_cost or not QUESTIONS[name].cost_only}

    by_sums = answers()
    for kind in KINDS:
        for path in sealed.settings.lake_dir.glob(f"*/{kind}/*/*.parquet"):
            path.unlink()
    forget_sums(sealed)
    assert answers() == by_sums
    assert by_sums["totals"][0]["requests"] > 0


def forget_sums(house: Installation) -> None:
    """The list as it was written before there were sums."""
    with house.store.write() as db:
        for client, file, text in db.execute("SELECT client_org_id, file, sha256 FROM sealed_files").fetchall():
            kept = {name: digest for name, digest in json.loads(text).items() if name.partition("/")[2] not in KINDS}
            assert len(kept) < len(json.loads(text))
            db.execute(
                "UPDATE sealed_files SET sha256 = ? WHERE client_org_id = ? AND file = ?",
                (json.dumps(kept), client, file),
            )


def test_a_sum_beyond_64_bits_is_read_row_by_row(house: Installation) -> None:
    for model in ("a/one", "a/two", "a/three", "a/four", "a/five"):
        add_usage(house.store, "2026-10-14", "2000000", model=model)
    before = Reporting.of_store(house.store, house.settings).rows("by_day", MANAGER, *OCTOBER)
    assert seal(house, CLIENT, [OCT_14]).days[-1] == OCT_14
    assert not list(house.settings.lake_dir.glob("*/people/*/*.parquet"))
    after = Reporting.of_store(house.store, house.settings).rows("by_day", MANAGER, *OCTOBER)
    assert after == before
    assert before[0]["charged_pusd"] == 5 * units_of("2000000") + units_of("1.4")


def test_a_day_taken_out_of_its_file_is_not_summed_twice(house: Installation) -> None:
    seal(house, CLIENT, [OCT_14])
    with house.store.write() as db:
        db.execute("DELETE FROM sealed_days WHERE usage_date = '2026-10-14'")
    add_usage(house.store, "2026-10-14", "1.00", external_user="late")
    rows = Reporting.of_store(house.store, house.settings).rows("by_day", OPERATOR, *OCTOBER, client=CLIENT)
    assert {row["day"]: row["charged_pusd"] for row in rows} == {
        OCT_14: units_of("2.40"),
        OCT_15: units_of("2.600000000001"),
    }
