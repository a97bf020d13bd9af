from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import apsw
import pytest

from mai_core import checks, legacy_import
from mai_core.cli import main
from mai_core.errors import MaiError
from mai_core.installation import Installation
from mai_core.intake import booking
from mai_core.legacy_import import ImportReport
from mai_core.store import clients, dicts, rating_books
from tests.builders import make_arrival, make_client
from tests.legacy_import.conftest import ACME, EWA, OldDatabase

VIEWS = ("client_daily_usage", "client_user_daily_usage", "client_model_daily_usage")


def bring_in(house: Installation, old: OldDatabase, *, apply: bool = True) -> ImportReport:
    return legacy_import.bring_in(house, old.path, apply=apply)


def ask(house: Installation, sql: str) -> list[dict[str, Any]]:
    with house.store.read() as db:
        return dicts(db, sql)


def everything(house: Installation) -> dict[str, Any]:
    tables = ("client_organizations", "imported_days", "processed_generations", "user_client_mapping", "audit_log")
    return {table: ask(house, f"SELECT * FROM {table}") for table in tables}


def book(house: Installation, *arrivals: Any) -> list[str]:
    with house.store.write() as db:
        book = rating_books.load(db, house.settings)
        return [outcome.result.value for outcome in booking.book(db, book, list(arrivals), house.now_ms())]


def test_a_dry_run_tells_all_and_writes_nothing(installation: Installation, old: OldDatabase) -> None:
    before = everything(installation)
    report = bring_in(installation, old, apply=False)
    assert report.table("client_daily_usage").new == 2
    assert report.totals["client"].kept.markup_cost == Decimal("0.45000000000000004")
    assert everything(installation) == before
    assert "dry run" in legacy_import.text(report)


def test_totals_before_are_totals_after_to_the_last_digit(installation: Installation, old: OldDatabase) -> None:
    report = bring_in(installation, old)
    for facet in ("client", "user", "model"):
        totals = report.totals[facet]  # type: ignore[index]
        assert totals.in_ledger is not None
        assert totals.in_ledger.amounts == totals.read.amounts
        assert totals.in_ledger.raw_cost == Decimal("0.3")
        assert totals.in_ledger.markup_cost == Decimal("0.45000000000000004")
    assert report.agrees
    assert "to the last digit" in legacy_import.text(report)


def test_every_view_shows_the_imported_totals_once(installation: Installation, old: OldDatabase) -> None:
    bring_in(installation, old)
    for view in VIEWS:
        days = ask(installation, f"SELECT * FROM {view} ORDER BY usage_date")
        assert [(day["usage_date"], day["total_tokens"], day["raw_cost"], day["markup_cost"]) for day in days] == [
            ("2026-09-01", 1000, 0.1, 0.15),
            ("2026-09-02", 1000, 0.2, 0.3),
        ]
    (first, _) = ask(installation, "SELECT * FROM client_daily_usage ORDER BY usage_date")
    assert (first["id"], first["primary_model"], first["unique_users"]) == (f"{ACME}:2026-09-01", "openai/gpt-4o", 1)


def test_a_client_comes_with_what_was_agreed_and_its_key_is_encrypted(
    installation: Installation, old: OldDatabase
) -> None:
    old.add_client("mai_client_left", markup_rate=1.25, is_active=0, monthly_limit=None)
    bring_in(installation, old)
    with installation.store.read() as db:
        acme, left = clients.require(db, ACME), clients.require(db, "mai_client_left")
        assert clients.get_by_api_key(db, f"sk-or-{ACME}", installation.secrets) == acme
    assert (acme.markup_rate, acme.monthly_limit, acme.provider_key_hash) == ("1.5", "250", f"hash-{ACME}")
    assert (acme.created_at, acme.updated_at, acme.is_active) == (1_700_000_000, 1_700_000_500, True)
    assert (left.markup_rate, left.is_active) == ("1.25", False)
    assert f"sk-or-{ACME}" not in json.dumps(everything(installation))


def test_an_import_done_twice_brings_nothing_twice(installation: Installation, old: OldDatabase) -> None:
    old.add("user_client_mapping", id=f"{EWA}_{ACME}", user_id=EWA, client_org_id=ACME, openrouter_user_id="ext-1")
    old.add_generation("gen-1")
    first = bring_in(installation, old)
    after_first = everything(installation)
    second = bring_in(installation, old)
    assert everything(installation) == after_first
    assert {table.name: (table.new, table.changed) for table in second.tables if table.new or table.changed} == {}
    assert first.totals["client"].kept == second.totals["client"].kept


