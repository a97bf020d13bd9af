"""Both sides compared generation by generation, and topped up; a number is never lowered."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from mai_core.cli import main
from mai_core.influx.comparing import compare_day, import_days, top_up_day
from mai_core.influx.sending import send_waiting
from mai_core.influx.server import Server
from mai_core.installation import Installation
from mai_core.intake.booking import book
from mai_core.intake.event_row import NOT_SPLIT
from mai_core.model import Arrival, Rank
from mai_core.store import rating_books, rows
from tests.builders import CLIENT, NOON, make_arrival
from tests.influx.test_sending import queue

DAY = date(2026, 10, 14)
Real = tuple[Installation, Server]


def deliver(installation: Installation, arrival: Arrival) -> None:
    with installation.store.write() as db:
        book(db, rating_books.load(db, installation.settings), [arrival], NOON)


def events_and_outbox(installation: Installation) -> list[list[tuple[Any, ...]]]:
    with installation.store.read() as db:
        return [rows(db, f"SELECT * FROM {table}") for table in ("usage_events", "outbox")]


def old_point(server: Server, number: int, *, client: str = CLIENT, tokens: int = 100) -> None:
    """As an older writer made them: total tokens, a cost, an address."""
    server.write(
        [
            f"usage_tracking,client_org_id={client},model=openai/gpt-4o,user_email=ewa@x.example "
            f"tokens={tokens}i,cost_usd=0.1 {(NOON + number) * 1_000_000}"
        ]
    )


def test_both_sides_agree_after_sending(real: Real) -> None:
    installation, server = real
    queue(installation, "gen-a", "gen-b")
    before = compare_day(installation, server, CLIENT, DAY)
    assert (before.missing_there, before.agrees) == (["gen-a", "gen-b"], False)
    send_waiting(installation, server)
    after = compare_day(installation, server, CLIENT, DAY)
    assert (after.equal, after.agrees) == (2, True)


def test_what_only_influx_has_is_brought_in_once(real: Real) -> None:
    installation, server = real
    old_point(server, 1)
    old_point(server, 2)
    assert top_up_day(installation, server, CLIENT, DAY).new == 2
    assert top_up_day(installation, server, CLIENT, DAY).new == 0
    with installation.store.read() as db:
        ((count, cost, person),) = rows(db, "SELECT count(*), sum(raw_pusd), max(external_user) FROM usage_events")
    assert (count, cost) == (2, 200_000_000_000)
    assert "@" not in person


def test_a_lower_number_there_never_lowers_ours(real: Real) -> None:
    installation, server = real
    queue(installation, "gen-a", cost="0.5")
    send_waiting(installation, server)
    better = {"rank": Rank.GENERATION, "source": "generation", "cost": "1"}
    deliver(installation, make_arrival("gen-a", **better))
    top_up_day(installation, server, CLIENT, DAY)
    with installation.store.read() as db:
        assert rows(db, "SELECT raw_pusd FROM usage_events") == [(1_000_000_000_000,)]
        assert rows(db, "SELECT generation_id FROM outbox") == [("gen-a",)]
    send_waiting(installation, server)
    assert compare_day(installation, server, CLIENT, DAY).agrees


@pytest.mark.parametrize(
    "told",
    [
        {},
        {"input_tokens": None, "output_tokens": None, "cost": None},
        {"external_user": None, "model": None, "provider": None, "cached_tokens": 0},
    ],
)
@pytest.mark.parametrize("generation_id", [f"gen-{NOON // 1000}-a", "call-a"])
def test_what_we_sent_ourselves_tells_nothing_new_when_it_comes_back(
    real: Real, generation_id: str, told: dict[str, Any]
) -> None:
    installation, server = real
    started_at_ms = None if generation_id.startswith("gen-") else NOON
    queue(installation, generation_id, **{"started_at_ms": started_at_ms, **told})
    send_waiting(installation, server)
    booked = events_and_outbox(installation)
    assert top_up_day(installation, server, CLIENT, DAY).known == 1
    assert events_and_outbox(installation) == booked


@pytest.mark.parametrize(("rank", "source"), [(Rank.FLAT, "flat"), (Rank.INFLUX, "influx")])
def test_a_total_that_comes_back_is_still_a_total(real: Real, rank: Rank, source: str) -> None:
    installation, server = real
    queue(installation, "call-a", rank=rank, source=source, output_tokens=None)
    send_waiting(installation, server)
    top_up_day(installation, server, CLIENT, DAY)
    with installation.store.read() as db:
        assert rows(db, "SELECT input_tokens, output_tokens, flags FROM usage_events") == [(100, 0, NOT_SPLIT)]


def test_an_event_whose_tags_changed_counts_once(real: Real) -> None:
    installation, server = real
    queue(installation, "gen-a")
    send_waiting(installation, server)
    with installation.store.write() as db:
        db.execute("UPDATE usage_events SET model = 'other', updated_at_ms = updated_at_ms + 1")
        db.execute("INSERT INTO outbox VALUES (?, 'gen-a', 1, NULL)", (CLIENT,))
    send_waiting(installation, server)
    assert compare_day(installation, server, CLIENT, DAY).agrees


def test_older_points_come_in_by_days_and_strangers_are_refused(real: Real) -> None:
    installation, server = real
    old_point(server, 1)
    old_point(server, 2, client="mai_client_stranger")
    old_point(server, 3, tokens=-1)
    ((day, imported),) = list(import_days(installation, server, DAY, DAY))
    assert (day, imported.new) == (DAY, 1)
    assert [reason.split(": ", 1)[1] for reason in sorted(imported.refused)] == [
        "no client 'mai_client_stranger' is known",
        "tokens: is negative",
    ]


def test_the_commands_say_what_they_did(
    real: Real, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    installation, server = real
    settings = installation.settings
    for name in ("INFLUXDB_URL", "INFLUXDB_ORG", "MAI_DATA_DIR"):
        monkeypatch.setenv(name, str(getattr(settings, name.lower())))
    queue(installation, "gen-a")
    old_point(server, 1)
    span = ["--from", "2026-10-14", "--to", "2026-10-14"]
    assert main(["influx", "verify", *span]) == 1
    assert main(["influx", "send"]) == 0
    assert main(["import-influx", *span]) == 0
    assert main(["influx", "verify", *span, "--client", CLIENT]) == 0
    printed = capsys.readouterr().out.splitlines()
    assert printed == [
        f"{CLIENT} 2026-10-14: equal 0, only here 1, only there 1, different 0",
        "sent 1, waiting 0, refused 0",
        "new 1, known 1, refused 0",
        f"{CLIENT} 2026-10-14: equal 2, only here 0, only there 0, different 0",
    ]


def test_commands_without_an_address_say_what_to_set(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("MAI_DATA_DIR", str(tmp_path_factory.mktemp("off")))
    monkeypatch.delenv("INFLUXDB_URL", raising=False)
    assert main(["influx", "send"]) == 1
    assert "set INFLUXDB_URL" in capsys.readouterr().err
