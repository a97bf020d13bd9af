"""Which port a process gets: the wanted one, or the next free one, and it says so."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterable

from mai_core.errors import MaiError

_TRIES = 100


def is_free(host: str, port: int) -> bool:
    """Nothing listens there. macOS lets a second process bind beside 0.0.0.0, hence the connection attempt."""
    with socket.socket() as probe:
        probe.settimeout(0.3)
        if probe.connect_ex(("127.0.0.1" if host == "0.0.0.0" else host, port)) == 0:
            return False
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True


def next_free(
    variable: str,
    wanted: int,
    host: str,
    taken: Iterable[int] = (),
    free: Callable[[str, int], bool] = is_free,
) -> tuple[int, str | None]:
    """(port, sentence for the person when it is not the wanted one)."""
    avoid = set(taken)
    for port in range(wanted, min(wanted + _TRIES, 65536)):
        if port not in avoid and free(host, port):
            return port, None if port == wanted else f"Port {wanted} ({variable}) is busy: taking {port}."
    raise MaiError(f"{variable}={wanted}: no free port from {wanted} to {wanted + _TRIES - 1}; set {variable}")


def require_free(variable: str, port: int, host: str) -> None:
    if not is_free(host, port):
        raise MaiError(f"{variable}={port} is busy on {host}: stop what listens there, or set {variable}")
