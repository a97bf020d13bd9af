"""Empties the outbox: small batches, backoff, and a breaker that asks seldom while the server is away."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from mai_core.influx.points import line_of
from mai_core.influx.server import Rejected, Server, Unavailable
from mai_core.installation import Installation
from mai_core.store import outbox

log = logging.getLogger(__name__)

_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 0.5, 60.0
_IDLE_S = 1.0


@dataclass
class Sent:
    points: int = 0
    refused: int = 0


@dataclass
class Breaker:
    """How long to leave the server alone after failures in a row."""

    failures: int = 0
    last_error: str | None = None

    def failed(self, error: Unavailable) -> float:
        self.failures += 1
        self.last_error = str(error)
        pause = min(_LONGEST_PAUSE_S, _FIRST_PAUSE_S * 2.0 ** (self.failures - 1))
        return max(pause, error.retry_after_s or 0.0)

    def succeeded(self) -> None:
        self.failures, self.last_error = 0, None


def send_waiting(installation: Installation, server: Server, most: int | None = None) -> Sent:
    """Send what waits, until nothing does or `most` points went; raises Unavailable where it got stuck."""
    sent = Sent()
    batch_size = installation.settings.influxdb_batch_size
    while most is None or sent.points + sent.refused < most:
        with installation.store.read() as db:
            events = outbox.oldest(db, batch_size)
        if not events:
            break
        _send(installation, server, events, sent)
    return sent


def _send(installation: Installation, server: Server, events: Sequence[dict[str, Any]], sent: Sent) -> None:
    """A rejected batch is halved until the lines are found that the server will never take.

    Repeating lines that were stored does no harm: same series, same time, same fields.
    """
    try:
        _write(server, events)
    except Rejected as rejection:
        if len(events) > 1:
            middle = len(events) // 2
            _send(installation, server, events[:middle], sent)
            _send(installation, server, events[middle:], sent)
            return
        with installation.store.write() as db:
            outbox.refused(db, events[0], str(rejection))
        sent.refused += 1
        return
    with installation.store.write() as db:
        outbox.taken(db, events)
    sent.points += len(events)


def _write(server: Server, events: Sequence[dict[str, Any]]) -> None:
    """What kind of number `tokens` is may differ from shard to shard: where one is refused, the other is tried."""
    is_float = server.has_float_tokens
    try:
        server.write([line_of(event, is_float) for event in events])
    except Rejected as rejection:
        if not rejection.is_about_tokens:
            raise
        server.write([line_of(event, not is_float) for event in events])
        server.has_float_tokens = not is_float


@dataclass
class Sender:
    """The thread that does it while the API runs. Events are never waited for: they are committed already."""

    installation: Installation
    make_server: Callable[[], Server]
    breaker: Breaker = field(default_factory=Breaker)
    _stop: threading.Event = field(default_factory=threading.Event)
    _thread: threading.Thread | None = None

    def start(self) -> None:
        self._thread = threading.Thread(target=self._run, name="influx-sender", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._stop.set()
        if self._thread is not None:
            self._thread.join()

    def _run(self) -> None:
        server = self.make_server()
        try:
            pause = 0.0
            while not self._stop.wait(pause):
                pause = self._once(server)
        finally:
            server.close()

    def _once(self, server: Server) -> float:
        """Send one batch; returns the seconds until the next, which is none after a full one."""
        batch_size = self.installation.settings.influxdb_batch_size
        try:
            sent = send_waiting(self.installation, server, most=batch_size)
        except Unavailable as error:
            pause = self.breaker.failed(error)
            log.warning("%s; trying again in %.0f s", error, pause)
            return pause
        except Exception:
            log.exception("the outbox could not be read")
            return _LONGEST_PAUSE_S
        self.breaker.succeeded()
        return 0.0 if sent.points + sent.refused >= batch_size else _IDLE_S


def sender_for(installation: Installation) -> Sender | None:
    """None where InfluxDB is off."""
    if not installation.settings.influx_enabled:
        return None
    return Sender(installation, lambda: Server(installation.settings))
