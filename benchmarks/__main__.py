"""Measures, and prints ratios within one run: absolute times say more about the machine than about the program.

python -m benchmarks                    all of them, in sizes that take some minutes
python -m benchmarks reports            one of them
python -m benchmarks.reports --help     its own sizes
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parent.parent

SHORT: dict[str, tuple[str, ...]] = {
    "record_usage": ("--calls", "2000"),
    "webhook_throughput": ("--seconds", "6"),
    "hostile_clients": ("--seconds", "10"),
    "influx_faults": ("--seconds", "5"),
    "daily_batch": ("--events", "200000"),
    "reports": ("--rows", "500000", "--generations", "2000000", "--folder", "{folder}"),
    "freshness": ("--events", "10"),
    "pages": ("--rows", "500000", "--rounds", "2", "--folder", "{folder}/b"),
    "kill_server": ("--kills", "20"),
    "kill_batch": ("--kills", "20"),
}
"""Which programs, and in which sizes they are run together."""


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(SHORT))
    wanted = parser.parse_args().names or list(SHORT)
    unknown = sorted(set(wanted) - set(SHORT))
    if unknown:
        parser.error(f"no benchmark is called {unknown[0]}; there are: {', '.join(SHORT)}")
    failed = [name for name in wanted if not measured(name)]
    if failed:
        print(f"failed: {', '.join(failed)}", file=sys.stderr)
    return 1 if failed else 0


def measured(name: str) -> bool:
    print(f"\n=== {name}", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        sizes = [size.format(folder=folder) for size in SHORT[name]]
        return (
            subprocess.run([sys.executable, "-m", f"benchmarks.{name}", *sizes], cwd=ROOT, check=False).returncode == 0
        )


if __name__ == "__main__":
    sys.exit(main())
