"""Proves that every pin of requirements.txt has a wheel for the platforms that mAI Usage runs on.

    python -m tools.wheels [--python 3.11] [--only "Linux arm64"]

`pip download --only-binary=:all:` refuses a pin that would have to be compiled; the wheels themselves are thrown away.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

from packaging.requirements import Requirement

REQUIREMENTS = Path(__file__).parent.parent / "requirements.txt"

PLATFORMS: dict[str, tuple[dict[str, str], list[str]]] = {
    "Linux x86_64": (
        {"sys_platform": "linux", "platform_system": "Linux", "os_name": "posix", "platform_machine": "x86_64"},
        [f"manylinux_2_{minor}_x86_64" for minor in (36, 35, 34, 31, 28, 27, 26, 24, 17, 12, 5)]
        + ["manylinux2014_x86_64", "manylinux2010_x86_64", "manylinux1_x86_64", "linux_x86_64"],
    ),
    "Linux arm64": (
        {"sys_platform": "linux", "platform_system": "Linux", "os_name": "posix", "platform_machine": "aarch64"},
        [f"manylinux_2_{minor}_aarch64" for minor in (36, 35, 34, 31, 28, 27, 26, 24, 17)]
        + ["manylinux2014_aarch64", "linux_aarch64"],
    ),
    "macOS arm64": (
        {"sys_platform": "darwin", "platform_system": "Darwin", "os_name": "posix", "platform_machine": "arm64"},
        [f"macosx_{major}_0_arm64" for major in (14, 13, 12, 11)]
        + [f"macosx_{major}_0_universal2" for major in (14, 13, 12, 11)]
        + [f"macosx_10_{minor}_universal2" for minor in range(16, 8, -1)],
    ),
}
"""Debian 12 (glibc 2.36) and macOS 14: what they accept, newest first."""


def pins(text: str) -> list[Requirement]:
    lines = (line.split(" #")[0].strip() for line in text.splitlines())
    return [Requirement(line) for line in lines if line and not line.startswith(("#", "-"))]


def pins_of(requirements: list[Requirement], marks: dict[str, str], python: str) -> list[str]:
    """The pins that this platform and Python install, without their markers."""
    environment = {**marks, "python_version": python, "python_full_version": f"{python}.0"}
    environment |= {"implementation_name": "cpython", "platform_python_implementation": "CPython"}
    chosen = [one for one in requirements if one.marker is None or one.marker.evaluate(environment)]
    return [f"{one.name}{one.specifier}" for one in chosen]


def download(names: list[str], tags: list[str], python: str) -> subprocess.CompletedProcess[str]:
    with tempfile.TemporaryDirectory() as folder:
        platforms = [f"--platform={tag}" for tag in tags]
        return subprocess.run(
            [
                *(sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps"),
                *("--only-binary=:all:", f"--python-version={python}", "--implementation=cp", f"--dest={folder}"),
                *platforms,
                *names,
            ],
            capture_output=True,
            text=True,
            check=False,
        )


def missing(names: list[str], tags: list[str], python: str) -> dict[str, str]:
    """Pins without a wheel, and pip's reason; all at once first, one by one only when that fails."""
    if download(names, tags, python).returncode == 0:
        return {}
    answers = ((name, download([name], tags, python)) for name in names)
    return {name: answer.stderr.strip().splitlines()[-1] for name, answer in answers if answer.returncode != 0}


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tools.wheels", description=__doc__.splitlines()[0])
    parser.add_argument("--python", default="3.11", help="Python version (default 3.11)")
    parser.add_argument("--only", choices=list(PLATFORMS), help="one platform")
    options = parser.parse_args()
    requirements = pins(REQUIREMENTS.read_text())
    failed = False
    for platform, (marks, tags) in PLATFORMS.items():
        if options.only and platform != options.only:
            continue
        names = pins_of(requirements, marks, options.python)
        lacking = missing(names, tags, options.python)
        print(f"{platform}, Python {options.python}: {len(names) - len(lacking)} of {len(names)} pins have a wheel")
        for name, reason in lacking.items():
            failed = True
            print(f"  {name}: {reason}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
