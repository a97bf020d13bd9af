"""The real API and the real pages over a copy of a benchmark's ledger, with a manager logged in for every client."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.reports_data import LAST_DAY, client_name
from benchmarks.servers import ROOT, SECRET, free_port, wait_for
from mai_core.clock import Clock
from mai_core.identity import accounts, signing_in
from mai_core.installation import open_installation
from mai_core.settings import load_settings
from pages.parts.sessions import COOKIE

CLOCK = f"{LAST_DAY}T10:00:00Z"
NICE = ("nice", "-n", "10")
"""As in the Procfile: pages give way to the API."""


@dataclass(frozen=True)
class Site:
    address: str
    api_port: int
    cookies: dict[str, str]
    """Client -> the cookie of its manager; `operator` -> the operator's."""
    clock: Clock
    pages_pid: int


def environment(data: Path, api_port: int) -> dict[str, str]:
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(data),
        "MAI_DATA_DIR": str(data),
        "MAI_SECRET_KEY": "benchmark",
        "MAI_CLOCK": CLOCK,
        "MAI_API_URL": f"http://127.0.0.1:{api_port}",
        "OPENROUTER_WEBHOOK_SECRET": SECRET,
    }


def copied(folder: Path, into: Path) -> Path:
    """The ledger is written during the run, the sealed files never are: they are only pointed at."""
    into.mkdir()
    for file in folder.glob("usage_summary.db*"):
        shutil.copy(file, into / file.name)
    (into / "lake").symlink_to((folder / "lake").resolve(), target_is_directory=True)
    return into


@contextmanager
def site(data: Path, people: int) -> Iterator[Site]:
    with ExitStack() as stack:
        api_port, app_port = free_port(), free_port()
        told = environment(data, api_port)
        cookies = logged_in(data, told, people)
        stack.enter_context(serving("api:app", api_port, told))
        pid = stack.enter_context(serving("app:app", app_port, told, *NICE))
        clock = Clock.starting_at(load_settings(told, data / ".env").mai_clock)
        yield Site(f"http://127.0.0.1:{app_port}", api_port, cookies, clock, pid)


def logged_in(data: Path, told: dict[str, str], people: int) -> dict[str, str]:
    installation = open_installation(load_settings(told, data / ".env"))
    now_ms, cookies = installation.now_ms(), {}
    with installation.store.write() as db:
        for name in ["operator", *(client_name(number) for number in range(people))]:
            account = accounts.create(
                db, now_ms, "benchmark", email=f"{name}@bench.example", name=f"Manager {name}", language="pl",
                role="operator" if name == "operator" else "manager",
                client_org_id=None if name == "operator" else name,
            )  # fmt: skip
            cookies[name] = f"{COOKIE}={signing_in.start_session(db, now_ms, account, 'benchmark').token}"
    installation.close()
    return cookies


def cpu_seconds(pid: int) -> float:
    """What a process has used so far: a figure that other work on the machine does not move."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Floor:
    address: str
    pages_pid: int


@contextmanager
def floor(data: Path, recording: Path) -> Iterator[Floor]:
    port = free_port()
    told = {"PATH": os.environ["PATH"], "HOME": str(data), "FLOOR": str(recording)}
    with serving("benchmarks.pages_floor:app", port, told, *NICE) as pid:
        yield Floor(f"http://127.0.0.1:{port}", pid)


@contextmanager
def serving(application: str, port: int, told: dict[str, str], *before: str) -> Iterator[int]:
    command = [*before, sys.executable, "-m", "uvicorn", application, "--port", str(port), "--no-access-log"]
    process = subprocess.Popen([*command, "--log-level", "warning"], cwd=ROOT, env=told)
    try:
        wait_for(port, process, "/health")
        yield process.pid
    finally:
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
