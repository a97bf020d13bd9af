"""A real InfluxDB 1.x where Debian's package is installed, and a faithful stand-in for the v2 write path."""

from __future__ import annotations

import contextlib
import shutil
import socket
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from mai_core.influx.server import Server
from mai_core.installation import Installation, open_installation
from mai_core.settings import Settings, load_settings
from tests.builders import make_client

_CONFIG = """
reporting-disabled = true
bind-address = "127.0.0.1:{rpc}"
[meta]
  dir = "{folder}/meta"
[data]
  dir = "{folder}/data"
  wal-dir = "{folder}/wal"
  index-version = "inmem"
[http]
  bind-address = "127.0.0.1:{http}"
  log-enabled = false
[logging]
  level = "error"
[monitor]
  store-enabled = false
"""


def influx_settings(folder: Path, url: str, **more: str) -> Settings:
    return load_settings(
        {
            "MAI_DATA_DIR": str(folder),
            "MAI_SECRET_KEY": "a key for tests",
            "INFLUXDB_URL": url,
            "INFLUXDB_ORG": "mai",
            "INFLUXDB_TOKEN": "a token",
            **more,
        },
        folder / ".env",
    )


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="session")
def influxd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a real server; 1.6.7 knows `/write` and `/query`."""
    program = shutil.which("influxd")
    if program is None:
        pytest.skip("influxd is not installed (Debian: apt-get install influxdb)")
    folder, port = tmp_path_factory.mktemp("influxd"), free_port()
    config = folder / "influxdb.conf"
    config.write_text(_CONFIG.format(folder=folder, http=port, rpc=free_port()))
    process = subprocess.Popen([program, "-config", str(config)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    url = f"http://127.0.0.1:{port}"
    transport = httpx.HTTPTransport(retries=8)
    with httpx.Client(transport=transport, timeout=60) as client:
        client.get(f"{url}/ping")
        client.post(f"{url}/query", params={"q": 'CREATE DATABASE "mai-usage-tracking"'}).raise_for_status()
    yield url
    process.terminate()
    process.wait()


@pytest.fixture
def real(influxd: str, tmp_path: Path) -> Iterator[tuple[Installation, Server]]:
    httpx.post(
        f"{influxd}/query", params={"q": 'DROP MEASUREMENT "usage_tracking"', "db": "mai-usage-tracking"}, timeout=60
    )
    installation = open_installation(influx_settings(tmp_path, influxd, INFLUXDB_WRITE_TIMEOUT="10000"))
    make_client(installation.store)
    with contextlib.closing(Server(installation.settings)) as server:
        yield installation, server
    installation.close()


Answer = Callable[[httpx.Request], httpx.Response]


@pytest.fixture
def v2(tmp_path: Path) -> Iterator[tuple[Installation, Callable[[Answer], Server]]]:
    """An installation, and servers that answer the v2 write path as a function says."""
    installation = open_installation(influx_settings(tmp_path, "http://influx.test", INFLUXDB_BATCH_SIZE="4"))
    make_client(installation.store)
    yield installation, lambda answer: Server(installation.settings, httpx.MockTransport(answer))
    installation.close()
