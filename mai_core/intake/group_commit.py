"""One writer thread; requests that wait at the same moment share one commit, and with it one fsync."""

from __future__ import annotations

import asyncio
import logging
import queue
import threading
from collections.abc import Callable, Sequence

from mai_core.errors import StoreUnavailable
from mai_core.intake.delivery import Delivery, Receipt

log = logging.getLogger(__name__)

MOST_WAITING = 10_000
"""Events (not requests) in the queue; more is refused, so that a stuck disk costs answers and not memory."""

_LARGEST_SHARE = 4
"""Of the queue one delivery takes a quarter at most, however large: else it would wait for an empty queue while others
keep coming, and those be refused until it is written."""

MOST_PER_COMMIT = 1_000

Answer = Receipt | Exception
Commit = Callable[[Sequence[Delivery]], list[Receipt]]
_Waiting = tuple[Delivery, "asyncio.Future[Receipt]", asyncio.AbstractEventLoop]


class QueueFull(StoreUnavailable):
    """More is waiting to be written than may wait."""


class GroupCommit:
    def __init__(self, commit: Commit, most_waiting: int = MOST_WAITING) -> None:
        self._commit = commit
        self._most_waiting = most_waiting
        self._queue: queue.SimpleQueue[_Waiting | None] = queue.SimpleQueue()
        self._weight = 0
        self._weight_lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self.commits = 0

    @property
    def waiting(self) -> int:
        """Events accepted and not yet committed; of one delivery a quarter of what may wait at most."""
        return self._weight

    @property
    def is_full(self) -> bool:
        return self._weight >= self._most_waiting

    def submit(self, delivery: Delivery) -> asyncio.Future[Receipt]:
        """The receipt comes after the commit; StoreUnavailable when it did not come to one."""
        loop = asyncio.get_running_loop()
        weight = self._weight_of(delivery)
        with self._weight_lock:
            if self._weight and self._weight + weight > self._most_waiting:
                raise QueueFull("too many events wait to be written")
            self._weight += weight
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="ledger-writer", daemon=True)
                self._thread.start()
        future: asyncio.Future[Receipt] = loop.create_future()
        self._queue.put((delivery, future, loop))
        return future

    def _weight_of(self, delivery: Delivery) -> int:
        return min(delivery.weight, self._most_waiting // _LARGEST_SHARE)

    def close(self) -> None:
        """Writes what waits, then ends the thread."""
        if self._thread is not None:
            self._queue.put(None)
            self._thread.join()
            self._thread = None

    def _run(self) -> None:
        goes_on = True
        while goes_on:
            group, goes_on = self._next_group()
            if group:
                answers = self._answers([delivery for delivery, _, _ in group])
                with self._weight_lock:
                    self._weight -= sum(self._weight_of(delivery) for delivery, _, _ in group)
                self._resolve(group, answers)

    def _next_group(self) -> tuple[list[_Waiting], bool]:
        """The first one waits for work; whatever came meanwhile goes with it."""
        first = self._queue.get()
        if first is None:
            return [], False
        group, weight = [first], first[0].weight
        while weight < MOST_PER_COMMIT:
            try:
                following = self._queue.get_nowait()
            except queue.Empty:
                return group, True
            if following is None:
                return group, False
            group.append(following)
            weight += following[0].weight
        return group, True

    def _answers(self, deliveries: list[Delivery]) -> Sequence[Answer]:
        try:
            receipts = self._commit(deliveries)
        except Exception as error:
            if not isinstance(error, StoreUnavailable):
                log.exception("%d deliveries were not written", len(deliveries))
                error = StoreUnavailable("the ledger could not take this; try again")
            return [error] * len(deliveries)
        self.commits += 1
        return receipts

    @staticmethod
    def _resolve(group: list[_Waiting], answers: Sequence[Answer]) -> None:
        """One wake-up per event loop and commit, not one per request."""
        by_loop: dict[asyncio.AbstractEventLoop, list[tuple[asyncio.Future[Receipt], Answer]]] = {}
        for (_, future, loop), answer in zip(group, answers, strict=True):
            by_loop.setdefault(loop, []).append((future, answer))
        for loop, pairs in by_loop.items():
            try:
                loop.call_soon_threadsafe(_set_all, pairs)
            except RuntimeError:
                log.warning("%d senders went away before their answer", len(pairs))


def _set_all(pairs: list[tuple[asyncio.Future[Receipt], Answer]]) -> None:
    for future, answer in pairs:
        if future.done():
            continue
        if isinstance(answer, Exception):
            future.set_exception(answer)
        else:
            future.set_result(answer)
