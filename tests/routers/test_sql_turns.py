"""Who asks in SQL takes turns: nobody takes every cell, nor every thread that other requests need."""

from __future__ import annotations

import threading

import pytest

from mai_core.installation import Installation
from mai_core.sandbox.runner import Busy
from routers import sql
from routers.sql import Desk


def test_another_caller_has_a_cell_while_one_asks(installation: Installation, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sql, "PATIENCE_S", 0)
    desk = Desk(installation)
    with desk.turn("ann"):
        with pytest.raises(Busy), desk.turn("ann"):
            pass
        with desk.turn("bob"):
            pass
    with desk.turn("ann"):
        pass


def test_one_more_waits_and_a_third_is_told_at_once(
    installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sql, "PATIENCE_S", 600)
    desk, had_a_turn = Desk(installation), threading.Event()

    def ask() -> None:
        with desk.turn("ann"):
            had_a_turn.set()

    second = threading.Thread(target=ask)
    with desk.turn("ann"):
        second.start()
        while desk._asked["ann"] < 2:
            second.join(0.01)
        with pytest.raises(Busy, match="try again"), desk.turn("ann"):
            pass
        assert not had_a_turn.is_set()
    second.join()
    assert had_a_turn.is_set()
    assert not desk._asked
