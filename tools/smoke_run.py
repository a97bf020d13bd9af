"""`make run` as a newcomer meets it: starts in an empty folder, the page answers, the curl line of the banner books an
event that the API shows, Ctrl-C ends everything.

    python -m tools.smoke_run
"""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import httpx

ROOT = Path(__file__).parent.parent
TOKEN = "smoke-operator-token"
STARTS_WITHIN_S = 240
SHOWN_WITHIN_S = 2.0


class Failed(Exception):
    """What did not happen."""


def main() -> int:
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "run.log"
        with log.open("w") as output:
            run = subprocess.Popen(
                ["make", "run"],
                cwd=ROOT,
                env={**os.environ, "MAI_DATA_DIR": f"{folder}/data", "MAI_OPERATOR_TOKEN": TOKEN},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        try:
            banner = wait_for_banner(run, log)
            print(banner)
            look_at(banner)
            stop(run)
        except Failed as failure:
            print(f"{log.read_text()}\nsmoke: {failure}", file=sys.stderr)
            return 1
        finally:
            if run.poll() is None:
                os.killpg(run.pid, signal.SIGKILL)
    print("smoke: make run starts, shows its page, books an event and stops")
    return 0


def wait_for_banner(run: subprocess.Popen[bytes], log: Path) -> str:
    deadline = time.monotonic() + STARTS_WITHIN_S
    while time.monotonic() < deadline:
        text = log.read_text()
        if "Ctrl-C stops everything" in text:
            return text
        if run.poll() is not None:
            raise Failed(f"make run ended with {run.returncode}")
        time.sleep(0.3)
    raise Failed(f"no banner within {STARTS_WITHIN_S} s")


def look_at(banner: str) -> None:
    page, api = found(r"is running: +(\S+)", banner), found(r"API +(\S+)/docs", banner)
    curl = found(r"(curl -sS [\s\S]+?\}\}')", banner)
    client = found(r'"subject":"(\w+?)_user_', curl)
    manager = found(r"manager +(\S+)", banner)
    with httpx.Client(follow_redirects=True, timeout=20) as http:
        answer = http.get(manager)
        if answer.status_code != 200 or str(answer.url).rstrip("/") != page or "<html" not in answer.text.lower():
            raise Failed(f"{manager} answered {answer.status_code} at {answer.url}")
        before = tokens_today(http, api, client)
        sent = subprocess.run(["bash", "-c", curl], capture_output=True, text=True, check=False)
        print(f"curl said: {sent.stdout.strip()} {sent.stderr.strip()}")
        if not re.search(r"HTTP 20\d", sent.stdout):
            raise Failed("the curl line of the banner was refused")
        deadline = time.monotonic() + SHOWN_WITHIN_S
        while tokens_today(http, api, client) < before + 1500:
            if time.monotonic() > deadline:
                raise Failed(f"the event of the curl line is not shown within {SHOWN_WITHIN_S} s")
            time.sleep(0.1)


def tokens_today(http: httpx.Client, api: str, client: str) -> int:
    address = f"{api}/api/v1/usage-tracking/usage/real-time/{client}"
    answer = http.get(address, headers={"Authorization": f"Bearer {TOKEN}"})
    if answer.status_code != 200:
        raise Failed(f"{address} answered {answer.status_code} {answer.text[:200]}")
    return int(found(r'"(?:total_|today_)?tokens": *(\d+)', answer.text))


def stop(run: subprocess.Popen[bytes]) -> None:
    os.killpg(run.pid, signal.SIGINT)
    try:
        run.wait(20)
    except subprocess.TimeoutExpired:
        raise Failed("Ctrl-C did not end it within 20 s") from None


def found(pattern: str, text: str) -> str:
    match = re.search(pattern, text)
    if match is None:
        raise Failed(f"not found: {pattern}")
    return match[1]


if __name__ == "__main__":
    sys.exit(main())
