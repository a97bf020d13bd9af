"""kill -9 anywhere in the batch, then run it again: the same bytes as a run that nobody disturbed.

    python -m benchmarks.kill_batch [--kills 100] [--seed 1]

One ledger is filled with some weeks of usage of several clients, old enough for cleanup to have work, and with a day
that is big enough for a worker to read it. One copy runs the batch in peace. For every kill another copy runs it, is
killed, and runs again to the end; then every Parquet file is compared byte by byte, and every row of the ledger but for
the moments at which work was done. Every second kill comes at a random moment after the run's first row, the others at
a random one of the points that `killed_run.py` counts; a kill counts only when it fell into a step.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from random import Random
from typing import Any

from mai_core.days import day_start_ms
from mai_core.installation import Installation, open_installation
from mai_core.intake.booking import book
from mai_core.model import Arrival, Observation, Rank
from mai_core.settings import load_settings
from mai_core.store import clients, dicts, rating_books, rows

TODAY = date(2026, 11, 20)
CLOCK = "2026-11-20T12:30:00Z"
CLIENTS = 4
MOMENTS = frozenset(
    {"written_at_ms", "verified_at_ms", "sealed_at_ms", "replaced_at_ms", "found_at_ms", "events_removed_at_ms"}
)
"""Columns that say when something was done; everything else has to be equal."""

COMPARED = (
    "usage_events", "usage_daily", "processed_generations", "sealed_days", "sealed_files", "archives",
    "day_corrections", "day_rates", "conflicts", "corrections",
)  # fmt: skip
LOOK_EVERY_S = 0.002
NOBODY = "http://127.0.0.1:9"


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.kill_batch")
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        return prove(Path(name), args.kills, Random(args.seed))


def prove(folder: Path, kills: int, random: Random) -> int:
    origin = folder / "origin"
    fill(origin)
    undisturbed = folder / "undisturbed"
    shutil.copytree(origin, undisturbed)
    process = run(undisturbed)
    started = wait_for_a_step(undisturbed, process)
    points = int(process.communicate()[0].splitlines()[-1])
    length_s = time.perf_counter() - started
    expected = state_of(undisturbed)
    print(f"an undisturbed run works for {length_s:.1f} s and passes {points} points: {len(expected['files'])} files, "
          f"{sum(len(table) for table in expected['tables'].values())} rows", flush=True)  # fmt: skip
    steps: dict[str, Counter[str]] = {"moment": Counter(), "point": Counter()}
    copy = folder / "copy"
    done, different = 0, 0
    while done < kills:
        shutil.rmtree(copy, ignore_errors=True)
        shutil.copytree(origin, copy)
        way = "moment" if done % 2 == 0 else "point"
        if way == "moment":
            step = killed_at_moment(copy, random.uniform(0, length_s))
        else:
            step = killed_at_point(copy, random.randint(1, points))
        if step is None:
            continue
        steps[way][step] += 1
        done += 1
        run(copy).communicate()
        found = state_of(copy)
        if found != expected:
            different += 1
            print(f"kill {done} ({step}): {difference(expected, found)}", file=sys.stderr)
    for way, counted in steps.items():
        print(f"killed at a {way}: {', '.join(f'{step} {times}' for step, times in counted.most_common())}")
    print(f"{kills} kills inside the steps, {different} runs with another result")
    return 1 if different else 0


def killed_at_moment(copy: Path, after_s: float) -> str | None:
    """The step into which the kill fell; None when the run was over by then, or between two steps."""
    process = run(copy)
    started = wait_for_a_step(copy, process)
    try:
        process.wait(timeout=max(0.0, started + after_s - time.perf_counter()))
        process.communicate()
        return None
    except subprocess.TimeoutExpired:
        os.kill(process.pid, signal.SIGKILL)
        process.communicate()
    return step_of_the_kill(copy)


def killed_at_point(copy: Path, point: int) -> str | None:
    process = run(copy, point)
    process.communicate()
    return step_of_the_kill(copy) if process.returncode == -signal.SIGKILL else None


def wait_for_a_step(copy: Path, process: subprocess.Popen[bytes]) -> float:
    """Until the first step has its row; Python's own start proves nothing."""
    installation = opened(copy)
    while process.poll() is None:
        with installation.store.read() as db:
            if rows(db, "SELECT 1 FROM batch_runs WHERE run_id IS NOT NULL LIMIT 1"):
                break
        time.sleep(LOOK_EVERY_S)
    installation.close()
    return time.perf_counter()


