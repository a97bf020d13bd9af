"""Long work takes turns: of one caller one piece at a time, one more waits, a third is told to come again. More would
take every cell, and every thread, from everybody else."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from fastapi import FastAPI, HTTPException

from mai_core.sandbox.runner import Busy

PATIENCE_S = 20.0
"""Who waits for the own work in another window waits rather than reads that it was in vain."""
ASKED_AT_ONCE = 2
OTHERS_RUN = "other queries are running; try again in a few seconds"


class Turns:
    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._asked: Counter[str] = Counter()
        self._served: set[str] = set()

    @contextmanager
    def turn(self, caller: str) -> Iterator[None]:
        with self._changed:
            if self._asked[caller] >= ASKED_AT_ONCE:
                raise Busy(OTHERS_RUN)
            self._asked[caller] += 1
        try:
            with self._changed:
                if not self._changed.wait_for(lambda: caller not in self._served, PATIENCE_S):
                    raise Busy(OTHERS_RUN)
                self._served.add(caller)
            try:
                yield
            finally:
                with self._changed:
                    self._served.remove(caller)
                    self._changed.notify_all()
        finally:
            with self._changed:
                self._asked -= Counter((caller,))

    @property
    def asked(self) -> int:
        """Pieces of work under way or waiting."""
        return self._asked.total()


def turns_of(app: FastAPI) -> Turns:
    turns: Turns = app.state.turns
    return turns


def come_again(busy: Busy) -> HTTPException:
    return HTTPException(503, str(busy), headers={"Retry-After": "3"})
