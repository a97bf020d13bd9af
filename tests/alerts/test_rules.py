"""What raises an alert, and what closes it."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest

from mai_core.alerts import rules
from mai_core.alerts.finding import Finding
from mai_core.alerts.rules import RULES, limit_findings
from mai_core.alerts.watching import look, watch
from mai_core.alerts.wording import text_of
from mai_core.installation import Installation
from mai_core.language import LANGUAGES, Words
from mai_core.model import Client
from mai_core.money import units_of
from mai_core.store import alerts, batch_runs, rows
from tests.batch.conftest import deliver, opened_at
from tests.builders import CLIENT, make_arrival, make_client

MARCH_11 = date(2026, 3, 11)


@pytest.fixture
def installation(tmp_path: Path):  # type: ignore[no-untyped-def]
    opened = opened_at(tmp_path)
    yield opened
    opened.close()


def client(limit: str = "100") -> Client:
    return Client(
        id=CLIENT,
        name="Acme",
        markup_rate=None,
        monthly_limit=limit,
        billing_email=None,
        timezone="Europe/Warsaw",
        fx_policy="daily",
        byok_include_upstream=False,
        is_active=True,
        created_at=0,
        updated_at=0,
    )


def every_day(amount: str, days: int = 60) -> dict[date, int]:
    return {MARCH_11 - timedelta(days=n): units_of(amount) for n in range(days)}


@pytest.mark.parametrize(
    ("spent", "percent", "level"),
    [("49.99", None, None), ("50", 50, "info"), ("80", 80, "warning"), ("99.99", 80, "warning"), ("100", 100, "error")],
)
def test_the_highest_threshold_that_was_reached_speaks(spent: str, percent: int | None, level: str | None) -> None:
    found = list(limit_findings(client(), units_of("100"), {MARCH_11: units_of(spent)}, MARCH_11))
    assert [(one.values["percent"], one.level) for one in found] == ([] if percent is None else [(percent, level)])


def test_the_month_before_does_not_count() -> None:
    amounts = {date(2026, 2, 28): units_of("500"), MARCH_11: units_of("1")}
    assert list(limit_findings(client(), units_of("100"), amounts, MARCH_11)) == []


def test_a_pace_above_the_limit_is_told_before_it_happens() -> None:
    """4 dollars on each of 11 days: 44 of 100 spent, some 124 expected."""
    found = list(limit_findings(client(), units_of("100"), every_day("4"), MARCH_11))
    assert [one.rule for one in found] == ["forecast"]
    assert units_of("110") < found[0].values["expected_pusd"] < units_of("140")


def test_a_pace_within_the_limit_is_quiet() -> None:
    assert list(limit_findings(client("1000"), units_of("1000"), every_day("4"), MARCH_11)) == []


def findings(installation: Installation, rule: str) -> list[Finding]:
    return [one for one in look(installation, installation.now_ms()) if one.rule == rule]


def test_a_client_over_its_limit(installation: Installation) -> None:
    make_client(installation.store, monthly_limit="1")
    deliver(installation, [make_arrival(cost="0.80")])
    found = findings(installation, "limit")
    assert [(one.client_org_id, one.values["percent"]) for one in found] == [(CLIENT, 100)]


def test_a_failed_batch_is_told_with_its_reason(installation: Installation) -> None:
    with installation.store.write() as db:
        row = batch_runs.start(db, installation.now_ms(), "2026-10-14", "batch", "p")
        batch_runs.finish(db, row, installation.now_ms(), "failed", {}, "NBP is down")
    assert [one.values["reason"] for one in findings(installation, "batch_failed")] == ["NBP is down"]


def test_a_batch_that_did_not_come_is_late_after_two_hours(tmp_path: Path) -> None:
    for clock, late in (("2026-10-15T12:30:00Z", 0), ("2026-10-15T13:30:00Z", 1)):
        opened = opened_at(tmp_path, clock)
        with opened.store.write() as db:
            row = batch_runs.start(db, 0, "2026-10-13", "batch", "p")
            batch_runs.finish(db, row, 1, "ok")
        assert len(findings(opened, "batch_late")) == late
        opened.close()


def test_an_unexplained_difference_above_the_threshold(installation: Installation) -> None:
    with installation.store.write() as db:
        for day, amount in (("2026-10-12", "0.99"), ("2026-10-13", "1.01")):
            db.execute(
                "INSERT INTO residuals (utc_date, model, provider, class, billed_pusd, recorded_pusd, found_at_ms)"
                " VALUES (?, 'm', '', 'not_explained', ?, 0, 0)",
                (day, units_of(amount)),
            )
    assert [one.subject for one in findings(installation, "residual")] == ["2026-10-13"]


def test_what_one_client_has_too_much_does_not_hide_what_another_lacks(installation: Installation) -> None:
    make_client(installation.store)
    make_client(installation.store, "mai_client_bolt0000", name="Bolt")
    with installation.store.write() as db:
        for client, billed, recorded in ((CLIENT, "6", "0"), ("mai_client_bolt0000", "0", "6"), (None, "0.1", "0.1")):
            db.execute(
                "INSERT INTO residuals (utc_date, client_org_id, model, provider, class, billed_pusd, recorded_pusd,"
                " found_at_ms) VALUES ('2026-10-13', ?, 'm', '', 'not_explained', ?, ?, 0)",
                (client, units_of(billed), units_of(recorded)),
            )
    assert [one.values["amount_pusd"] for one in findings(installation, "residual")] == [units_of("12")]


def test_something_in_quarantine(installation: Installation) -> None:
    with installation.store.write() as db:
        db.execute(
            "INSERT INTO quarantine (received_at_ms, last_seen_at_ms, source, reason_code, reason, sha256)"
            " VALUES (?, 0, 'openrouter', 'unrouted', 'no client', 'x')",
            (installation.now_ms() - 3 * 3_600_000,),
        )
    assert [one.values for one in findings(installation, "quarantine")] == [{"n": 1, "hours": 3}]


def test_generations_without_a_price(installation: Installation) -> None:
    make_client(installation.store)
    deliver(installation, [make_arrival(cost=None, model="nobody/knows")])
    assert [one.values for one in findings(installation, "unpriced")] == [{"model": "nobody/knows", "n": 1}]


def test_prices_and_rates_that_were_never_had(installation: Installation) -> None:
    with installation.store.write() as db:
        db.execute("INSERT INTO price_fetches (fetched_at_ms, ok, models, changed, error) VALUES (0, 0, 0, 0, 'down')")
        db.execute("INSERT INTO rate_answers (currency, last_error, last_error_at_ms) VALUES ('USD', 'slow', 0)")
    found = look(installation, installation.now_ms())
    assert {one.rule: one.values["reason"] for one in found} == {"stale_prices": "down", "stale_rates": "slow"}


def test_a_full_disk_and_a_grown_log(installation: Installation, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rules.shutil, "disk_usage", lambda path: SimpleNamespace(total=10**12, free=10**9))
    monkeypatch.setattr(rules, "LARGEST_WAL", 1)
    assert len(findings(installation, "disk")) == 1
    assert len(findings(installation, "wal")) == 1


def test_an_alert_is_opened_counted_and_closed(installation: Installation) -> None:
    finding = Finding("disk", "free", "error", {"free_mb": 3})
    with installation.store.write() as db:
        alerts.sync(db, 1, [finding])
        alerts.sync(db, 2, [finding])
        assert [(one["times"], one["first_at_ms"]) for one in alerts.open_alerts(db)] == [(2, 1)]
        alerts.sync(db, 3, [])
        assert alerts.open_alerts(db) == []
        alerts.sync(db, 4, [finding])
        assert rows(db, "SELECT first_at_ms, closed_at_ms FROM alerts ORDER BY id") == [(1, 3), (4, None)]


def test_watching_stores_what_it_finds(installation: Installation) -> None:
    make_client(installation.store, monthly_limit="0.01")
    deliver(installation, [make_arrival(cost="1")])
    watch(installation)
    with installation.store.read() as db:
        assert [one["subject"] for one in alerts.open_alerts(db, CLIENT)] == [f"{CLIENT} 2026-10 100"]


EXAMPLES = {
    "limit": {"client": "Acme", "month": "2026-10", "spent_pusd": 5, "limit_pusd": 7, "percent": 80},
    "forecast": {"client": "Acme", "month": "2026-10", "spent_pusd": 5, "limit_pusd": 7, "expected_pusd": 9},
    "batch_failed": {"day": "2026-10-14", "reason": "why"},
    "batch_late": {"day": "2026-10-14", "days": 2},
    "residual": {"day": "2026-10-14", "amount_pusd": units_of("12.5")},
    "quarantine": {"n": 5, "hours": 2},
    "unpriced": {"model": "a/b", "n": 2},
    "stale_prices": {"hours": 30, "reason": "down"},
    "stale_rates": {"hours": "?", "reason": ""},
    "disk": {"free_mb": 12},
    "wal": {"mb": 70},
}


@pytest.mark.parametrize("rule", sorted(EXAMPLES))
@pytest.mark.parametrize("language", LANGUAGES)
def test_every_alert_has_words_in_both_languages(rule: str, language: str) -> None:
    text = text_of(Words(language), f"alert.{rule}", EXAMPLES[rule])  # type: ignore[arg-type]
    assert "{" not in text
    assert len(text) > 20


def test_what_came_within_the_hour_does_not_wait_for_no_hours() -> None:
    said = text_of(Words("pl"), "alert.quarantine", {"n": 4, "hours": 0})
    assert said == "4 zdarzenia czekają w kwarantannie od mniej niż godziny."


def test_why_a_batch_failed_is_said_in_the_readers_language() -> None:
    told = "rates: https://api.nbp.pl cannot be reached: the connection timed out"
    said = text_of(Words("pl"), "alert.batch_failed", {"day": "2026-10-14", "reason": told})
    assert said.endswith(
        "rates: nie udało się połączyć z https://api.nbp.pl. Komunikat w oryginale: the connection timed out"
    )
    assert text_of(Words("en"), "alert.batch_failed", {"day": "2026-10-14", "reason": told}).endswith(told)


def test_no_rule_is_without_an_example() -> None:
    assert len(RULES) == 8
