"""What lies in the two lakes."""

from __future__ import annotations

from datetime import date

import pyarrow.parquet as pq

from mai_core.installation import Installation
from mai_core.reports.lake import client_folder
from mai_core.reports.sealing import seal
from mai_core.reports.upkeep import write_manifests
from tests.builders import CLIENT

_COSTS = {"raw", "markup", "margin", "reported", "upstream", "priced", "estimated", "price"}


def test_the_shared_lake_has_no_column_that_tells_our_cost(house: Installation) -> None:
    seal(house, CLIENT, [date(2026, 10, 14)])
    files = list(house.settings.lake_dir.glob("shared/*/*/*.parquet"))
    assert {file.parts[-3] for file in files} == {"days", "people", "models", "hours", "generations"}
    for file in files:
        names = [name for name in pq.read_schema(file).names if name != "sale_price_id"]
        assert not [name for name in names if _COSTS & set(name.split("_"))], file
    (internal,) = house.settings.lake_dir.glob("internal/days/*/*.parquet")
    assert "raw_pusd" in pq.read_schema(internal).names


def test_on_a_shared_machine_our_cost_is_the_owners_only(house: Installation) -> None:
    seal(house, CLIENT, [date(2026, 10, 14)])
    write_manifests(house)
    assert (house.settings.lake_dir / "internal").stat().st_mode & 0o077 == 0


def test_a_clients_id_never_leads_out_of_the_lake() -> None:
    assert client_folder("mai_client_63a4eb6d") == "mai_client_63a4eb6d"
    for name in ("../../etc", "a/b", "", "C:\\x", "żółw", "x" * 300):
        folder = client_folder(name)
        assert folder.startswith("client-")
        assert len(folder) == 23