def step_of_the_kill(copy: Path) -> str | None:
    installation = opened(copy)
    with installation.store.read() as db:
        found = rows(db, "SELECT step FROM batch_runs WHERE state = 'running' AND run_id IS NOT NULL")
    installation.close()
    return str(found[0][0]) if found else None


def run(folder: Path, point: int = 0) -> subprocess.Popen[bytes]:
    """Upstreams refuse at once: rates are in the ledger already, and prices do not matter here."""
    command = [sys.executable, "-m", "benchmarks.killed_run", str(point)]
    return subprocess.Popen(
        command, env={**os.environ, **environment(folder)}, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    )


def environment(folder: Path) -> dict[str, str]:
    return {
        "MAI_DATA_DIR": str(folder),
        "MAI_SECRET_KEY": "benchmark",
        "MAI_CLOCK": CLOCK,
        "OPENROUTER_API_URL": NOBODY,
        "NBP_API_URL": NOBODY,
    }


def opened(folder: Path) -> Installation:
    return open_installation(load_settings(environment(folder), folder / ".env"))


def fill(folder: Path) -> None:
    """Usage of yesterday and the weeks before, some days beyond the 60 that events are kept; one day is damaged."""
    installation = opened(folder)
    random = Random(7)
    ids = [f"mai_client_{number:08x}" for number in range(CLIENTS)]
    days = [TODAY - timedelta(days=back) for back in (1, 2, 3, 20, 40, 61, 62, 90)]
    with installation.store.write() as db:
        for client in ids:
            clients.create(db, 0, client_org_id=client, name=client, markup_rate="1.3")
            for day in days:
                values = (client, str(day), str(day))
                db.execute("INSERT INTO day_rates VALUES (?, ?, '3.6543', '1/A/NBP/2026', ?, 'daily', 0)", values)
        rating_book = rating_books.load(db, installation.settings)
        book(db, rating_book, list(arrivals(random, ids, days)), installation.now_ms())
        db.execute("UPDATE usage_events SET updated_at_ms = received_at_ms")
        db.execute("UPDATE usage_daily SET charged_pusd = charged_pusd + 1 WHERE usage_date = ?", (str(days[1]),))
    installation.close()


def arrivals(random: Random, ids: list[str], days: list[date]) -> Iterator[Arrival]:
    for client in ids:
        for day in days:
            for number in range(300 if day == days[0] else 60):
                at_ms = day_start_ms(day, "Europe/Warsaw") + random.randrange(80_000_000)
                observation = Observation(
                    generation_id=f"gen-{at_ms // 1000}-{client[-4:]}{number:04}",
                    rank=Rank.BROADCAST,
                    source="openrouter",
                    started_at_ms=at_ms,
                    external_user=f"{client}_user_{number % 5:08x}",
                    model=random.choice(["openai/gpt-4o", "anthropic/claude-sonnet-4.5"]),
                    provider="OpenAI",
                    input_tokens=random.randrange(1, 5000),
                    output_tokens=random.randrange(1, 900),
                    reported_pusd=random.randrange(1, 10**11),
                )
                yield Arrival(client_org_id=client, observation=observation, received_at_ms=at_ms + 4000)


def state_of(folder: Path) -> dict[str, Any]:
    """What has to be equal: the files that the ledger names, and its rows without the moments of work."""
    installation = opened(folder)
    with installation.store.read() as db:
        tables = {
            table: sorted(
                json.dumps({name: value for name, value in row.items() if name not in MOMENTS}, sort_keys=True)
                for row in dicts(db, f"SELECT * FROM {table}")
            )
            for table in COMPARED
        }
        named = {file for (file,) in rows(db, "SELECT file FROM archives")}
        named |= {file for (file,) in rows(db, "SELECT file FROM sealed_files WHERE replaced_at_ms IS NULL")}
    installation.close()
    files = {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted((folder / "lake").rglob("*.parquet"))
        if any(str(path).endswith(file) for file in named)
    }
    return {"tables": tables, "files": files}


def difference(expected: dict[str, Any], found: dict[str, Any]) -> str:
    for table, lines in expected["tables"].items():
        if lines != found["tables"][table]:
            mine, theirs = set(lines), set(found["tables"][table])
            return f"{table}: {sorted(mine - theirs)[:1]} became {sorted(theirs - mine)[:1]}"
    changed = {
        name for name in expected["files"] | found["files"] if expected["files"].get(name) != found["files"].get(name)
    }
    return f"files {sorted(changed)[:3]}"


if __name__ == "__main__":
    sys.exit(main())