def test_a_day_that_grew_in_the_old_system_is_brought_up_to_date(installation: Installation, old: OldDatabase) -> None:
    bring_in(installation, old)
    old.run("UPDATE client_daily_usage SET raw_cost = 0.7, markup_cost = 1.05 WHERE usage_date = '2026-09-02'")
    report = bring_in(installation, old)
    assert (report.table("client_daily_usage").changed, report.table("client_daily_usage").new) == (1, 0)
    assert ask(installation, "SELECT markup_cost FROM client_daily_usage ORDER BY usage_date")[1] == {
        "markup_cost": 1.05
    }


def test_older_ids_with_an_underscore_are_days_too_and_two_rows_of_a_day_are_its_sum(
    installation: Installation, old: OldDatabase
) -> None:
    old.add_day("2025-01-31", 1.25, 2.5, separator="_")
    old.add_day("2026-09-01", 0.2, 0.3, separator="_", unique_users=4)
    report = bring_in(installation, old)
    days = {day["usage_date"]: day for day in ask(installation, "SELECT * FROM client_daily_usage")}
    assert days["2025-01-31"]["markup_cost"] == 2.5
    assert (days["2026-09-01"]["raw_cost"], days["2026-09-01"]["unique_users"]) == (0.3, 4)
    assert report.agrees
    assert "their sum is kept" in legacy_import.text(report)


REFUSED = {
    "client_org_id: is not one of the clients": {"client_org_id": "mai_client_gone"},
    "raw_cost: must be 0 or more": {"raw_cost": -0.1},
    "raw_cost: is missing": {"raw_cost": None},
    "markup_cost: is not a number": {"markup_cost": "a lot"},
    "total_tokens: must be between": {"total_tokens": -1},
    "total_requests: must be a whole number": {"total_requests": 1.5},
    "usage_date: '30.09.2026' is not a day": {"usage_date": "30.09.2026"},
    "primary_model: is longer than": {"primary_model": "x" * 10_000_000},
}


@pytest.mark.parametrize(("reason", "row"), REFUSED.items())
def test_what_cannot_be_taken_is_refused_with_its_reason(
    installation: Installation, old: OldDatabase, reason: str, row: dict[str, Any]
) -> None:
    old.add_day("2026-09-30", 9.0, 9.9, **{"id": "the bad row", **row})
    report = bring_in(installation, old)
    (told,) = report.table("client_daily_usage").refused
    assert told.startswith(reason)
    assert "the bad row" in legacy_import.text(report)
    assert report.totals["client"].kept.rows == 2
    assert report.agrees


def test_the_old_systems_memory_makes_a_late_webhook_a_duplicate(installation: Installation, old: OldDatabase) -> None:
    old.add_generation("gen-a")
    old.add_generation("gen-of-nobody", client="mai_client_gone")
    old.add_generation("gen-of-no-day", day="soon")
    report = bring_in(installation, old)
    generations = report.table("processed_generations")
    assert (generations.read, generations.new, generations.refusals) == (3, 1, 2)
    assert book(installation, make_arrival("gen-a", client=ACME)) == ["duplicate"]


def test_a_day_that_both_counted_counts_from_events(installation: Installation, old: OldDatabase) -> None:
    make_client(installation.store, ACME)
    book(installation, make_arrival("gen-a", client=ACME, cost="0.10"))
    for add in (old.add_day, old.add_user_day, old.add_model_day):
        add("2026-10-14", 0.1, 0.13)  # type: ignore[operator]
    old.add_generation("gen-a")
    report = bring_in(installation, old)
    (day,) = ask(installation, "SELECT * FROM client_daily_usage WHERE usage_date = '2026-10-14'")
    assert (day["total_requests"], day["markup_cost"]) == (1, 0.13)
    assert report.totals["user"].counted_already.markup_cost == Decimal("0.13")
    (told,) = report.days
    assert "the events count" in told
    assert report.agrees


def test_the_two_parts_of_the_day_of_the_move_both_count(installation: Installation, old: OldDatabase) -> None:
    make_client(installation.store, ACME)
    book(installation, make_arrival("gen-new", client=ACME, cost="0.10"))
    old.add_day("2026-10-14", 0.2, 0.4)
    old.add_generation("gen-old")
    report = bring_in(installation, old)
    (day,) = ask(installation, "SELECT * FROM client_daily_usage WHERE usage_date = '2026-10-14'")
    assert (day["raw_cost"], day["markup_cost"]) == (0.3, 0.53)
    assert "both parts count" in report.days[0]


