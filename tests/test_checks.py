from __future__ import annotations

import apsw
import pytest

from mai_core import checks
from mai_core.cli import main
from mai_core.installation import Installation
from mai_core.intake import booking
from mai_core.store import rating_books
from tests.builders import CLIENT, make_arrival, make_client


@pytest.fixture
def booked(installation: Installation) -> Installation:
    """Two generations of one person on one day."""
    make_client(installation.store)
    with installation.store.write() as db:
        book = rating_books.load(db, installation.settings)
        arrivals = [make_arrival("gen-a"), make_arrival("gen-b", cost="0.07", provider="Azure")]
        booking.book(db, book, arrivals, installation.now_ms())
    return installation


def break_it(house: Installation, sql: str) -> None:
    with house.store.write() as db:
        db.execute(sql)


def test_a_ledger_that_was_only_booked_holds(booked: Installation) -> None:
    assert checks.run(booked.store) == []
    done = {check.name: check.compared for check in checks.all_checks(booked.store)}
    assert done["events = days"] == 2
    assert done["days = views"] == 3


BREAKS = {
    "a day that says more than its events": (
        "UPDATE usage_daily SET charged_pusd = charged_pusd + 1 WHERE provider = 'Azure'",
        "events = days",
        f"{CLIENT} 2026-10-14 {CLIENT}_user_11112222 openai/gpt-4o Azure: charged_pusd 91000000001 instead of",
    ),
    "an event that is in no day": ("DELETE FROM usage_daily WHERE provider = 'Azure'", "events = days", "in no day"),
    "a day without events": (
        "DELETE FROM usage_events WHERE provider = 'Azure'",
        "events = days",
        "requests 1 instead of 0",
    ),
    "a charge that is not cost times markup": (
        "UPDATE usage_events SET markup = '1.4' WHERE generation_id = 'gen-a'",
        "charged = cost x markup",
        "charged 130000000000 instead of 140000000000",
    ),
    "a person without a mapping": ("DELETE FROM user_client_mapping", "no orphans", "no mapping"),
    "a client that is not known": (
        "INSERT INTO outbox (client_org_id, generation_id, queued_at_ms) VALUES ('mai_client_gone', 'gen-x', 0)",
        "no unknown clients",
        "mai_client_gone",
    ),
    "a conflict about nothing": (
        "INSERT INTO conflicts (client_org_id, generation_id, field, rank, seen_values, created_at_ms, updated_at_ms)"
        f" VALUES ('{CLIENT}', 'gen-x', 'model', 7, '[]', 0, 0)",
        "conflicts are about events",
        "differ about model",
    ),
    "a sealed day that is not the ledger's": (
        "INSERT INTO sealed_days (client_org_id, usage_date, file, version, rows, sum_raw, sum_charged, sealed_at_ms)"
        f" VALUES ('{CLIENT}', '2026-10-14', 'f', 1, 2, '1', '1', 0)",
        "days = sealed days",
        "the ledger has (2, '170000000000', '221000000000')",
    ),
    "an archived day that is not the ledger's": (
        "INSERT INTO archives (client_org_id, usage_date, file, rows, sum_raw, sum_charged, sha256, version,"
        f" written_at_ms, events_removed_at_ms) VALUES ('{CLIENT}', '2026-10-14', 'f', 2, '1', '1', '', 1, 0, 1)",
        "events = days",
        "the archive holds 1 raw",
    ),
    "a view that was replaced": (
        "DROP VIEW client_daily_usage; CREATE VIEW client_daily_usage AS SELECT 'x' AS id, 1 AS total_tokens,"
        " 1 AS total_requests, 0.1 AS raw_cost, 0.1 AS markup_cost",
        "days = views",
        "client_daily_usage x: shows (1, 1, 0.1, 0.1) instead of None",
    ),
}


@pytest.mark.parametrize(("sql", "check", "told"), BREAKS.values(), ids=BREAKS.keys())
def test_what_does_not_hold_is_named(booked: Installation, sql: str, check: str, told: str) -> None:
    break_it(booked, sql)
    findings = [finding for finding in checks.run(booked.store) if finding.check == check]
    assert any(told in str(finding) for finding in findings), findings


def test_an_event_that_could_be_counted_again_is_named(booked: Installation) -> None:
    with booked.store.write() as db:
        book = rating_books.load(db, booked.settings)
        now_ms = booked.now_ms()
        booking.book(db, book, [make_arrival("gen-now", started_at_ms=now_ms, received_at_ms=now_ms)], now_ms)
        db.execute("DELETE FROM processed_generations WHERE id = 'gen-now'")
    (finding,) = checks.run(booked.store)
    assert str(finding) == f"every event is remembered: {CLIENT} gen-now: is not in the dedupe memory"


def test_an_orphan_is_named(booked: Installation) -> None:
    db = apsw.Connection(str(booked.store.path))
    db.execute("PRAGMA foreign_keys = OFF")
    db.execute("INSERT INTO processed_generations VALUES ('gen-x', 'mai_client_gone', '2026-01-01', 0, '0', 0)")
    db.close()
    findings = [str(finding) for finding in checks.run(booked.store) if finding.check == "no orphans"]
    assert any("processed_generations" in finding and "client_organizations" in finding for finding in findings)


def test_the_command_says_what_holds_and_what_does_not(
    booked: Installation, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("MAI_DATA_DIR", str(booked.settings.mai_data_dir))
    assert main(["check"]) == 0
    assert "ok      events = days" in capsys.readouterr().out
    break_it(booked, "UPDATE usage_daily SET requests = requests + 1")
    assert main(["check"]) == 1
    assert "BROKEN  events = days" in capsys.readouterr().out
