"""What people at the dashboard wait for, against a page with the same elements on constant data, in one run.

    python -m benchmarks.pages --folder /tmp/bench       # over 5 million daily rows, 20 clients, 24 months
    python -m benchmarks.pages --folder /tmp/bench --rows 500000 --only crowd

The ledger is made once per folder, as for `benchmarks.reports`. Starts the real API and the real pages over a copy of
it, records each page, serves the recording as the floor, and drives both in a real browser, in turns. Before every
click an event is booked, so that no answer is an old one. Then twenty managers of different clients click at the same
moment, again and again, while events arrive.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
from playwright.sync_api import Browser

from benchmarks import load
from benchmarks.pages_browser import Click, Opened, Visitor, chromium, cold_transfer
from benchmarks.pages_crowd import Person
from benchmarks.pages_site import Floor, Site, copied, cpu_seconds, floor, site
from benchmarks.reports_data import client_name
from benchmarks.servers import CLIENT, SECRET
from benchmarks.webhook_throughput import body_of_spans, span

PEOPLE = 20
CLICK_MS, CHART_MS, COLD_MB, CROWD_S, WEBHOOK_MS = 150, 250, 3.5, 2.0, 150
CHOICES = 4
MAIN, SIDE, STYLE = 0, 1, 2
"""Where Streamlit puts what a page draws."""


@dataclass(frozen=True)
class Measured:
    path: str
    key: str
    """The list that is clicked."""
    chart: bool

    @property
    def name(self) -> str:
        return self.path or "overview"


PAGES = (
    Measured("", "period", True),
    Measured("users", "period", False),
    Measured("models", "period", True),
    Measured("months", "month", True),
    Measured("billing", "month", False),
)
ALSO_OPENED = (Measured("forecast", "horizon", True),)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folder", type=Path, required=True, help="where the ledger is, or is made; else only read")
    parser.add_argument("--rows", type=int, default=5_000_000, help="daily rows in all, when the ledger is made")
    parser.add_argument("--rounds", type=int, default=4, help="how often every choice is clicked")
    parser.add_argument("--pages", default=",".join(page.name for page in PAGES), help="with commas")
    parser.add_argument("--seconds", type=float, default=25, help="how long the twenty click")
    parser.add_argument("--per-second", type=float, default=10, help="webhooks while they do")
    parser.add_argument("--only", choices=("browser", "crowd"), help="one half")
    given = parser.parse_args()
    wanted = [page for page in PAGES if page.name in given.pages.split(",")]
    if not (given.folder / "ready").exists():
        words = [f"--folder={given.folder}", f"--rows={given.rows}"]
        subprocess.run([sys.executable, "-m", "benchmarks.reports_data", *words], check=True)
    with tempfile.TemporaryDirectory(dir=given.folder.parent) as folder:
        data = copied(given.folder, Path(folder) / "data")
        recording = Path(folder) / "floor.json"
        with site(data, PEOPLE) as running:
            recording.write_text(json.dumps(asyncio.run(recorded(running, wanted))))
            with floor(Path(folder), recording) as below:
                if given.only != "crowd":
                    in_a_browser(running, below, wanted, recording, given.rounds)
                if given.only != "browser":
                    crowds(running, below, wanted, given.seconds, given.per_second)


async def recorded(running: Site, wanted: Sequence[Measured]) -> dict[str, Any]:
    """What the floor draws: of every page and choice the elements that a manager's browser was sent."""
    found: dict[str, Any] = {"pages": [[page.path, page.name] for page in PAGES]}
    for page in wanted:
        person = Person(running.address, running.cookies[client_name(0)], page.path)
        await person.open()
        choices = {}
        for label in person.options(page.key)[: 1 + CHOICES]:
            await person.choose(page.key, label)
            drawn = person.root.children
            choices[label] = {
                name: drawn[place].described() if place in drawn else []
                for name, place in (("main", MAIN), ("side", SIDE), ("style", STYLE))
            }
        found[page.path] = {"key": page.key, "choices": choices}
        await person.close()
        if person.failures:
            raise SystemExit(f"{page.name} cannot be recorded: {person.failures[0]}")
    return found


def choices_of(person: Person, page: Measured) -> list[str]:
    """Without the first, which is what the page opens with."""
    return person.options(page.key)[1 : 1 + CHOICES]