def test_an_invoiced_month_is_not_touched(installation: Installation, old: OldDatabase) -> None:
    make_client(installation.store, ACME)
    with installation.store.write() as db:
        db.execute("INSERT INTO invoiced_months VALUES (?, '2026-09', 'FV/1', 0)", (ACME,))
    report = bring_in(installation, old)
    assert report.table("client_daily_usage").refused.keys() == {"its month stands on an invoice"}
    assert ask(installation, "SELECT * FROM imported_days") == []


def test_an_imported_day_is_read_from_the_ledger_again(installation: Installation, old: OldDatabase) -> None:
    make_client(installation.store, ACME)
    with installation.store.write() as db:
        db.execute(
            "INSERT INTO sealed_days (client_org_id, usage_date, file, version, rows, sum_raw, sum_charged,"
            " sealed_at_ms) VALUES (?, '2026-09-01', 'f', 1, 0, '0', '0', 0)",
            (ACME,),
        )
    bring_in(installation, old)
    assert ask(installation, "SELECT * FROM sealed_days") == []


def test_a_client_that_is_here_keeps_what_was_agreed_here(installation: Installation, old: OldDatabase) -> None:
    make_client(installation.store, ACME, name="Acme", markup_rate=None, monthly_limit="99")
    report = bring_in(installation, old)
    with installation.store.read() as db:
        acme = clients.require(db, ACME)
    assert (acme.name, acme.markup_rate, acme.monthly_limit) == ("Acme", "1.5", "99")
    notes = "\n".join(report.table("client_organizations").notes)
    assert "monthly_limit here 99, there 250" in notes
    assert "learns markup_rate, openrouter_api_key, provider_key_hash" in notes


def test_todays_counter_of_older_installations_is_a_day_where_the_summary_lacks_it(
    installation: Installation, old: OldDatabase
) -> None:
    old.add_client("mai_client_b")
    for client, day in ((ACME, "2026-09-02"), ("mai_client_b", "2026-09-03"), ("mai_client_gone", "2026-09-03")):
        old.add(
            "client_live_counters",
            client_org_id=client,
            current_date=day,
            today_tokens=70,
            today_requests=7,
            today_raw_cost=0.7,
            today_markup_cost=0.91,
            last_updated=1_700_000_000,
        )
    report = bring_in(installation, old)
    counters = report.table("client_live_counters")
    assert (counters.read, counters.new, counters.unchanged, counters.refusals) == (3, 1, 1, 1)
    days = ask(installation, "SELECT * FROM client_daily_usage WHERE usage_date = '2026-09-03'")
    assert [(day["client_org_id"], day["markup_cost"]) for day in days] == [("mai_client_b", 0.91)]


def test_people_come_with_their_ids(installation: Installation, old: OldDatabase) -> None:
    make_client(installation.store, ACME)
    book(installation, make_arrival("gen-a", client=ACME, external_user="ext-1"))
    rows = [("m1", EWA, "ext-1"), ("m2", "jan", "ext-2"), ("m3", "eve", "ext-2"), ("m4", "", "ext-3")]
    for row_id, user, external in rows:
        old.add(
            "user_client_mapping",
            id=row_id,
            user_id=user,
            client_org_id=ACME,
            openrouter_user_id=external,
            is_active=int(user != "jan"),
            created_at=1_600_000_000,
            updated_at=1_600_000_001,
        )
    report = bring_in(installation, old)
    mapping = report.table("user_client_mapping")
    assert (mapping.new, mapping.changed) == (1, 1)
    assert set(mapping.refused) == {"openrouter_user_id: belongs to another person", "user_id: is empty"}
    people = ask(installation, "SELECT id, user_id, is_active, created_at FROM user_client_mapping ORDER BY user_id")
    assert people == [
        {"id": f"{EWA}_{ACME}", "user_id": EWA, "is_active": 1, "created_at": 1_600_000_000},
        {"id": f"jan_{ACME}", "user_id": "jan", "is_active": 0, "created_at": 1_600_000_000},
    ]


def test_global_settings_come_once(installation: Installation, old: OldDatabase) -> None:
    old.add("global_settings", id="global", openrouter_provisioning_key="sk-prov", default_markup_rate=1.4)
    assert bring_in(installation, old).table("global_settings").new == 1
    assert bring_in(installation, old).table("global_settings").unchanged == 1
    (row,) = ask(installation, "SELECT * FROM global_settings")
    assert row["default_markup_rate"] == "1.4"
    assert installation.secrets.decrypt(row["openrouter_provisioning_key"]) == "sk-prov"


