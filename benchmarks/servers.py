"""Real servers for the benchmarks: uvicorn in a process of its own, on a free port, with throwaway data."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SECRET = "benchmark-secret-0123456789"
CLIENT = "mai_client_63a4eb6d"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def environment(data: Path, **more: str) -> dict[str, str]:
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(data),
        "MAI_DATA_DIR": str(data),
        "MAI_SECRET_KEY": "benchmark",
        "MAI_OPERATOR_TOKEN": SECRET + "-operator",
        "CLIENT_ORG_ID": CLIENT,
        "ORGANIZATION_NAME": "Benchmark",
        "OPENROUTER_WEBHOOK_SECRET": SECRET,
        **more,
    }


def start(application: str, port: int, data: Path, **more: str) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "uvicorn", application, "--port", str(port), "--no-access-log"]
    return subprocess.Popen([*command, "--log-level", "warning"], cwd=ROOT, env=environment(data, **more))


def wait_for(port: int, process: subprocess.Popen[bytes], path: str = "/health") -> None:
    until = time.monotonic() + 30
    while time.monotonic() < until:
        if process.poll() is not None:
            raise SystemExit("the server did not start")
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=2).close()
            return
        except urllib.error.HTTPError:
            return
        except OSError:
            time.sleep(0.05)
    raise SystemExit("the server did not answer within 30 s")


@contextmanager
def serving(application: str, data: Path, **more: str) -> Iterator[int]:
    port = free_port()
    process = start(application, port, data, **more)
    try:
        wait_for(port, process)
        yield port
    finally:
        process.terminate()
        process.wait(20)


def memory_mb(pid: int) -> int:
    return _resident_kb(str(pid)) // 1024


def family_memory_mb(pid: int) -> int:
    """With the processes that it started."""
    children = [text for thread in Path(f"/proc/{pid}/task").iterdir() for text in _words(thread / "children")]
    return sum(_resident_kb(one) for one in (str(pid), *children)) // 1024


def _resident_kb(pid: str) -> int:
    words = _words(Path(f"/proc/{pid}/status"))
    return int(words[words.index("VmRSS:") + 1]) if "VmRSS:" in words else 0


def _words(file: Path) -> list[str]:
    """Nothing of what ended meanwhile."""
    try:
        return file.read_text().split()
    except OSError:
        return []
