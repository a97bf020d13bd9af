"""A closed day rebuilt from its events is what booking maintained; where it is not, it is set right and said so."""

from __future__ import annotations

import json
from pathlib import Path
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mai_core.errors import Conflict
from mai_core.installation import Installation
from mai_core.money import units_of
from mai_core.rebuilding import rebuild_day
from mai_core.store import archives, dicts, rows
from tests.batch.conftest import YESTERDAY, deliver, opened_at
from tests.builders import CLIENT, make_arrival, make_client


def corrections(installation: Installation) -> list[dict[str, object]]:
    with installation.store.read() as db:
        return dicts(db, "SELECT * FROM day_corrections")


def facts(installation: Installation) -> list[tuple[object, ...]]:
    with installation.store.read() as db:
        return rows(db, "SELECT * FROM usage_daily ORDER BY 1, 2, 3, 4, 5")


def test_a_day_as_booked_needs_no_correction(installation: Installation) -> None:
    make_client(installation.store)
    deliver(installation, [make_arrival("gen-a"), make_arrival("gen-a"), make_arrival("gen-b", model="other/model")])
    assert rebuild_day(installation, CLIENT, YESTERDAY) == {"rows": 2, "requests": 2}
    assert corrections(installation) == []


def test_a_difference_is_corrected_and_kept_with_both_states(installation: Installation) -> None:
    make_client(installation.store)
    deliver(installation, [make_arrival("gen-a", cost="0.10"), make_arrival("gen-b", cost="0.10")])
    before = facts(installation)
    with installation.store.write() as db:
        db.execute("UPDATE usage_daily SET charged_pusd = charged_pusd + 5, requests = 3")
    detail = rebuild_day(installation, CLIENT, YESTERDAY)
    assert (detail["corrected_rows"], detail["delta_charged_usd"]) == (1, "-0.000000000005")
    assert facts(installation) == before
    correction = corrections(installation)[0]
    assert json.loads(str(correction["before"]))[0]["requests"] == 3
    assert json.loads(str(correction["after"]))[0]["requests"] == 2
    assert correction["delta_charged_pusd"] == -5


def test_facts_that_vanished_come_back(installation: Installation) -> None:
    make_client(installation.store)
    deliver(installation, [make_arrival("gen-a", cost="0.10")])
    with installation.store.write() as db:
        db.execute("DELETE FROM usage_daily")
        assert archives.days_to_close(db, CLIENT, {"2026-10-14"}, False) == ["2026-10-14"]
    rebuild_day(installation, CLIENT, YESTERDAY)
    assert corrections(installation)[0]["delta_charged_pusd"] == units_of("0.13")


def test_facts_without_events_go(installation: Installation) -> None:
    make_client(installation.store)
    deliver(installation, [make_arrival("gen-a", cost="0.10")])
    with installation.store.write() as db:
        db.execute("DELETE FROM usage_events")
    rebuild_day(installation, CLIENT, YESTERDAY)
    assert facts(installation) == []
    assert corrections(installation)[0]["delta_raw_pusd"] == -units_of("0.10")


def test_an_invoiced_day_is_never_touched(installation: Installation) -> None:
    make_client(installation.store)
    deliver(installation, [make_arrival("gen-a")])
    with installation.store.write() as db:
        db.execute("INSERT INTO invoiced_months VALUES (?, '2026-10', 'FV/1', 0)", (CLIENT,))
        db.execute("UPDATE usage_daily SET charged_pusd = charged_pusd + 5")
    before = facts(installation)
    with pytest.raises(Conflict, match="stands on an invoice"):
        rebuild_day(installation, CLIENT, YESTERDAY)
    assert facts(installation) == before


@settings(max_examples=8, deadline=None)
@given(seed=st.integers(0, 10**6))
def test_whatever_was_booked_in_whatever_order_the_rebuilt_day_is_the_same(
    tmp_path_factory: pytest.TempPathFactory, seed: int
) -> None:
    random = Random(seed)
    folder: Path = tmp_path_factory.mktemp("rebuild")
    opened = opened_at(folder)
    make_client(opened.store)
    arrivals = [
        make_arrival(
            f"gen-{random.randrange(12)}",
            cost=f"0.{random.randrange(1, 999):03}",
            model=random.choice(["a/x", "b/y"]),
            external_user=random.choice(["", "u1", "u2"]),
            cached_tokens=random.choice([None, 3]),
        )
        for _ in range(30)
    ]
    deliver(opened, arrivals)
    rebuild_day(opened, CLIENT, YESTERDAY)
    assert corrections(opened) == []
    opened.close()
