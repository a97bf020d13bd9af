"""A reporting file that is missing or damaged: the figures stay right, it is said, and it is rebuilt."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from mai_core.installation import Installation
from mai_core.reports import Reporting, Viewer, upkeep
from mai_core.reports.sealing import seal
from tests.builders import CLIENT
from tests.reports.conftest import MANAGER, OCTOBER, OPERATOR

OCT_14 = date(2026, 10, 14)


def overwrite(path: Path) -> None:
    path.write_bytes(b"not a Parquet file at all")


def cut_short(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-20])


def scribble(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[40:60] = b"\xff" * 20
    path.write_bytes(content)


@pytest.mark.parametrize("damage", [Path.unlink, overwrite, cut_short, scribble])
@pytest.mark.parametrize("viewer", [MANAGER, OPERATOR])
@pytest.mark.parametrize(
    ("kind", "question"), [("days", "explain_rows"), ("people", "by_day"), ("models", "by_day_model")]
)
def test_figures_come_from_the_ledger_while_a_file_is_damaged(
    house: Installation,
    reporting: Reporting,
    damage: Callable[[Path], None],
    kind: str,
    question: str,
    viewer: Viewer,
) -> None:
    seal(house, CLIENT, [OCT_14])
    before = reporting.rows(question, viewer, *OCTOBER, client=CLIENT)
    for path in house.settings.lake_dir.glob(f"*/{kind}/*/*.parquet"):
        damage(path)
    fresh = Reporting.of_store(house.store, house.settings)
    with fresh.open(viewer, *OCTOBER, client=CLIENT) as page:
        assert page.rows(question) == before
        assert len(page.freshness.damaged_files) == 1
    (found,) = upkeep.verify(house)
    assert found.period == "2026-10"
    assert upkeep.rebuild(house, damaged_only=True)
    assert upkeep.verify(house) == []
    with fresh.open(viewer, *OCTOBER, client=CLIENT) as page:
        assert page.rows(question) == before
        assert page.freshness.damaged_files == ()


def test_verify_finds_what_differs_from_the_ledger(house: Installation) -> None:
    seal(house, CLIENT, [OCT_14])
    with house.store.write() as db:
        db.execute("UPDATE usage_daily SET charged_pusd = charged_pusd + 1 WHERE external_user = 'jan'")
    (found,) = upkeep.verify(house)
    assert found.reason == "2026-10-14 is not what the ledger has"


def test_replaced_files_are_deleted_after_a_quarter_of_an_hour(house: Installation) -> None:
    seal(house, CLIENT, [date(2026, 10, 13)])
    seal(house, CLIENT, [OCT_14])
    assert upkeep.publish(house) == 0
    with house.store.write() as db:
        db.execute("UPDATE sealed_files SET replaced_at_ms = replaced_at_ms - 900000 WHERE replaced_at_ms IS NOT NULL")
    assert upkeep.publish(house) == 1
    kept = sorted(path.name for path in house.settings.lake_dir.glob("shared/days/*/*.parquet"))
    assert len(kept) == 1
    assert kept[0].startswith("2026-10.v2-")


def test_the_shared_manifest_knows_no_cost(house: Installation) -> None:
    seal(house, CLIENT, [OCT_14])
    upkeep.publish(house)
    shared = (house.settings.lake_dir / "shared" / "manifest.json").read_text()
    internal = (house.settings.lake_dir / "internal" / "manifest.json").read_text()
    assert "1080000000000" in internal
    assert "1080000000000" not in shared
    assert "1400000000000" in shared


def test_who_waits_is_told_how_far_it_is(house: Installation) -> None:
    seal(house, CLIENT, [date(2026, 9, 14), OCT_14])
    verified: list[tuple[int, int]] = []
    rebuilt: list[tuple[int, int]] = []
    assert upkeep.verify(house, progress=lambda *told: verified.append(told)) == []
    assert len(upkeep.rebuild(house, progress=lambda *told: rebuilt.append(told))) == 2
    assert verified == rebuilt == [(1, 2), (2, 2)]