def test_missing_tables_and_columns_are_said(installation: Installation, old: OldDatabase) -> None:
    old.run(
        "DROP TABLE client_live_counters; DROP TABLE global_settings; DROP TABLE client_model_daily_usage;"
        "ALTER TABLE client_daily_usage DROP COLUMN unique_users"
    )
    report = bring_in(installation, old)
    absent = {table.name for table in report.tables if not table.present}
    assert absent == {"client_live_counters", "global_settings", "client_model_daily_usage"}
    assert legacy_import.text(report).count("not in this database") == 3
    assert report.totals["client"].kept.rows == 2


def test_a_client_that_cannot_be_taken_takes_its_history_with_it(installation: Installation, old: OldDatabase) -> None:
    old.run("UPDATE client_organizations SET markup_rate = 0")
    old.add_client("mai_client_b", openrouter_key_hash=f"hash-{ACME}")
    old.add_client("mai_client_c", openrouter_key_hash=f"hash-{ACME}")
    report = bring_in(installation, old)
    assert set(report.table("client_organizations").refused) == {
        "markup_rate: must be above 0 and at most 1000",
        "this hash of an OpenRouter key belongs to another client",
    }
    assert report.table("client_daily_usage").refusals == 2
    assert ask(installation, "SELECT * FROM imported_days") == []


def test_the_old_file_is_only_read(installation: Installation, old: OldDatabase) -> None:
    before = old.path.read_bytes()
    bring_in(installation, old)
    assert old.path.read_bytes() == before
    assert [path.name for path in old.path.parent.iterdir() if path.name.startswith("webui")] == ["webui.db"]


@pytest.mark.parametrize(
    ("content", "said"),
    [(None, "is not there"), (b"not a database" * 100, "is not a SQLite database"), (b"", "none of the tables")],
)
def test_another_file_is_refused_in_words(
    installation: Installation, tmp_path: Path, content: bytes | None, said: str
) -> None:
    path = tmp_path / "other.db"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(MaiError, match=said):
        legacy_import.bring_in(installation, path, apply=True)


def test_a_file_in_use_is_read_with_what_its_owner_wrote_last(installation: Installation, old: OldDatabase) -> None:
    owner = apsw.Connection(str(old.path))
    owner.execute("PRAGMA journal_mode = WAL; PRAGMA wal_autocheckpoint = 0")
    owner.execute("UPDATE client_daily_usage SET markup_cost = 7.5 WHERE usage_date = '2026-09-02'")
    report = bring_in(installation, old)
    assert report.totals["client"].kept.markup_cost == Decimal("7.65")
    owner.execute("UPDATE client_daily_usage SET markup_cost = 8")
    owner.close()


def test_the_command_reports_first_and_writes_only_when_told(
    installation: Installation, old: OldDatabase, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    old.add_day("2026-09-03", -1.0, 1.0)
    old.add_generation("gen-1", total_cost=-1)
    monkeypatch.setenv("MAI_DATA_DIR", str(installation.settings.mai_data_dir))
    monkeypatch.setenv("MAI_SECRET_KEY", "a key for tests")
    assert main(["import-legacy", str(old.path)]) == 0
    told = capsys.readouterr().out
    assert "dry run; --apply does it" in told
    assert "refused: raw_cost: must be 0 or more: mai_client_63a4eb6d:2026-09-03" in told
    assert ask(installation, "SELECT * FROM imported_days") == []
    assert main(["import-legacy", str(old.path), "--apply"]) == 0
    assert "totals before = totals after, to the last digit" in capsys.readouterr().out
    assert len(ask(installation, "SELECT * FROM imported_days")) == 6
    assert main(["import-legacy", str(old.path.with_name("missing.db"))]) == 1
    assert "is not there" in capsys.readouterr().err


def test_the_ledger_holds_after_an_import(installation: Installation, old: OldDatabase) -> None:
    old.add_generation("gen-1")
    bring_in(installation, old)
    assert checks.run(installation.store) == []


def test_a_ledger_is_not_brought_into_a_ledger(installation: Installation) -> None:
    with pytest.raises(MaiError, match="is a ledger of mAI Usage itself"):
        legacy_import.bring_in(installation, installation.store.path, apply=True)
