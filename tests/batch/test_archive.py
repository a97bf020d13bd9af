"""Events of a closed day in Parquet: exactly what the ledger had, in few bytes, and back again."""

from __future__ import annotations

import string
from datetime import date
from decimal import Decimal
from pathlib import Path
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mai_core import archive, archive_file
from mai_core.archive import archive_day, bring_back, events_path, verify_day
from mai_core.archive_file import ArchiveBroken, table_of, write_file
from mai_core.archive_file import read_file as read
from mai_core.errors import MaiError
from mai_core.installation import Installation
from mai_core.money import multiply
from mai_core.rebuilding import rebuild_day
from mai_core.store import archives, rows
from mai_core.store.ledger import EVENT_COLUMNS
from tests.batch.conftest import YESTERDAY, deliver
from tests.builders import CLIENT, NOON, make_arrival, make_client


def closed(installation: Installation, day: date = YESTERDAY) -> Path:
    rebuild_day(installation, CLIENT, day)
    archive_day(installation, CLIENT, day)
    verify_day(installation, CLIENT, day)
    with installation.store.read() as db:
        row = archives.get(db, CLIENT, day.isoformat())
    assert row is not None
    return events_path(installation, row["file"])


def test_what_is_read_back_is_what_the_ledger_has(installation: Installation) -> None:
    make_client(installation.store)
    deliver(
        installation,
        [
            make_arrival("gen-a", cost="0.10", session_id="chat-77", is_byok=True, cached_tokens=7),
            make_arrival("gen-b", cost=None, model="nobody/knows"),
            make_arrival("gen-c", cost=None, given_charge_pusd=5, rank=9, source="manual"),
        ],
    )
    path = closed(installation)
    with installation.store.read() as db:
        assert read(path).equals(table_of(archives.events_of_day(db, CLIENT, "2026-10-14")))


def test_on_a_shared_machine_the_archive_is_the_owners_only(installation: Installation) -> None:
    """It may be the first that makes the internal half of the lake, and tells what each event cost us."""
    make_client(installation.store)
    deliver(installation, [make_arrival("gen-a")])
    closed(installation)
    assert (installation.settings.lake_dir / "internal").stat().st_mode & 0o077 == 0


def test_the_order_of_arrival_does_not_change_a_byte(installation: Installation) -> None:
    make_client(installation.store)
    arrivals = [make_arrival(f"gen-{n}", started_at_ms=NOON + n * 1000) for n in range(20)]
    deliver(installation, arrivals)
    first = closed(installation).read_bytes()
    with installation.store.write() as db:
        for table in ("usage_events", "usage_daily", "archives", "closings", "processed_generations"):
            db.execute(f"DELETE FROM {table}")
    Random(1).shuffle(arrivals)
    deliver(installation, arrivals)
    with installation.store.write() as db:
        db.execute("UPDATE usage_events SET updated_at_ms = (SELECT min(updated_at_ms) FROM usage_events)")
    again = closed(installation)
    assert len(read(again)) == 20
    assert len(again.read_bytes()) == len(first)


def test_a_killed_archive_done_again_is_the_same_file(installation: Installation) -> None:
    make_client(installation.store)
    deliver(installation, [make_arrival()])
    path = closed(installation)
    before = path.read_bytes()
    with installation.store.write() as db:
        db.execute("UPDATE closings SET archived = 0")
    path.unlink()
    path.with_suffix(".part").write_bytes(b"half")
    with installation.store.write() as db:
        db.execute("DELETE FROM archives")
    archive_day(installation, CLIENT, YESTERDAY)
    assert path.read_bytes() == before


