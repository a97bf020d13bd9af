"""Replays the Dockerfile's steps in a clean folder with a venv of its own, where no container engine runs.

    python -m tools.replay_dockerfile [--keep FOLDER]

FROM becomes a venv of the Python at hand, WORKDIR a folder, COPY takes committed files only, RUN runs (users are not
made), and the command runs as an unprivileged user when root replays. Then the health check must succeed, the page
must answer, the data must lie in the volume, and SIGTERM must end it in order.
"""

from __future__ import annotations

import argparse
import json
import os
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).parent.parent
NOBODY = 65534
STARTS_WITHIN_S = 90
ENDS_WITHIN_S = 15


class Failed(Exception):
    """What did not go as the Dockerfile says."""


@dataclass
class Image:
    """What the steps have made so far."""

    root: Path
    workdir: str = "/"
    environment: dict[str, str] = field(default_factory=dict)
    user: str = "root"
    volumes: list[str] = field(default_factory=list)
    entrypoint: list[str] = field(default_factory=list)
    command: list[str] = field(default_factory=list)
    health: str = ""

    def folder(self, path: str) -> Path:
        return self.root / (path if path.startswith("/") else f"{self.workdir}/{path}").lstrip("/")

    def shell_environment(self) -> dict[str, str]:
        path = f"{self.root}/shims:{self.root}/venv/bin:/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin"
        return {**_passed_on(), "PATH": path, "HOME": str(self.root / "home"), **self.environment}

    def localised(self, text: str) -> str:
        """The image's /app is a folder here."""
        return text.replace("/app", str(self.root / "app"))


def _passed_on() -> dict[str, str]:
    """How pip finds its packages on this machine."""
    return {name: value for name, value in os.environ.items() if name.startswith(("PIP_", "SSL_", "HTTP", "NO_PROXY"))}


def interpreter() -> str:
    """A Python that an unprivileged user may run too: one below /root is not."""
    candidates = [sys.executable, shutil.which("python3", path="/usr/local/bin:/usr/bin") or sys.executable]
    for candidate in candidates:
        if os.geteuid() != 0 or all(folder.stat().st_mode & 0o001 for folder in Path(candidate).resolve().parents):
            return candidate
    raise Failed("no Python here can be run by an unprivileged user")


def instructions(text: str) -> list[tuple[str, str]]:
    joined = "\n".join(line for line in text.splitlines() if not line.startswith("#")).replace("\\\n", " ")
    return [(word, rest.strip()) for word, _, rest in (line.partition(" ") for line in joined.splitlines()) if word]


def apply(image: Image, word: str, rest: str) -> None:
    print(f"  {word} {' '.join(rest.split())[:110]}", flush=True)
    match word:
        case "FROM":
            subprocess.run([interpreter(), "-m", "venv", image.root / "venv"], check=True)
        case "ENV":
            image.environment |= {name: image.localised(value) for name, value in _pairs(rest)}
        case "WORKDIR":
            image.workdir = rest
            image.folder(rest).mkdir(parents=True, exist_ok=True)
        case "COPY":
            *sources, target = rest.split()
            copy(image, sources, target)
        case "RUN":
            run(image, rest)
        case "USER":
            image.user = rest
        case "VOLUME":
            image.volumes.append(rest)
        case "ENTRYPOINT":
            image.entrypoint = json.loads(rest)
        case "CMD":
            image.command = json.loads(rest)
        case "HEALTHCHECK":
            image.health = rest.split(" CMD ", 1)[1].strip()
        case "EXPOSE":
            pass
        case _:
            raise Failed(f"the replay does not know {word}")


def _pairs(rest: str) -> list[tuple[str, str]]:
    return [(name, value) for name, _, value in (pair.partition("=") for pair in shlex.split(rest))]


def copy(image: Image, sources: list[str], target: str) -> None:
    """Committed files only: what lies about in the folder of a developer must not be needed."""
    for source in sources:
        names = subprocess.run(["git", "ls-files", "-z", source], cwd=ROOT, capture_output=True, text=True, check=True)
        files = [name for name in names.stdout.split("\0") if name]
        if not files:
            raise Failed(f"COPY {source}: no such file is committed")
        for name in files:
            inside = name if target.endswith("/") else str(Path(target) / Path(name).relative_to(source))
            place = image.folder(target) / name if target.endswith("/") else image.folder(inside)
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, place)


