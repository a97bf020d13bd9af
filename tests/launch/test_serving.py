"""`serve` plans, says what it does, and starts the three processes."""

from __future__ import annotations

import os
import socket
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from mai_core.cli import main
from mai_core.launch import serving
from mai_core.settings import Settings, load_settings


class Started:
    """What would have been started."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.environment: dict[str, str] = {}
        self.commands: list[list[str]] = []
        self.demo_code = 0
        monkeypatch.setattr(serving.processes, "run_together", self._together)
        monkeypatch.setattr(serving.subprocess, "run", self._run)
        monkeypatch.setattr(serving, "start_companion", self._companion)

    def _together(self, commands: Mapping[str, str], environment: Mapping[str, str]) -> int:
        self.environment = dict(environment)
        self.commands += [[name] for name in commands]
        return 0

    def _run(self, command: list[str], **_: Any) -> subprocess.CompletedProcess[str]:
        self.commands.append(command[1:])
        return subprocess.CompletedProcess(command, self.demo_code)

    def _companion(self, _: Mapping[str, str]) -> Any:
        self.commands.append(["companion"])

        class Gone:
            def terminate(self) -> None: ...
            def wait(self) -> None: ...

        return Gone()


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> Started:
    for name in [name for name in os.environ if name.lower() in Settings.model_fields]:
        monkeypatch.delenv(name)
    return Started(monkeypatch)


def free_ports() -> tuple[str, str]:
    with socket.socket() as one, socket.socket() as two:
        one.bind(("127.0.0.1", 0))
        two.bind(("127.0.0.1", 0))
        return str(one.getsockname()[1]), str(two.getsockname()[1])


def settings_of(tmp_path: Path, **more: str) -> tuple[Settings, dict[str, str]]:
    api, app = free_ports()
    environ = {"MAI_DATA_DIR": str(tmp_path), "API_PORT": api, "APP_PORT": app, **more}
    return load_settings(environ, tmp_path / ".env"), environ


def test_a_newcomer_gets_demo_data_first_and_is_told(
    tmp_path: Path, started: Started, capsys: pytest.CaptureFixture[str]
) -> None:
    assert serving.serve(*settings_of(tmp_path), local=True) == 0
    assert started.commands == [["-m", "mai_core", "demo", "--if-empty"], ["companion"], ["api"], ["app"], ["jobs"]]
    assert started.environment["MAI_DEMO"] == "true"
    assert "No client is set up yet: showing demo data" in capsys.readouterr().out


def test_somebody_who_refuses_the_demo_gets_an_empty_installation(tmp_path: Path, started: Started) -> None:
    assert serving.serve(*settings_of(tmp_path, MAI_DEMO="false"), local=True) == 0
    assert started.commands == [["companion"], ["api"], ["app"], ["jobs"]]


def test_a_configured_client_gets_no_demo(tmp_path: Path, started: Started) -> None:
    assert serving.serve(*settings_of(tmp_path, CLIENT_ORG_ID="mai_client_1"), local=True) == 0
    assert started.environment["MAI_DEMO"] == "false"


def test_the_image_starts_the_three_processes_and_never_a_demo_by_itself(tmp_path: Path, started: Started) -> None:
    assert serving.serve(*settings_of(tmp_path), local=False) == 0
    assert started.commands == [["api"], ["app"], ["jobs"]]
    assert started.environment["MAI_DEMO"] == "false"


def test_busy_ports_are_named_and_the_next_free_ones_handed_to_all(
    tmp_path: Path, started: Started, capsys: pytest.CaptureFixture[str]
) -> None:
    settings, environ = settings_of(tmp_path)
    with socket.socket() as busy:
        busy.bind(("127.0.0.1", settings.api_port))
        busy.listen()
        serving.serve(settings, environ, local=True)
    assert f"Port {settings.api_port} (API_PORT) is busy" in capsys.readouterr().out
    assert int(started.environment["API_PORT"]) > settings.api_port
    assert started.environment["MAI_API_URL"] == f"http://127.0.0.1:{started.environment['API_PORT']}"


def test_the_image_refuses_a_busy_port(
    tmp_path: Path, started: Started, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    settings, environ = settings_of(tmp_path)
    monkeypatch.chdir(tmp_path)
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    with socket.socket() as busy:
        busy.bind(("127.0.0.1", settings.api_port))
        busy.listen()
        assert main(["serve"]) == 1
    assert f"API_PORT={settings.api_port} is busy" in capsys.readouterr().err
    assert started.commands == []


def test_demo_data_that_cannot_be_made_is_an_error_in_one_sentence(
    tmp_path: Path, started: Started, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    started.demo_code = 1
    for name, value in settings_of(tmp_path)[1].items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(tmp_path)
    assert main(["serve", "--local"]) == 1
    assert "demo data could not be made" in capsys.readouterr().err
