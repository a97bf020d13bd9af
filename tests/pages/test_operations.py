"""Why something waits or failed is said in the reader's language, and what another program said is told apart."""

from __future__ import annotations

import subprocess

import pytest

from mai_core.store import batch_runs, quarantine
from routers import batch
from tests.pages.conftest import ACME, Desk, Opener
from tests.pages.conftest import markup_of as drawn
from tests.pages.conftest import text_of as text


def test_a_step_that_failed_says_why(desk: Desk, open_page: Opener) -> None:
    now_ms = desk.installation.now_ms()
    with desk.installation.store.write() as db:
        run = batch_runs.start(db, now_ms, "2026-10-20", batch_runs.RUN_STEP, "test")
        for step, client, day, error in (
            ("rates", None, "2026-10-20", "https://api.nbp.pl cannot be reached: the connection timed out"),
            ("verify", ACME, "2026-10-19", "the archive 2026-10-19.parquet is missing"),
        ):
            row = batch_runs.start(db, now_ms, day, step, "test", run, client)
            batch_runs.finish(db, row, now_ms, "failed", error=error)
        batch_runs.finish(db, run, now_ms, "failed", error="rates: https://api.nbp.pl cannot be reached: ...")
    page = open_page(desk.login("operator"), "operations")
    shown = text(page)
    assert "kursy nie udało się połączyć z https://api.nbp.pl. Komunikat w oryginale: the connection timed out" in shown
    assert '<span lang="en">the connection timed out</span>' in drawn(page)
    assert "Acme sp. z o.o., 19 października 2026: brakuje archiwum 2026-10-19.parquet" in shown
    assert "cannot be reached" not in shown


def test_a_run_that_was_killed_says_so(desk: Desk, open_page: Opener) -> None:
    now_ms = desk.installation.now_ms()
    with desk.installation.store.write() as db:
        batch_runs.start(db, now_ms, "2026-10-20", batch_runs.RUN_STEP, "test")
        batch_runs.abandon(db, now_ms, "the process ended before this was done")
    shown = text(open_page(desk.login("operator"), "operations"))
    assert "proces zakończył się, zanim to zrobiono" in shown


def test_an_entry_in_quarantine_says_what_is_wrong_with_it(desk: Desk, open_page: Opener) -> None:
    with desk.installation.store.write() as db:
        quarantine.put(
            db, desk.installation.now_ms(), source="openrouter", client_org_id=None, reason_code="invalid",
            reason="gen_ai.usage.input_tokens: is not a whole number", body="{}", sha256="a",
        )  # fmt: skip
    polish = text(open_page(desk.login("operator"), "operations"))
    assert "gen_ai.usage.input_tokens: to nie liczba całkowita" in polish
    english = text(open_page(desk.login("operator", "en"), "operations"))
    assert "gen_ai.usage.input_tokens: is not a whole number" in english


def test_what_was_dropped_is_gone_at_once(desk: Desk, open_page: Opener) -> None:
    with desk.installation.store.write() as db:
        for digest in ("a", "b"):
            quarantine.put(
                db, desk.installation.now_ms(), source=f"way-{digest}", client_org_id=None, reason_code="invalid",
                reason="cost: is missing", body="{}", sha256=digest,
            )  # fmt: skip
    page = open_page(desk.login("operator"), "operations")
    page.selectbox(key="quarantine").select_index(0).run()
    dropped = page.selectbox(key="quarantine").value
    page.button(key="drop").click().run()
    assert not page.exception
    assert dropped not in [int(option.split()[0][1:]) for option in page.selectbox(key="quarantine").options]
    assert drawn(page).count("cost: brakuje") == 1


def test_of_many_entries_the_oldest_are_shown_and_that_there_are_more(desk: Desk, open_page: Opener) -> None:
    operator = desk.login("operator")

    def shown(entries: range) -> str:
        with desk.installation.store.write() as db:
            for number in entries:
                quarantine.put(
                    db, desk.installation.now_ms(), source=f"way-{number}-", client_org_id=None, reason_code="invalid",
                    reason="cost: is missing", body="{}", sha256=str(number),
                )  # fmt: skip
        return text(open_page(operator, "operations"))

    fifty = shown(range(50))
    assert "way-49-" in fifty
    assert "Pokazano 50" not in fifty
    more = shown(range(50, 52))
    assert "way-49-" in more
    assert "way-50-" not in more
    assert "Pokazano 50 najstarszych" in more


def test_a_batch_that_was_started_says_so(desk: Desk, open_page: Opener, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batch, "launch", lambda *_: subprocess.Popen(["true"]))
    page = open_page(desk.login("operator"), "operations")
    page.button(key="batch_now").click().run()
    assert "Uruchomiono przebieg." in text(page)