def test_a_day_that_changes_while_it_is_archived_waits(
    installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_client(installation.store)
    deliver(installation, [make_arrival("gen-a")])
    rebuild_day(installation, CLIENT, YESTERDAY)
    written = write_file

    def late_event_meanwhile(path: Path, table: object) -> str:
        deliver(installation, [make_arrival("gen-b")])
        return written(path, table)  # type: ignore[arg-type]

    monkeypatch.setattr(archive, "write_file", late_event_meanwhile)
    with pytest.raises(MaiError, match="changed while it was being archived"):
        archive_day(installation, CLIENT, YESTERDAY)
    with installation.store.read() as db:
        assert rows(db, "SELECT count(*) FROM archives") == [(0,)]


@pytest.mark.parametrize(
    ("harm", "reason"),
    [
        (lambda path: path.unlink(), "is missing"),
        (lambda path: path.write_bytes(path.read_bytes()[:-7]), "was changed after it was written"),
        (lambda path: path.write_bytes(b"PAR1" + path.read_bytes()[4:-1] + b"x"), "was changed after it was written"),
    ],
)
def test_a_file_that_was_harmed_is_not_verified(installation: Installation, harm: object, reason: str) -> None:
    make_client(installation.store)
    deliver(installation, [make_arrival()])
    harm(closed(installation))  # type: ignore[operator]
    with pytest.raises(ArchiveBroken, match=reason):
        verify_day(installation, CLIENT, YESTERDAY)
    with installation.store.read() as db:
        assert rows(db, "SELECT verified_at_ms FROM archives") == [(None,)]


def test_an_archive_without_one_event_is_not_verified(installation: Installation) -> None:
    make_client(installation.store)
    deliver(installation, [make_arrival("gen-a"), make_arrival("gen-b")])
    path = closed(installation)
    digest = write_file(path, read(path).slice(0, 1))
    with installation.store.write() as db:
        db.execute("UPDATE archives SET sha256 = ?, verified_at_ms = NULL", (digest,))
    with pytest.raises(ArchiveBroken, match="does not add up"):
        verify_day(installation, CLIENT, YESTERDAY)


def test_removed_events_come_back_for_a_late_one(installation: Installation) -> None:
    make_client(installation.store)
    deliver(installation, [make_arrival("gen-a"), make_arrival("gen-b")])
    closed(installation)
    with installation.store.write() as db:
        before = rows(db, f"SELECT {', '.join(EVENT_COLUMNS)} FROM usage_events ORDER BY generation_id")
        assert archives.remove_events(db, CLIENT, "2026-10-14", 1) == 2
        db.execute("DELETE FROM processed_generations")
        assert bring_back(installation, db, CLIENT, "2026-10-14") == 2
        assert bring_back(installation, db, CLIENT, "2026-10-14") == 0
        after = rows(db, f"SELECT {', '.join(EVENT_COLUMNS)} FROM usage_events ORDER BY generation_id")
        assert rows(db, "SELECT count(*) FROM processed_generations") == [(2,)]
    assert after == before


def test_a_late_event_of_a_removed_day_makes_one_whole_day(installation: Installation) -> None:
    make_client(installation.store)
    deliver(installation, [make_arrival("gen-a", cost="0.10"), make_arrival("gen-b", cost="0.20")])
    closed(installation)
    with installation.store.write() as db:
        archives.remove_events(db, CLIENT, "2026-10-14", 1)
    deliver(installation, [make_arrival("gen-c", cost="0.40")])
    path = closed(installation)
    assert read(path).column("generation_id").to_pylist() == ["gen-a", "gen-b", "gen-c"]
    with installation.store.read() as db:
        assert rows(db, "SELECT requests, raw_pusd FROM usage_daily") == [(3, 7 * 10**11)]
        assert rows(db, "SELECT count(*) FROM day_corrections") == [(0,)]


def test_an_event_takes_less_than_forty_bytes(tmp_path: Path) -> None:
    """Ids random as in reality, no session id, costs and tokens that no pattern explains."""
    random = Random(7)
    letters = string.ascii_letters + string.digits
    events = []
    for n in range(10_000):
        at_ms = NOON // 1000 * 1000 + n // 2 * 1000
        tokens, out = int(random.lognormvariate(7, 1.2)), int(random.lognormvariate(5.5, 1))
        cost = (tokens * 740_000 + out * 3_500_000) * random.choice((1, 3, 7))
        received = at_ms + random.randrange(1000, 9000)
        told = {
            "client_org_id": CLIENT,
            "generation_id": f"gen-{at_ms // 1000}-{''.join(random.choices(letters, k=20))}",
            "at_ms": at_ms,
            "started_at_ms": at_ms + random.randrange(1000),
            "usage_date": "2026-10-14",
            "external_user": f"{CLIENT}_user_{random.randrange(15):08x}",
            "model": f"vendor/model-{min(12, int(random.expovariate(0.4)))}",
            "provider": f"Provider {random.randrange(4)}",
            "input_tokens": tokens,
            "output_tokens": out,
            "cached_tokens": random.randrange(tokens + 1) if random.random() < 0.4 else 0,
            "reasoning_tokens": random.randrange(out + 1) if random.random() < 0.3 else 0,
            "reported_pusd": cost,
            "priced_pusd": cost,
            "raw_pusd": cost,
            "charged_pusd": multiply(cost, Decimal("1.3")),
            "cost_basis": "reported",
            "markup": "1.3",
            "markup_from": "client",
            "flags": "",
            "source": "openrouter",
            "field_ranks": "77777777...7...7..77..7",
            "received_at_ms": received,
            "updated_at_ms": received,
        }
        zeros = ("cache_write_tokens", "cache_write_1h_tokens", "audio_tokens", "output_images", "searches", "held")
        events.append([told.get(name, 0 if name in zeros else None) for name in EVENT_COLUMNS])
    table = table_of(sorted(events, key=lambda event: (event[2], event[1])))
    path = tmp_path / "day.parquet"
    write_file(path, table)
    assert read(path).equals(table)
    assert path.stat().st_size / len(events) < 40


UNITS = st.integers(0, 10**15)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.none() | UNITS, st.none() | UNITS, UNITS, UNITS, st.sampled_from(["1.3", "1", "0.85", "sale_price", ""])
        ),
        max_size=30,
    )
)
def test_any_amounts_survive(tmp_path_factory: pytest.TempPathFactory, amounts: list[tuple[object, ...]]) -> None:
    events = []
    for n, (reported, priced, raw, charged, markup) in enumerate(amounts):
        told = {
            "reported_pusd": reported,
            "priced_pusd": priced,
            "raw_pusd": raw,
            "charged_pusd": charged,
            "markup": markup,
            "generation_id": f"gen-{n}",
            "at_ms": n,
            "received_at_ms": n,
            "updated_at_ms": 3 * n,
        }
        events.append([told.get(name, "" if name in archive_file.TEXT_COLUMNS else 0) for name in EVENT_COLUMNS])
    table = table_of(events)
    path = tmp_path_factory.mktemp("amounts") / "x.parquet"
    write_file(path, table)
    assert read(path).equals(table)


def test_the_archive_has_every_column_of_an_event() -> None:
    assert archive_file.COLUMNS == EVENT_COLUMNS


def test_the_sum_of_a_day_may_pass_what_64_bits_hold(installation: Installation) -> None:
    make_client(installation.store)
    deliver(installation, [make_arrival(f"gen-{n}", cost="4000000", model=f"acme/{n}") for n in range(3)])
    closed(installation)
    with installation.store.read() as db:
        assert rows(db, "SELECT sum_raw, sum_charged FROM archives") == [("12" + "0" * 18, "156" + "0" * 17)]
