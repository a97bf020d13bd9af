"""A demo company in a folder of its own, API and pages as real processes, and a real Chromium that may call nobody."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

import pytest

playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")

ROOT = Path(__file__).parents[2]
CHROMIUM = Path("/usr/bin/chromium")
FLAGS = ["--no-sandbox", "--disable-quic", "--no-first-run", "--disable-background-networking"]
PICTURES = ROOT / ".pictures"
"""Ignored by git; looked at by people."""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@dataclass(frozen=True)
class Site:
    address: str
    api: str
    environment: dict[str, str]


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    folder = tmp_path_factory.mktemp("e2e")
    api_port, app_port = free_port(), free_port()
    nowhere = f"http://127.0.0.1:{free_port()}"
    environment = {
        **{name: value for name, value in os.environ.items() if name in ("PATH", "HOME", "LANG", "TMPDIR")},
        "USAGE_SUMMARY_DB": str(folder / "usage_summary.db"),
        "MAI_DATA_DIR": str(folder),
        "MAI_DEMO": "true",
        "API_PORT": str(api_port),
        "APP_PORT": str(app_port),
        "OPENROUTER_API_URL": nowhere,
        "NBP_API_URL": nowhere,
        "PYTHONPATH": str(ROOT),
    }
    subprocess.run([sys.executable, "-m", "mai_core", "demo"], cwd=folder, env=environment, check=True, timeout=120)
    with contextlib.ExitStack() as stack:
        for module, port in (("api:app", api_port), ("app:app", app_port)):
            stack.enter_context(_serving(module, port, environment, folder))
        _wait_for(f"http://127.0.0.1:{api_port}/health")
        _wait_for(f"http://127.0.0.1:{app_port}/_stcore/health")
        yield Site(f"http://127.0.0.1:{app_port}", f"http://127.0.0.1:{api_port}", environment)


@contextlib.contextmanager
def _serving(module: str, port: int, environment: dict[str, str], folder: Path) -> Iterator[None]:
    command = [
        sys.executable,
        "-m",
        "uvicorn",
        module,
        "--port",
        str(port),
        "--no-access-log",
        "--log-level",
        "warning",
    ]
    with (folder / f"{port}.log").open("w") as log:
        process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=log, stderr=log)
        try:
            yield
        finally:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _wait_for(address: str) -> None:
    deadline = time.monotonic() + 60
    while True:
        try:
            with urllib.request.urlopen(address, timeout=2):
                return
        except (urllib.error.URLError, OSError):
            if time.monotonic() > deadline:
                raise
            time.sleep(0.2)


@pytest.fixture(scope="session")
def chromium() -> Iterator[playwright.Browser]:
    if not CHROMIUM.exists():
        pytest.skip("needs Debian's chromium at /usr/bin/chromium")
    with playwright.sync_playwright() as started:
        browser = started.chromium.launch(executable_path=str(CHROMIUM), args=FLAGS)
        yield browser
        browser.close()


@dataclass
class Visit:
    """One browser profile; what it may not do is collected while it is used and checked at the end."""

    page: playwright.Page
    site: Site
    complaints: list[str] = field(default_factory=list)

    def go(self, path: str = "/") -> None:
        self.page.goto(self.site.address + path)
        self.settled()

    def settled(self) -> None:
        self.page.wait_for_selector(".m-head h1", timeout=30_000)
        self.page.wait_for_selector(".stApp[data-test-script-state=notRunning]", timeout=30_000)

    def text(self) -> str:
        return " ".join(self.page.inner_text("body").replace("\u00a0", " ").split())


Visitor = Callable[..., Visit]


@pytest.fixture
def visit(site: Site, chromium: playwright.Browser) -> Iterator[Visitor]:
    contexts, visits = [], []

    def opened(
        role: str | None = "manager",
        language: str = "pl",
        path: str = "/",
        *,
        phone: bool = False,
        dark: bool = False,
    ) -> Visit:
        context = chromium.new_context(
            viewport={"width": 390, "height": 844} if phone else {"width": 1440, "height": 900},
            locale="pl-PL" if language == "pl" else "en-GB",
            color_scheme="dark" if dark else "light",
            is_mobile=phone,
            has_touch=phone,
            accept_downloads=True,
        )
        contexts.append(context)
        found = Visit(context.new_page(), site)
        visits.append(found)
        _watch(context, found)
        if role is None:
            found.page.goto(site.address + path)
        else:
            found.page.goto(f"{site.address}/auth/demo-login?role={role}&next={quote(path, safe='')}")
            found.settled()
        return found

    yield opened
    complaints = [complaint for one in visits for complaint in one.complaints]
    for context in contexts:
        context.close()
    assert complaints == []


def _watch(context: playwright.BrowserContext, visit: Visit) -> None:
    """No other host, nothing in the console."""
    own = (visit.site.address, visit.site.address.replace("http", "ws"), "data:", "blob:")

    def asked(request: playwright.Request) -> None:
        if not request.url.startswith(own):
            visit.complaints.append(f"asked another host: {request.url}")

    def said(message: playwright.ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            visit.complaints.append(f"console: {message.text}")

    context.on("request", asked)
    context.on("console", said)