def run(image: Image, command: str) -> None:
    done = subprocess.run(
        ["sh", "-c", image.localised(command)],
        cwd=image.folder(image.workdir),
        env=image.shell_environment(),
        check=False,
    )
    if done.returncode != 0:
        raise Failed(f"RUN {command}: exit code {done.returncode}")


def make_shims(root: Path) -> None:
    """Users and owners belong to the image, not to this machine."""
    (root / "home").mkdir()
    (root / "shims").mkdir()
    for name in ("useradd", "chown"):
        shim = root / "shims" / name
        shim.write_text("#!/bin/sh\nexit 0\n")
        shim.chmod(0o755)


def start(image: Image, log: Path) -> tuple[subprocess.Popen[bytes], dict[str, str]]:
    """`docker run` with published ports, as the image's user."""
    if image.user == "root":
        raise Failed("the image runs as root")
    environment = image.shell_environment() | {"API_PORT": str(free_port()), "APP_PORT": str(free_port())}
    as_nobody = {"user": NOBODY, "group": NOBODY, "extra_groups": []} if os.geteuid() == 0 else {}
    for volume in image.volumes if as_nobody else []:
        shutil.chown(image.folder(volume), NOBODY, NOBODY)
    command = [*image.entrypoint, *image.command]
    with log.open("wb") as output:
        started = subprocess.Popen(
            [str(image.root / "venv/bin" / command[0]), *command[1:]],
            cwd=image.folder(image.workdir),
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            **as_nobody,  # type: ignore[call-overload]
        )
    return started, environment


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def check(image: Image, started: subprocess.Popen[bytes], environment: dict[str, str]) -> None:
    deadline = time.monotonic() + STARTS_WITHIN_S
    page = f"http://127.0.0.1:{environment['APP_PORT']}/login"
    while not (healthy(image, environment) and answers(page)):
        if started.poll() is not None:
            raise Failed(f"the command ended with {started.returncode}")
        if time.monotonic() > deadline:
            raise Failed(f"not healthy within {STARTS_WITHIN_S} s")
        time.sleep(0.5)
    if not list(image.folder(image.volumes[0]).glob("*.db")):
        raise Failed(f"no ledger in the volume {image.volumes[0]}")
    started.send_signal(signal.SIGTERM)
    try:
        code = started.wait(ENDS_WITHIN_S)
    except subprocess.TimeoutExpired:
        raise Failed(f"SIGTERM did not end it within {ENDS_WITHIN_S} s") from None
    if code != 0:
        raise Failed(f"after SIGTERM it ended with {code}")


def healthy(image: Image, environment: dict[str, str]) -> bool:
    check = subprocess.run(["sh", "-c", image.health], env=environment, capture_output=True, check=False)
    return check.returncode == 0


def answers(address: str) -> bool:
    try:
        with urllib.request.urlopen(address, timeout=5) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


def replay(root: Path) -> None:
    root.chmod(0o755)
    make_shims(root)
    image = Image(root)
    for word, rest in instructions((ROOT / "Dockerfile").read_text()):
        apply(image, word, rest)
    log = root / "serve.log"
    started, environment = start(image, log)
    try:
        check(image, started, environment)
    except Failed:
        print(log.read_text(), file=sys.stderr)
        raise
    finally:
        if started.poll() is None:
            os.killpg(started.pid, signal.SIGKILL)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tools.replay_dockerfile", description=__doc__.splitlines()[0])
    parser.add_argument("--keep", type=Path, help="replay in this (empty) folder and keep it")
    options = parser.parse_args()
    print("Replaying the Dockerfile:")
    try:
        if options.keep:
            options.keep.mkdir(parents=True)
            replay(options.keep.resolve())
        else:
            with tempfile.TemporaryDirectory() as folder:
                replay(Path(folder))
    except Failed as failure:
        print(f"replay: {failure}", file=sys.stderr)
        return 1
    print(
        "replay: every step went through; healthy, the page answers, the data is in the volume, SIGTERM ends it with 0"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
