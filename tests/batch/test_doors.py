"""The doors for the clock: the batch by hand, and what `python -m jobs` looks at."""

from __future__ import annotations

import argparse
import io
import os
import signal
from datetime import date
from pathlib import Path

import pytest
import schedule

from jobs import __main__ as clock_door
from jobs import daily_batch, progress
from jobs.duties import DUTIES, Duty
from jobs.progress import shown
from mai_core.batch.refreshing import prices_due, rates_due, refresh_prices_when_due, refresh_rates_when_due
from mai_core.days import parse_instant_ms
from mai_core.errors import BadValue, MaiError, NotFound
from mai_core.installation import Installation
from mai_core.store import rows
from tests.batch.conftest import deliver, fix_rate, opened_at
from tests.builders import CLIENT, make_arrival, make_client


def asked(*words: str) -> argparse.Namespace:
    return daily_batch.build_parser().parse_args(words)


@pytest.mark.parametrize(
    ("words", "days"),
    [
        (("--date", "2025-08-01"), [date(2025, 8, 1)]),
        (("--from", "2026-10-01", "--to", "2026-10-03"), [date(2026, 10, n) for n in (1, 2, 3)]),
        (("--from", "2026-10-13"), [date(2026, 10, 13), date(2026, 10, 14)]),
        (("--to", "2026-10-09"), [date(2026, 10, 9)]),
        ((), [date(2026, 10, 14)]),
    ],
)
def test_which_days_are_meant(installation: Installation, words: tuple[str, ...], days: list[date]) -> None:
    assert daily_batch.wanted_days(installation, asked(*words)) == days


@pytest.mark.parametrize(
    "words",
    [
        ("--date", "tomorrow"),
        ("--from", "2026-10-03", "--to", "2026-10-01"),
        ("--date", "2026-10-01", "--to", "2026-10-02"),
        ("--date", "2026-10-15"),
        ("--date", "2027-10-14"),
        ("--from", "2026-10-14", "--to", "2026-10-15"),
    ],
)
def test_days_that_make_no_sense_are_refused(installation: Installation, words: tuple[str, ...]) -> None:
    with pytest.raises(BadValue):
        daily_batch.wanted_days(installation, asked(*words))


def test_a_dry_run_changes_nothing(installation: Installation, capsys: pytest.CaptureFixture[str]) -> None:
    make_client(installation.store)
    deliver(installation, [make_arrival()])
    assert daily_batch.run(installation, asked("--run-now", "--dry-run")) == 0
    assert f"2026-10-14  {CLIENT}" in capsys.readouterr().out
    with installation.store.read() as db:
        assert rows(db, "SELECT count(*) FROM batch_runs") == [(0,)]


@pytest.mark.parametrize(
    "words", [("--date", "2026-10-13"), ("--from", "2026-10-13", "--to", "2026-10-13"), ("--to", "2026-10-13")]
)
def test_only_the_days_that_are_named_are_closed(
    installation: Installation, capsys: pytest.CaptureFixture[str], words: tuple[str, ...]
) -> None:
    make_client(installation.store)
    deliver(installation, [make_arrival()])
    assert daily_batch.run(installation, asked("--dry-run", *words)) == 0
    assert f"2026-10-14  {CLIENT}" not in capsys.readouterr().out


def test_without_run_now_nothing_runs(installation: Installation, capsys: pytest.CaptureFixture[str]) -> None:
    assert daily_batch.run(installation, asked()) == 0
    assert "say --run-now" in capsys.readouterr().out


def test_a_run_says_what_it_did_and_what_failed(installation: Installation, capsys: pytest.CaptureFixture[str]) -> None:
    make_client(installation.store)
    deliver(installation, [make_arrival()])
    fix_rate(installation, CLIENT)
    assert daily_batch.run(installation, asked("--run-now", "--date", "2026-10-14")) == 1
    told = capsys.readouterr()
    assert "rebuild         1 done" in told.out
    assert "failed: rates" in told.err
    assert daily_batch.run(installation, asked("--run-now", "--date", "2026-10-14", "--client", CLIENT)) == 0


def test_an_unknown_client_is_refused(installation: Installation) -> None:
    with pytest.raises(NotFound):
        daily_batch.run(installation, asked("--run-now", "--client", "mai_client_nobody"))


