"""API and pages as real processes on a folder of their own; each can be stopped and started again."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
DOORS = {"api": ("api:app", "/health"), "app": ("app:app", "/_stcore/health")}
STARTS_WITHIN_S = 120


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class Site:
    """A demo company; nobody outside this machine is asked for anything."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.ledger = folder / "usage_summary.db"
        self.ports = {door: free_port() for door in DOORS}
        nowhere = f"http://127.0.0.1:{free_port()}"
        self.environment = {
            **{name: value for name, value in os.environ.items() if name in ("PATH", "HOME", "LANG", "TMPDIR")},
            "USAGE_SUMMARY_DB": str(self.ledger),
            "MAI_DATA_DIR": str(folder),
            "MAI_DEMO": "true",
            "API_PORT": str(self.ports["api"]),
            "APP_PORT": str(self.ports["app"]),
            "OPENROUTER_API_URL": nowhere,
            "NBP_API_URL": nowhere,
            "PYTHONPATH": str(ROOT),
        }
        self._running: dict[str, subprocess.Popen[bytes]] = {}

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.ports['app']}"

    @property
    def api(self) -> str:
        return f"http://127.0.0.1:{self.ports['api']}"

    def make_demo(self) -> None:
        command = [sys.executable, "-m", "mai_core", "demo"]
        subprocess.run(command, cwd=self.folder, env=self.environment, check=True, timeout=600)

    def start(self, *doors: str) -> None:
        for door in doors:
            port = str(self.ports[door])
            command = [sys.executable, "-m", "uvicorn", DOORS[door][0], "--port", port]
            with (self.folder / f"{door}.log").open("a") as log:
                self._running[door] = subprocess.Popen(
                    [*command, "--no-access-log", "--log-level", "warning"],
                    cwd=ROOT, env=self.environment, stdout=log, stderr=log,
                )  # fmt: skip
        for door in doors:
            _wait_for(f"http://127.0.0.1:{self.ports[door]}{DOORS[door][1]}")

    def stop(self, *doors: str) -> None:
        for door in doors or tuple(self._running):
            process = self._running.pop(door)
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(30)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    def log(self, door: str) -> str:
        return (self.folder / f"{door}.log").read_text()

    def login(self, role: str = "operator") -> str:
        """The token of a session of the demo."""
        with urllib.request.urlopen(f"{self.api}/auth/demo-login?role={role}") as answer:
            token: str = json.load(answer)["token"]
        return token

    def ask(self, method: str, path: str, token: str, body: object = None) -> Any:
        head = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        sent = None if body is None else json.dumps(body).encode()
        with urllib.request.urlopen(urllib.request.Request(self.api + path, sent, head, method=method)) as answer:
            return json.loads(answer.read() or b"null")


def _wait_for(address: str) -> None:
    deadline = time.monotonic() + STARTS_WITHIN_S
    while True:
        try:
            with urllib.request.urlopen(address, timeout=10):
                return
        except (urllib.error.URLError, OSError):
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)
