"""kill -9 anywhere in the batch, then run it again: the same bytes as a run that nobody disturbed.

    python -m benchmarks.kill_batch [--kills 100] [--seed 1]

One ledger is filled with some weeks of usage of several clients, old enough for cleanup to have work. One copy runs
the batch in peace. For every kill another copy runs it, is killed at a random moment, and runs again to the end; then
every Parquet file is compared byte by byte, and every row of the ledger but for the moments at which work was done.
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
START_SHARE = 0.4
"""So much of a run passes before Python has loaded what it needs; a kill there proves little."""

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
    start = time.perf_counter()
    run(undisturbed).wait()
    length = time.perf_counter() - start
    expected = state_of(undisturbed)
    print(f"an undisturbed run takes {length:.1f} s: {len(expected['files'])} files, "
          f"{sum(len(table) for table in expected['tables'].values())} rows")  # fmt: skip
    steps: Counter[str] = Counter()
    done, different = 0, 0
    while done < kills:
        copy = folder / "copy"
        shutil.rmtree(copy, ignore_errors=True)
        shutil.copytree(origin, copy)
        if not killed(copy, random.uniform(START_SHARE * length, length), steps):
            continue
        done += 1
        run(copy).wait()
        found = state_of(copy)
        if found != expected:
            different += 1
            print(f"kill {done}: {difference(expected, found)}", file=sys.stderr)
    print(f"{kills} kills, {different} runs with another result; killed during: {dict(sorted(steps.items()))}")
    return 1 if different else 0


def killed(copy: Path, after_s: float, steps: Counter[str]) -> bool:
    """Kill a run at some moment; False when it was over by then."""
    process = run(copy)
    try:
        process.wait(timeout=after_s)
        return False
    except subprocess.TimeoutExpired:
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
    installation = opened(copy)
    with installation.store.read() as db:
        step = rows(db, "SELECT step FROM batch_runs WHERE state = 'running' ORDER BY id DESC LIMIT 1")
    installation.close()
    steps[step[0][0] if step else "start"] += 1
    return True


def run(folder: Path) -> subprocess.Popen[bytes]:
    """Upstreams refuse at once: rates are in the ledger already, and prices do not matter here."""
    command = [sys.executable, "-m", "jobs.daily_batch", "--run-now"]
    return subprocess.Popen(
        command, env={**os.environ, **environment(folder)}, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
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
            for number in range(60):
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
