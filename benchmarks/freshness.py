"""How long until a new event is in every report, each surface in a process of its own: python -m benchmarks.freshness

Posts events to the real API and looks again and again: the API's read, the CSV export, SQL on the command line, the
pages' way of reading. From the moment of posting: when the first look began that had the new one, and when it had
answered (a command starts Python and a cell first). Fails when that look began later than two seconds.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median

from benchmarks.servers import CLIENT, ROOT, SECRET, environment, serving

BOUND_S = 2.0
TODAY = datetime.now(UTC).date()
FIRST, LAST = TODAY - timedelta(days=1), TODAY + timedelta(days=1)

# The pages' process: asks whenever a line comes, and says how many requests it sees.
_PAGES = f"""
import sys
from datetime import date
from pathlib import Path
from mai_core.reports import Reporting, Viewer
from mai_core.settings import load_settings
reporting = Reporting.of_ledger_file(load_settings())
for line in sys.stdin:
    period = date({FIRST:%Y, %-m, %-d}), date({LAST:%Y, %-m, %-d})
    print(reporting.rows("totals", Viewer("manager", {CLIENT!r}), *period)[0]["requests"], flush=True)
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--events", type=int, default=20)
    events = parser.parse_args().events
    with tempfile.TemporaryDirectory() as folder, serving("api:app", Path(folder)) as port:
        taken = measure(Path(folder), port, events)
    print(f"{'surface':<28}{'began, ms':>10}{'worst':>8}{'answered, ms':>14}{'worst':>8}")
    for surface, looks in taken.items():
        began, answered = zip(*looks, strict=True)
        print(
            f"{surface:<28}{median(began) * 1000:>10.0f}{max(began) * 1000:>8.0f}"
            f"{median(answered) * 1000:>14.0f}{max(answered) * 1000:>8.0f}"
        )
    late = [surface for surface, looks in taken.items() if max(began for began, _ in looks) > BOUND_S]
    if late:
        raise SystemExit(f"later than {BOUND_S:.0f} s: {', '.join(late)}")


def measure(data: Path, port: int, events: int) -> dict[str, list[tuple[float, float]]]:
    """A new event for each surface, so that none profits from another's waiting."""
    with subprocess.Popen(
        [sys.executable, "-c", _PAGES], cwd=ROOT, env=environment(data), stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        text=True,
    ) as pages:  # fmt: skip
        surfaces: dict[str, Callable[[], int]] = {
            "API read": lambda: _read(port),
            "API export, CSV": lambda: _exported(port),
            "pages' reading": lambda: _of_pages(pages),
            "command line, SQL": lambda: _by_sql(data),
        }
        _post(port, 0)
        sent = 1
        taken: dict[str, list[tuple[float, float]]] = {}
        for name, seen in surfaces.items():
            seen()
            for _ in range(events):
                started = time.perf_counter()
                _post(port, sent)
                sent += 1
                looked = time.perf_counter()
                while (found := seen()) < sent:
                    looked = time.perf_counter()
                    if looked - started > 30:
                        raise SystemExit(f"{name} shows {found} of {sent} events after 30 s")
                taken.setdefault(name, []).append((looked - started, time.perf_counter() - started))
        assert pages.stdin is not None
        pages.stdin.close()
    return taken


def _call(port: int, path: str, body: dict[str, object] | None = None) -> bytes:
    request = urllib.request.Request(
        f"http://127.0.0.1:{port}{path}", None if body is None else json.dumps(body).encode()
    )
    request.add_header("Authorization", f"Bearer {SECRET if body else SECRET + '-operator'}")
    request.add_header("Content-Type", "application/cloudevents+json")
    with urllib.request.urlopen(request, timeout=30) as answer:
        told: bytes = answer.read()
    return told


def _post(port: int, number: int) -> None:
    usage = {"model": "openai/gpt-4o", "prompt_tokens": 100, "completion_tokens": 50, "cost": 0.001}
    event: dict[str, object] = {"specversion": "1.0", "type": "completion", "source": "bench", "data": usage}
    _call(port, "/api/v1/events", {**event, "id": f"gen-{int(time.time())}-{number:04x}", "subject": f"{CLIENT}_ann"})


_PERIOD = f"from={FIRST}&to={LAST}&client={CLIENT}"


def _read(port: int) -> int:
    rows = json.loads(_call(port, f"/api/v1/reports/totals?{_PERIOD}"))["rows"]
    return int(rows[0]["requests"])


def _exported(port: int) -> int:
    head, *lines = _call(port, f"/api/v1/export?{_PERIOD}&by=day").decode("utf-8-sig").splitlines()
    place = head.split(",").index("requests")
    return sum(int(line.split(",")[place]) for line in lines)


def _of_pages(pages: subprocess.Popen[str]) -> int:
    assert pages.stdin is not None
    assert pages.stdout is not None
    pages.stdin.write("\n")
    pages.stdin.flush()
    return int(pages.stdout.readline())


def _by_sql(data: Path) -> int:
    query = "SELECT coalesce(sum(requests), 0)::BIGINT AS requests FROM usage"
    words = [sys.executable, "-m", "mai_core", "sql", query, "--client", CLIENT, "--format", "csv"]
    env = {**os.environ, **environment(data)}
    done = subprocess.run(words, cwd=ROOT, env=env, capture_output=True, text=True, check=True)
    return int(done.stdout.split()[-1])


if __name__ == "__main__":
    main()
