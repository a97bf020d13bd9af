"""A load client that costs little: raw HTTP/1.1 over asyncio protocols, keep-alive, one request in flight each."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import cast


@dataclass
class Result:
    seconds: float
    statuses: dict[int, int] = field(default_factory=dict)
    latencies: list[float] = field(default_factory=list)

    @property
    def requests(self) -> int:
        return len(self.latencies)

    @property
    def per_second(self) -> float:
        return self.requests / self.seconds

    def percentile(self, share: float) -> float:
        """Milliseconds."""
        ordered = sorted(self.latencies)
        return 1000 * ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else 0.0


def request_bytes(path: str, body: bytes, headers: dict[str, str]) -> bytes:
    lines = [
        f"POST {path} HTTP/1.1",
        "Host: localhost",
        "Content-Type: application/json",
        f"Content-Length: {len(body)}",
    ]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "", ""]).encode() + body


class _Connection(asyncio.Protocol):
    """Sends when told and calls back with the status when a whole answer is there."""

    def __init__(self, answered: Callable[[_Connection, int], None], closed: Callable[[_Connection], None]) -> None:
        self.transport: asyncio.Transport | None = None
        self.sent_at = 0.0
        self._answered = answered
        self._closed = closed
        self._buffer = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop has transports of its own that only quack like asyncio.Transport
        self.transport = cast(asyncio.Transport, transport)

    def send(self, request: bytes, due_at: float) -> None:
        assert self.transport is not None
        self.sent_at = due_at
        self.transport.write(request)

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        head_end = self._buffer.find(b"\r\n\r\n")
        if head_end < 0:
            return
        head = self._buffer[:head_end].lower()
        at = head.find(b"content-length:")
        length = 0 if at < 0 else int(head[at + 15 :].split(b"\r\n", 1)[0])
        if len(self._buffer) >= head_end + 4 + length:
            status = int(self._buffer[9:12])
            self._buffer = self._buffer[head_end + 4 + length :]
            self._answered(self, status)

    def connection_lost(self, exc: Exception | None) -> None:
        self._closed(self)


async def run(
    host: str,
    port: int,
    requests: Iterator[bytes],
    *,
    connections: int,
    seconds: float,
    per_second: float | None = None,
) -> Result:
    """Without `per_second` every connection sends again as soon as it is answered. With it requests are due at fixed
    times, and a latency counts from when its request was due, so that a stalled server cannot hide its stall.
    """
    loop = asyncio.get_running_loop()
    result = Result(seconds)
    idle: list[_Connection] = []
    due: list[float] = []
    begun = time.perf_counter()
    end = begun + seconds

    def answered(connection: _Connection, status: int) -> None:
        now = time.perf_counter()
        result.latencies.append(now - connection.sent_at)
        result.statuses[status] = result.statuses.get(status, 0) + 1
        if per_second is None:
            if now < end:
                connection.send(next(requests), now)
        elif due:
            connection.send(next(requests), due.pop(0))
        else:
            idle.append(connection)

    def closed(connection: _Connection) -> None:
        if connection in idle:
            idle.remove(connection)

    made = [
        (await loop.create_connection(lambda: _Connection(answered, closed), host, port))[1] for _ in range(connections)
    ]
    begun = time.perf_counter()
    end = begun + seconds
    if per_second is None:
        for connection in made:
            connection.send(next(requests), time.perf_counter())
        await asyncio.sleep(seconds)
    else:
        idle.extend(made)
        sent = 0
        while (now := time.perf_counter()) < end:
            while sent < (now - begun) * per_second:
                due_at = begun + sent / per_second
                sent += 1
                if idle:
                    idle.pop().send(next(requests), due_at)
                else:
                    due.append(due_at)
            await asyncio.sleep(0.001)
    await asyncio.sleep(0.3)
    result.seconds = seconds
    for connection in made:
        if connection.transport is not None:
            connection.transport.close()
    return result
