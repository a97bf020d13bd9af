"""The three processes under honcho: one stops, all stop; Ctrl-C ends everything."""

from __future__ import annotations

import io
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TextIO

from honcho.environ import parse_procfile
from honcho.manager import Manager
from honcho.printer import Message, Printer

ROOT = Path(__file__).resolve().parents[2]


class _Quiet(Printer):  # type: ignore[misc]  # honcho is untyped
    """What the processes say; of honcho's own lines only a stop that nobody asked for."""

    stop_asked_for = False

    def write(self, message: Message) -> None:
        if message.name == "system":
            self.stop_asked_for = self.stop_asked_for or message.data.endswith("received\n")
            if self.stop_asked_for or "stopped" not in message.data:
                return
        super().write(message)


class _Manager(Manager):  # type: ignore[misc]
    """honcho's, but a stop before everything has started waits for that instead of failing half-way."""

    stop_asked_for = False

    def terminate(self) -> None:
        self.stop_asked_for = True
        if self._all_started():
            super().terminate()

    def _any_stopped(self) -> bool:
        return self.stop_asked_for or super()._any_stopped()


def commands(procfile: Path = ROOT / "Procfile") -> dict[str, str]:
    return dict(parse_procfile(procfile.read_text()).processes)


def run_together(processes: Mapping[str, str], environment: Mapping[str, str], output: TextIO | None = None) -> int:
    """Blocks until all have ended. The exit code of the first that ended; 0 when somebody asked to stop."""
    manager = _Manager(_Quiet(output or io.TextIOWrapper(sys.stdout.buffer, "utf-8", write_through=True)))
    for name, command in processes.items():
        manager.add_process(name, command, env=dict(environment), cwd=str(ROOT))
    manager.loop()
    return 0 if manager.returncode in (None, 130, 143) else int(manager.returncode)