def test_the_command_closes_what_it_opens(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MAI_DATA_DIR", str(tmp_path / "data"))
    assert daily_batch.main([]) == 0
    assert daily_batch.main(["--date", "x"]) == 1
    assert "is not a day" in capsys.readouterr().err


def test_a_duty_that_fails_does_not_stop_the_clock(
    installation: Installation, caplog: pytest.LogCaptureFixture
) -> None:
    def refused(_: Installation) -> None:
        raise MaiError("nobody answers")

    def broken(_: Installation) -> None:
        raise RuntimeError("a mistake")

    clock_door.guarded(installation, "rates", refused)()
    clock_door.guarded(installation, "alerts", broken)()
    assert "rates: nobody answers" in caplog.text
    assert "a mistake" in caplog.text


def test_every_duty_is_on_the_clock(installation: Installation) -> None:
    clock = schedule.Scheduler()
    clock_door.plan(installation, clock)
    assert len(clock.jobs) == len(DUTIES)
    assert {duty.name for duty in DUTIES} >= {"rates", "prices", "batch", "alerts", "digests"}


@pytest.mark.parametrize(
    ("now", "good", "tried", "due"),
    [
        ("2026-10-14T22:00:01Z", "2026-10-14T10:00:00Z", "2026-10-14T10:00:00Z", True),
        ("2026-10-14T21:59:59Z", "2026-10-14T10:00:00Z", "2026-10-14T10:00:00Z", False),
        ("2026-10-14T22:10:00Z", "2026-10-14T10:00:00Z", "2026-10-14T22:00:00Z", False),
        ("2026-10-14T22:16:00Z", "2026-10-14T10:00:00Z", "2026-10-14T22:00:00Z", True),
        ("2026-10-14T10:00:00Z", None, None, True),
    ],
)
def test_prices_are_asked_for_after_midnight(now: str, good: str | None, tried: str | None, due: bool) -> None:
    good_ms, tried_ms = (None if text is None else parse_instant_ms(text) for text in (good, tried))
    assert prices_due(parse_instant_ms(now), "Europe/Warsaw", good_ms, tried_ms) is due


@pytest.mark.parametrize(
    ("now", "through", "tried", "due"),
    [
        ("2026-10-14T09:49:00Z", "2026-10-13", "2026-10-13T12:00:00Z", False),
        ("2026-10-14T09:51:00Z", "2026-10-13", "2026-10-13T12:00:00Z", True),
        ("2026-10-14T09:51:00Z", "2026-10-13", "2026-10-14T09:40:00Z", False),
        ("2026-10-14T12:00:00Z", "2026-10-14", "2026-10-14T10:40:00Z", False),
        ("2026-10-14T06:00:00Z", "2026-10-12", "2026-10-13T12:00:00Z", True),
        ("2026-10-14T06:00:00Z", None, None, True),
    ],
)
def test_rates_are_asked_for_when_the_table_can_be_out(
    now: str, through: str | None, tried: str | None, due: bool
) -> None:
    complete = date.fromisoformat(through) if through else None
    assert rates_due(parse_instant_ms(now), complete, parse_instant_ms(tried) if tried else None) is due


def test_between_batches_prices_and_rates_keep_what_they_have(tmp_path: Path) -> None:
    opened = opened_at(tmp_path)
    refreshed, rates = refresh_prices_when_due(opened), refresh_rates_when_due(opened)
    assert refreshed is not None
    assert rates is not None
    assert (refreshed.ok, rates.ok) == (False, False)
    assert refresh_prices_when_due(opened) is None
    assert refresh_rates_when_due(opened) is None
    opened.close()


def test_the_clock_runs_every_duty_at_start_and_stops_when_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    done: list[str] = []

    def last(_: Installation) -> None:
        done.append("last")
        os.kill(os.getpid(), signal.SIGTERM)

    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MAI_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setattr(clock_door, "TICK_S", 0.0)
    monkeypatch.setattr(
        clock_door, "DUTIES", (Duty("first", 60, lambda _: done.append("first")), Duty("last", 60, last))
    )
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        assert clock_door.main() == 0
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    assert done == ["first", "last"]


def test_a_clock_without_a_ledger_says_why(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "text.db").write_text("this is a letter, and long enough to be taken for something else" * 10)
    monkeypatch.setenv("USAGE_SUMMARY_DB", str(tmp_path / "text.db"))
    assert clock_door.main() == 1
    assert "is not a SQLite database" in capsys.readouterr().err


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_terminal_gets_a_bar_a_log_does_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress.sys, "stderr", io.StringIO())
    with shown() as nothing:
        assert nothing is None
    terminal = Terminal()
    monkeypatch.setattr(progress.sys, "stderr", terminal)
    with shown() as bar:
        assert bar is not None
        bar("rebuild", 0, 2)
        bar("rebuild", 2, 2)
    assert "rebuild" in terminal.getvalue()
    assert "2/2" in terminal.getvalue()
