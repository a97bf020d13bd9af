"""A busy port is named and the next free one taken."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest

from mai_core.errors import MaiError
from mai_core.launch import ports


@pytest.fixture
def busy() -> Iterator[int]:
    with socket.socket() as listener:
        listener.bind(("0.0.0.0", 0))
        listener.listen()
        yield listener.getsockname()[1]


def test_a_free_port_is_taken_without_a_word() -> None:
    assert ports.next_free("API_PORT", 8000, "127.0.0.1", free=lambda *_: True) == (8000, None)


def test_a_busy_port_is_named_and_the_next_free_one_taken() -> None:
    free = lambda _, port: port > 8001  # noqa: E731
    port, said = ports.next_free("API_PORT", 8000, "127.0.0.1", free=free)
    assert (port, said) == (8002, "Port 8000 (API_PORT) is busy: taking 8002.")


def test_two_processes_never_get_the_same_port() -> None:
    assert ports.next_free("APP_PORT", 8000, "127.0.0.1", taken=[8000], free=lambda *_: True)[0] == 8001


def test_no_free_port_is_said() -> None:
    with pytest.raises(MaiError, match="API_PORT=8000: no free port"):
        ports.next_free("API_PORT", 8000, "127.0.0.1", free=lambda *_: False)


def test_a_listener_on_all_addresses_makes_loopback_busy_too(busy: int) -> None:
    assert not ports.is_free("127.0.0.1", busy)
    with pytest.raises(MaiError, match=f"APP_PORT={busy} is busy"):
        ports.require_free("APP_PORT", busy, "127.0.0.1")