# --- one person in a real browser ------------------------------------------------------------------------------------


def in_a_browser(running: Site, below: Floor, wanted: Sequence[Measured], recording: Path, rounds: int) -> None:
    known = json.loads(recording.read_text())
    with chromium() as browser:
        for page in wanted:
            labels = list(known[page.path]["choices"])[1:]
            real = Visitor(browser, running.address, running.cookies[client_name(0)])
            bare = Visitor(browser, below.address)
            clicks, openings = compared(real, bare, page, labels, rounds, Booking(running))
            report_clicks(page, *clicks)
            report_openings(page, *openings)
            real.close()
            bare.close()
        print(f"\ncold transfer, empty cache (must be <= {COLD_MB} MB)")
        for page in (*wanted, *ALSO_OPENED):
            report_cold(browser, running, page)


def compared(
    real: Visitor, bare: Visitor, page: Measured, labels: Sequence[str], rounds: int, booking: Booking
) -> tuple[tuple[list[Click], list[Click]], tuple[list[Opened], list[Opened]]]:
    """Both in turns, so that whatever else the machine does befalls both."""
    clicks: tuple[list[Click], list[Click]] = ([], [])
    openings: tuple[list[Opened], list[Opened]] = ([], [])
    for visitor in (real, bare):
        visitor.open(page.path, chart=page.chart)
    for _ in range(rounds):
        for label in labels:
            for visitor, into in zip((real, bare), clicks, strict=True):
                booking.book()
                into.append(visitor.choose(page.key, label))
        for visitor, opened in zip((real, bare), openings, strict=True):
            booking.book()
            opened.append(visitor.open(page.path, chart=page.chart))
    return clicks, openings


class Booking:
    """An event for the client that is looked at, and time enough that the pages see the ledger has changed."""

    def __init__(self, running: Site) -> None:
        self._running, self._requests = running, bodies(running, [0])
        self._api = httpx.Client(trust_env=False)

    def book(self) -> None:
        address = f"http://127.0.0.1:{self._running.api_port}/webhooks/openrouter"
        answer = self._api.post(address, content=next(self._requests), headers=HEADERS)
        answer.raise_for_status()
        time.sleep(0.8)


def report_clicks(page: Measured, real: list[Click], bare: list[Click]) -> None:
    ours, below = (statistics.median(click.numbers_ms for click in clicks) for clicks in (real, bare))
    whole, whole_below = (statistics.median(click.finished_ms for click in clicks) for clicks in (real, bare))
    print(
        f"{page.name:<10} click to new numbers   {ours:6.0f} ms  floor {below:6.0f}  over it {ours - below:6.0f}  "
        f"(<= {CLICK_MS}) {verdict(ours - below <= CLICK_MS)}   all drawn {whole:.0f}, floor {whole_below:.0f}; "
        f"{len(real)} clicks",
        flush=True,
    )


def report_openings(page: Measured, real: list[Opened], bare: list[Opened]) -> None:
    numbers, numbers_below = (statistics.median(one.numbers_ms for one in found) for found in (real, bare))
    if not page.chart:
        print(f"{page.name:<10} warm to numbers        {numbers:6.0f} ms  floor {numbers_below:6.0f}", flush=True)
        return
    ours, below = (statistics.median(one.chart_ms or 0.0 for one in found) for found in (real, bare))
    print(
        f"{page.name:<10} warm to first chart    {ours:6.0f} ms  floor {below:6.0f}  over it {ours - below:6.0f}  "
        f"(<= {CHART_MS}) {verdict(ours - below <= CHART_MS)}   numbers {numbers:.0f}, floor {numbers_below:.0f}",
        flush=True,
    )


def report_cold(browser: Browser, running: Site, page: Measured) -> None:
    received = cold_transfer(browser, running.address, running.cookies[client_name(0)], page.path, chart=page.chart)
    print(f"{page.name:<10} {received / 1e6:5.2f} MB  {verdict(received <= COLD_MB * 1e6)}", flush=True)


# --- twenty people at once -------------------------------------------------------------------------------------------


