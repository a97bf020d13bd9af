"""The daily batch in a process that kills itself at a counted point: `python -m benchmarks.killed_run POINT`.

A point is where something has just become durable or is about to: inside a transaction with everything written, after
its commit, at every file that is opened, renamed or removed, at every process that is started. They are counted from
the run's own row in `batch_runs` on. POINT 0 never kills, and prints how many points there were.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from jobs import daily_batch
from mai_core import reading_ahead
from mai_core.store import Db, Store, batch_runs

BIG_DAY = 1000
"""Small enough for yesterday to be read by a worker, as a day of a large installation is."""

TOLD = frozenset({"open", "os.rename", "os.remove", "os.rmdir", "subprocess.Popen"})


class Points:
    def __init__(self, deadly: int) -> None:
        self.deadly, self.passed, self.counting = deadly, 0, False

    def reached(self) -> None:
        if self.counting:
            self.passed += 1
            if self.passed == self.deadly:
                os.kill(os.getpid(), signal.SIGKILL)


def main() -> int:
    points = Points(int(sys.argv[1]))
    watch(points)
    code = daily_batch.main(["--run-now"])
    print(points.passed)
    return code


def watch(points: Points) -> None:
    write, start = Store.write, batch_runs.start

    @contextmanager
    def counted_write(store: Store) -> Iterator[Db]:
        with write(store) as db:
            yield db
            points.reached()
        points.reached()

    def counted_start(*told: Any, **named: Any) -> int:
        points.counting = True
        return start(*told, **named)

    def heard(event: str, _: tuple[Any, ...]) -> None:
        if event in TOLD:
            points.reached()

    Store.write = counted_write  # type: ignore[method-assign]
    batch_runs.start = counted_start
    reading_ahead.BIG_DAY = BIG_DAY
    sys.addaudithook(heard)


if __name__ == "__main__":
    sys.exit(main())
