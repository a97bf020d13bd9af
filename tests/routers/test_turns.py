"""Who asks in SQL, or for a file, takes turns: nobody takes every cell, nor every thread that other requests need."""

from __future__ import annotations

import threading

import pytest
from fastapi.testclient import TestClient

from mai_core.installation import Installation
from mai_core.sandbox.runner import Busy
from routers import turns
from routers.turns import Turns
from tests.builders import make_client
from tests.routers.callers import token_of


def test_another_caller_has_a_cell_while_one_asks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(turns, "PATIENCE_S", 0)
    ours = Turns()
    with ours.turn("ann"):
        with pytest.raises(Busy), ours.turn("ann"):
            pass
        with ours.turn("bob"):
            pass
    with ours.turn("ann"):
        pass


def test_one_more_waits_and_a_third_is_told_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(turns, "PATIENCE_S", 600)
    ours, had_a_turn = Turns(), threading.Event()

    def ask() -> None:
        with ours.turn("ann"):
            had_a_turn.set()

    second = threading.Thread(target=ask)
    with ours.turn("ann"):
        second.start()
        while ours.asked < 2:
            second.join(0.01)
        with pytest.raises(Busy, match="try again"), ours.turn("ann"):
            pass
        assert not had_a_turn.is_set()
    second.join()
    assert had_a_turn.is_set()
    assert ours.asked == 0


def test_files_of_one_caller_are_made_one_after_the_other(
    api: TestClient, installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(turns, "PATIENCE_S", 0)
    make_client(installation.store)
    headers, other = token_of(installation, "manager"), token_of(installation, "operator")
    name = api.get("/auth/session", headers=headers).json()["name"]
    file = "/api/v1/export?from=2026-10-01&to=2026-10-14"
    assert api.get(file, headers=headers).status_code == 200
    with api.app.state.turns.turn(f"export of {name}"):  # type: ignore[attr-defined]
        refused = api.get(file, headers=headers)
        assert (refused.status_code, refused.headers["retry-after"]) == (503, "3")
        assert api.get(file, headers=other).status_code == 200