def crowds(running: Site, below: Floor, wanted: Sequence[Measured], seconds: float, per_second: float) -> None:
    print(f"\n{PEOPLE} managers of different clients click at the same moment, {per_second:.0f} webhooks a second")
    with ProcessPoolExecutor(1) as pool:
        idle = pool.submit(webhooks, running, 5.0, per_second).result()
        posting = pool.submit(webhooks, running, seconds, per_second)
        people = [
            Person(running.address, running.cookies[client_name(number)], page.path)
            for number, page in enumerate(spread(wanted, PEOPLE))
        ]
        taken, failures, cpu_ms = asyncio.run(clicking(people, wanted, seconds, running.pages_pid))
        posted = posting.result()
    bare = [Person(below.address, "", page.path) for page in spread(wanted, PEOPLE)]
    floor_taken, _, floor_cpu_ms = asyncio.run(clicking(bare, wanted, seconds / 3, below.pages_pid))
    p95 = percentile(taken, 0.95)
    print(
        f"click to end of the run   median {statistics.median(taken):5.2f} s   p95 {p95:5.2f} s (<= {CROWD_S:g}) "
        f"{verdict(p95 <= CROWD_S)}   {len(taken)} clicks   floor: median {statistics.median(floor_taken):.2f}, "
        f"p95 {percentile(floor_taken, 0.95):.2f}"
    )
    print(f"CPU of the pages per click {cpu_ms:5.0f} ms   floor {floor_cpu_ms:.0f} ms")
    print(f"errors                    {len(failures)} {verdict(not failures)} {failures[:1] if failures else ''}")
    p99 = posted.percentile(0.99)
    print(
        f"webhook meanwhile         p99 {p99:5.0f} ms (< {WEBHOOK_MS}) {verdict(p99 < WEBHOOK_MS)}   "
        f"median {posted.percentile(0.5):.0f} ms, {posted.statuses}; without them p99 {idle.percentile(0.99):.0f} ms",
        flush=True,
    )


def spread(wanted: Sequence[Measured], people: int) -> list[Measured]:
    """Every other person at the first page, the rest at the others in turn."""
    others = itertools.cycle(wanted[1:] or wanted)
    return [wanted[0] if number % 2 == 0 else next(others) for number in range(people)]


async def clicking(
    people: Sequence[Person], wanted: Sequence[Measured], seconds: float, pages_pid: int
) -> tuple[list[float], list[str], float]:
    """All of them at once, and once more when the last one has been answered: seconds, failures, CPU ms per click."""
    at = spread(wanted, len(people))
    for person in people:
        await person.open()
    labels = [itertools.cycle(choices_of(person, page)) for person, page in zip(people, at, strict=True)]
    taken: list[float] = []
    until, used = time.monotonic() + seconds, cpu_seconds(pages_pid)
    while time.monotonic() < until:
        clicks = (person.choose(page.key, next(own)) for person, page, own in zip(people, at, labels, strict=True))
        taken += await asyncio.gather(*clicks)
        await asyncio.sleep(1)
    used = cpu_seconds(pages_pid) - used
    for person in people:
        await person.close()
    return taken, [failure for person in people for failure in person.failures], used / len(taken) * 1000


def webhooks(running: Site, seconds: float, per_second: float) -> load.Result:
    """In a process of its own: what delays the clicking people must not delay these."""
    requests = (
        load.request_bytes("/webhooks/openrouter", body, HEADERS) for body in bodies(running, list(range(PEOPLE)))
    )
    return asyncio.run(
        load.run("127.0.0.1", running.api_port, requests, connections=4, seconds=seconds, per_second=per_second)
    )


HEADERS = {"Authorization": f"Bearer {SECRET}"}


def bodies(running: Site, clients: Sequence[int]) -> Iterator[bytes]:
    """One generation each, of people of these clients in turn, at the time that the servers believe it is."""
    for number in itertools.count():
        client = client_name(clients[number % len(clients)])
        seconds = running.clock.now_ms() // 1000
        made = span(f"gen-{seconds}-{time.monotonic_ns():020d}", number)
        yield body_of_spans([made]).replace(CLIENT.encode(), client.encode())


def percentile(values: Sequence[float], share: float) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def verdict(holds: bool) -> str:
    return "OK" if holds else "SHORT"


if __name__ == "__main__":
    main()
