"""Events are written and days are sealed while reports are read: no total ever flickers."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from pathlib import Path

import pytest

from mai_core.installation import Installation
from mai_core.money import units_of
from mai_core.reports import Reporting, upkeep
from mai_core.reports.sealing import compact, seal, unsealed_days
from mai_core.store.ledger import reopen_day
from tests.builders import CLIENT
from tests.reports.conftest import MANAGER, add_usage, fix_rate

DAYS = [date(2026, 8, 1) + timedelta(days=n) for n in range(40)]
PERIOD = (DAYS[0], DAYS[-1])
WHOLE = units_of("10") * 2 * len(DAYS)


@pytest.fixture
def forty_days(house: Installation) -> Installation:
    for day in DAYS:
        fix_rate(house.store, str(day), "4", f"{day}/A/NBP")
        for who in ("ann", "jan"):
            add_usage(house.store, str(day), "10", external_user=who)
    return house


def move_money(house: Installation, turn: int) -> None:
    """A late event as booking leaves it: the day's rows change, its sum does not, and it is open again."""
    day = str(DAYS[turn * 7 % len(DAYS)])
    with house.store.write() as db:
        for who, sign in (("ann", 1), ("jan", -1)):
            db.execute(
                "UPDATE usage_daily SET charged_pusd = charged_pusd + ?, raw_pusd = raw_pusd + ? "
                "WHERE client_org_id = ? AND usage_date = ? AND external_user = ?",
                (sign * 1000, sign * 1000, CLIENT, day, who),
            )
        reopen_day(db, CLIENT, day)


def seal_all(house: Installation, turn: int) -> None:
    with house.store.read() as db:
        days = unsealed_days(db, CLIENT, DAYS[-1])
    seal(house, CLIENT, days)
    if turn % 3 == 2:
        compact(house, CLIENT, 2026)
    upkeep.publish(house)


@contextmanager
def kept_busy(*works: Callable[[int], None]) -> Iterator[list[BaseException]]:
    """Each work runs over and over in a thread of its own; what goes wrong in them is told."""
    stop, errors = threading.Event(), list[BaseException]()

    def run(work: Callable[[int], None]) -> None:
        turn = 0
        while not stop.is_set():
            try:
                work(turn)
            except BaseException as error:
                errors.append(error)
                return
            turn += 1

    threads = [threading.Thread(target=run, args=(work,)) for work in works]
    for thread in threads:
        thread.start()
    try:
        yield errors
    finally:
        stop.set()
        for thread in threads:
            thread.join()


def reads(reporting: Reporting, times: int) -> list[tuple[int, int]]:
    seen = []
    for _ in range(times):
        (row,) = reporting.rows("totals", MANAGER, *PERIOD)
        seen.append((row["charged_pusd"], row["charged_ppln"]))
    return seen


@pytest.mark.parametrize("times", [25, pytest.param(1000, marks=pytest.mark.prove)])
def test_totals_stand_still_while_days_are_written_and_sealed(forty_days: Installation, times: int) -> None:
    house = forty_days
    reporting = Reporting.of_store(house.store, house.settings)
    with kept_busy(lambda turn: move_money(house, turn), lambda turn: seal_all(house, turn)) as errors:
        seen = reads(reporting, times)
    assert errors == []
    assert set(seen) == {(WHOLE, WHOLE * 4)}
    assert reporting.damaged == frozenset()


_READER = """
import json, sys
from datetime import date
from mai_core.reports import Reporting, Viewer
from mai_core.settings import load_settings

reporting = Reporting.of_ledger_file(load_settings({"MAI_DATA_DIR": sys.argv[1]}, None))
viewer = Viewer("manager", sys.argv[2])
period = date.fromisoformat(sys.argv[3]), date.fromisoformat(sys.argv[4])
seen = {}
for _ in range(int(sys.argv[5])):
    (row,) = reporting.rows("totals", viewer, *period)
    key = f"{row['charged_pusd']} {row['charged_ppln']} {len(reporting.damaged)}"
    seen[key] = seen.get(key, 0) + 1
print(json.dumps(seen))
"""


@pytest.mark.parametrize("times", [25, pytest.param(1000, marks=pytest.mark.prove)])
def test_pages_in_their_own_process_see_the_same(forty_days: Installation, times: int) -> None:
    house = forty_days
    words = [str(house.settings.mai_data_dir), CLIENT, *map(str, PERIOD), str(times)]
    with kept_busy(lambda turn: move_money(house, turn), lambda turn: seal_all(house, turn)) as errors:
        done = subprocess.run(
            [sys.executable, "-c", _READER, *words],
            capture_output=True,
            text=True,
            check=False,
            cwd=Path(__file__).parents[2],
        )
    assert errors == []
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == f'{{"{WHOLE} {WHOLE * 4} 0": {times}}}'
