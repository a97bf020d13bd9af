"""Holding the batch's lease: renewed while the work goes on, taken over from a process that is dead."""

from __future__ import annotations

import contextlib
import os
import secrets
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from mai_core.clock import Clock
from mai_core.errors import Conflict, StoreUnavailable
from mai_core.store import Db, Store, leases

LEASE_MS = 120_000
RENEW_EVERY_S = 30.0

_LIFE = secrets.token_hex(4)
"""Tells this process from an earlier one that had the same number."""


def process_name() -> str:
    return f"{socket.gethostname()}:{os.getpid()}:{_LIFE}"


def is_dead(holder: str) -> bool:
    """Known to be dead: of this machine, and no process has its number (or we have it, in a later life)."""
    host, pid_text, life = holder.rsplit(":", 2)
    pid = int(pid_text)
    if host != socket.gethostname():
        return False
    if pid == os.getpid():
        return life != _LIFE
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        return False
    return False


def take_or_refuse(store: Store, name: str, holder: str, now_ms: int) -> None:
    with store.write() as db:
        standing = leases.holder_of(db, name, now_ms)
        if standing is not None and is_dead(standing):
            leases.release(db, name, standing)
        if not leases.take(db, name, holder, now_ms, LEASE_MS):
            raise Conflict(f"a batch is running already ({standing}); one at a time")


def keep(db: Db, name: str, holder: str, now_ms: int) -> None:
    """Refuses to go on when the machine slept past the end of the lease and another process took it meanwhile."""
    if not leases.take(db, name, holder, now_ms, LEASE_MS):
        raise Conflict(f"{leases.holder_of(db, name, now_ms)} has taken this batch over and does the rest of it")


@contextmanager
def held(store: Store, clock: Clock, name: str, holder: str) -> Iterator[None]:
    """The lease for the length of the block, renewed by a thread, because one step may take longer than a lease."""
    take_or_refuse(store, name, holder, clock.now_ms())
    over = threading.Event()

    def renew() -> None:
        while not over.wait(RENEW_EVERY_S):
            with contextlib.suppress(StoreUnavailable), store.write() as db:
                leases.take(db, name, holder, clock.now_ms(), LEASE_MS)

    renewer = threading.Thread(target=renew, name="batch-lease", daemon=True)
    renewer.start()
    try:
        yield
    finally:
        over.set()
        renewer.join()
        with store.write() as db:
            leases.release(db, name, holder)
