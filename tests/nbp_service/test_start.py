"""How the service is started."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import uvicorn
from fastapi import FastAPI

from nbp_service.__main__ import main


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[dict[str, Any]]:
    """What the web server is asked to serve; nothing listens."""
    seen: list[dict[str, Any]] = []
    monkeypatch.chdir(tmp_path)
    for name in ("PORT", "NBP_PORT", "MAI_HOST"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(uvicorn, "run", lambda app, **how: seen.append({"app": app, **how}))
    return seen


@pytest.mark.parametrize(
    ("environment", "port"), [({}, 8001), ({"NBP_PORT": "9001"}, 9001), ({"NBP_PORT": "9001", "PORT": "9002"}, 9002)]
)
def test_port_wins_over_nbp_port(
    started: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch, environment: dict[str, str], port: int
) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert main() == 0
    assert (started[0]["port"], started[0]["host"]) == (port, "127.0.0.1")
    assert isinstance(started[0]["app"], FastAPI)


@pytest.mark.parametrize(("name", "value"), [("PORT", "eight"), ("FETCH_INTERVAL", "0"), ("NBP_API_URL", "nbp")])
def test_what_cannot_be_used_is_said(
    started: list[dict[str, Any]],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    name: str,
    value: str,
) -> None:
    monkeypatch.setenv(name, value)
    assert main() == 1
    assert capsys.readouterr().err.startswith("error: ")
    assert started == []
