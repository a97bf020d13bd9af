"""The three summaries of the existing system are views: legacy reads work in both engines, writes are refused."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import apsw
import pytest

from mai_core.store import Store, dicts
from tests.builders import CLIENT, make_client

VIEWS = ("client_daily_usage", "client_user_daily_usage", "client_model_daily_usage")

IN_DUCKDB = """
import json, sys
from mai_core.reports.engine import open_ledger_reader
db = open_ledger_reader()
db.execute("ATTACH '" + sys.argv[1] + "' AS ledger (TYPE sqlite, READ_ONLY)")
assert "apsw" not in sys.modules
rows = {}
for view in sys.argv[2:]:
    cursor = db.execute(f"SELECT * FROM ledger.{view} ORDER BY id")
    names = [column[0] for column in cursor.description]
    rows[view] = [dict(zip(names, row)) for row in cursor.fetchall()]
print(json.dumps(rows))
"""


def fill(store: Store) -> None:
    """Odd counts, thirds of a cent, two providers of one model, people with and without a mapping, history beside."""
    make_client(store)
    make_client(store, "mai_client_b", name="B")
    with store.write() as db:
        daily = (
            "INSERT INTO usage_daily (client_org_id, usage_date, external_user, model, provider, requests,"
            " input_tokens, output_tokens, cached_tokens, cache_write_tokens, reasoning_tokens, raw_pusd,"
            " charged_pusd, unpriced_requests, byok_requests, last_at_ms) VALUES"
            " (?, ?, ?, ?, ?, ?, ?, ?, 0, 0, 0, ?, ?, 0, 0, ?)"
        )
        for row in (
            (CLIENT, "2026-10-14", "ext-1", "m/a", "P1", 7, 3, 4, 333_333_333_333, 433_333_333_333, 1_760_443_200_999),
            (CLIENT, "2026-10-14", "ext-1", "m/a", "P2", 1, 5, 0, 1, 1, 1_760_443_201_001),
            (CLIENT, "2026-10-14", "ext-2", "m/b", "P1", 2, 12, 0, 7, 9, 1_760_443_200_000),
            (CLIENT, "2026-10-15", "", "m/b", "P1", 1, 1, 1, 100_000_000_000, 130_000_000_000, 1_760_529_600_000),
            ("mai_client_b", "2026-10-14", "ext-9", "m/a", "", 1, 0, 0, 0, 0, 1_760_443_200_500),
        ):
            db.execute(daily, row)
        db.execute(
            "INSERT INTO user_client_mapping (id, user_id, client_org_id, openrouter_user_id, created_at, updated_at)"
            " VALUES ('ewa_x', 'ewa', ?, 'ext-1', 1, 1)",
            (CLIENT,),
        )
        history = (
            "INSERT INTO imported_days (facet, client_org_id, usage_date, external_user, model, provider, user_id,"
            " total_tokens, total_requests, raw_pusd, charged_pusd, raw_cost, markup_cost, primary_model,"
            " unique_users, created_at, updated_at) VALUES"
            " (?, ?, ?, ?, ?, ?, ?, 99, 9, 300000000000, 450000000000, '0.3', '0.45', ?, ?, 1700000000, 1700000900)"
        )
        for day in ("2026-10-14", "2025-01-31"):
            db.execute(history, ("client", CLIENT, day, "", "", "", "", "m/old", 4))
            db.execute(history, ("user", CLIENT, day, "ext-1", "", "", "ewa", None, None))
            db.execute(history, ("model", CLIENT, day, "", "m/old", "P0", "", None, None))


def test_sqlite_and_duckdb_read_the_same_rows(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    with Store(path) as store:
        fill(store)
        with store.read() as db:
            here = {view: dicts(db, f"SELECT * FROM {view} ORDER BY id") for view in VIEWS}
    told = subprocess.run(
        [sys.executable, "-c", IN_DUCKDB, str(path), *VIEWS], capture_output=True, text=True, check=False
    )
    assert told.returncode == 0, told.stderr
    assert json.loads(told.stdout) == json.loads(json.dumps(here))
    assert [len(here[view]) for view in VIEWS] == [4, 5, 6]


def test_the_views_have_the_legacy_columns_and_agree_with_each_other(store: Store) -> None:
    fill(store)
    with store.read() as db:
        days = {
            view: dicts(
                db,
                "SELECT usage_date, SUM(total_tokens) AS tokens, SUM(total_requests) AS requests,"
                f" round(SUM(markup_cost), 12) AS charged FROM {view} WHERE client_org_id = '{CLIENT}'"
                " GROUP BY usage_date ORDER BY usage_date",
            )
            for view in VIEWS
        }
        (day,) = dicts(db, "SELECT * FROM client_daily_usage WHERE usage_date = '2025-01-31'")
    assert days[VIEWS[0]] == days[VIEWS[1]] == days[VIEWS[2]]
    assert day == {
        "id": f"{CLIENT}:2025-01-31",
        "client_org_id": CLIENT,
        "usage_date": "2025-01-31",
        "total_tokens": 99,
        "total_requests": 9,
        "raw_cost": 0.3,
        "markup_cost": 0.45,
        "primary_model": "m/old",
        "unique_users": 4,
        "created_at": 1_700_000_000,
        "updated_at": 1_700_000_900,
    }


@pytest.mark.parametrize("view", VIEWS)
@pytest.mark.parametrize(
    "change",
    [
        "INSERT INTO {view} (id, client_org_id, usage_date) VALUES ('x', 'y', '2026-01-01')",
        "UPDATE {view} SET raw_cost = 0",
        "DELETE FROM {view}",
    ],
)
def test_a_write_to_a_view_names_record_usage(store: Store, view: str, change: str) -> None:
    fill(store)
    with pytest.raises(apsw.ConstraintError, match="record_usage"), store.write() as db:
        db.execute(change.format(view=view))
