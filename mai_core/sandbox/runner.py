"""Starts a cell for one query, bounds it from outside, and turns whatever happens in it into an answer."""

from __future__ import annotations

import json
import os
import re
import selectors
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

from mai_core.days import zone
from mai_core.errors import MaiError
from mai_core.sandbox.relations import RelationFile

WORKER = Path(__file__).with_name("worker.py")
_START_S = 20.0
_ANSWER_BYTES = 16 * 1024 * 1024

Problem = Literal["sql", "one_statement", "only_select", "memory", "time", "crashed", "cancelled", "too_long", "value"]


@dataclass(frozen=True, slots=True)
class Limits:
    """Stated in every answer, so that an analyst knows what was cut."""

    seconds: float = 4.0
    rows: int = 1000
    bytes: int = 1024 * 1024
    cell_chars: int = 10_000
    memory_mb: int = 384
    address_space_mb: int = 1024
    cpu_s: int = 8
    threads: int = 1
    sql_chars: int = 100_000


@dataclass(frozen=True, slots=True)
class Answer:
    columns: list[dict[str, str]]
    rows: list[list[Any]]
    truncated: Literal["rows", "bytes"] | None
    elapsed_ms: int


@dataclass(frozen=True, slots=True)
class Refusal:
    problem: Problem
    message: str
    line: int | None = None
    column: int | None = None
    hint: str | None = None


class Busy(MaiError):
    """All cells are taken."""


class Sandbox:
    """At most `cells` queries at once; a further one waits a moment and is then told so."""

    def __init__(self, limits: Limits | None = None, cells: int = 2, patience_s: float = 2.0) -> None:
        self.limits = limits or Limits()
        self._free = threading.BoundedSemaphore(cells)
        self._patience_s = patience_s

    def run(
        self, relations: Sequence[RelationFile], sql: str, query: Query | None = None, timezone: str = "Europe/Warsaw"
    ) -> Answer | Refusal:
        if len(sql) > self.limits.sql_chars or "\x00" in sql:
            return Refusal("too_long", f"a query has at most {self.limits.sql_chars} characters and no NUL")
        if any("\ud800" <= letter <= "\udfff" for letter in sql):
            return Refusal("sql", "the query holds half of a character that is written as two")
        if not self._free.acquire(timeout=self._patience_s):
            raise Busy("other queries are running; try again in a few seconds")
        try:
            return (query or Query()).run(relations, sql, self.limits, timezone)
        finally:
            self._free.release()


@dataclass
class Query:
    """One query on its way; another thread may cancel it."""

    _process: subprocess.Popen[bytes] | None = None
    _cancelled: bool = False
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def cancel(self) -> None:
        with self._lock:
            self._cancelled = True
            if self._process is not None:
                self._process.kill()

    def run(
        self, relations: Sequence[RelationFile], sql: str, limits: Limits, timezone: str = "Europe/Warsaw"
    ) -> Answer | Refusal:
        with tempfile.TemporaryDirectory(prefix="mai-sql-") as folder:
            process = self._start(folder)
            if process is None:
                return Refusal("cancelled", "the query was cancelled")
            try:
                request = {
                    "relations": [asdict(relation) for relation in relations],
                    "limits": asdict(limits),
                    "timezone": zone(timezone).key,
                }
                return self._converse(process, request, sql, limits)
            finally:
                process.kill()
                process.wait()
                for pipe in (process.stdin, process.stdout):
                    if pipe is not None:
                        pipe.close()

    def _start(self, folder: str) -> subprocess.Popen[bytes] | None:
        with self._lock:
            if self._cancelled:
                return None
            self._process = subprocess.Popen(
                [sys.executable, "-I", "-S", "-c", _BOOT, str(WORKER), *_package_folders()],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env={"LANG": "C.UTF-8", "HOME": "/"},  # analysts can read where DuckDB would keep its secrets
                cwd=folder,
                start_new_session=True,
                close_fds=True,
            )
            return self._process

    def _converse(
        self, process: subprocess.Popen[bytes], request: dict[str, Any], sql: str, limits: Limits
    ) -> Answer | Refusal:
        ready = self._ask(process, request, _START_S)
        if not isinstance(ready, dict) or not ready.get("ready"):
            return ready if isinstance(ready, Refusal) else Refusal("crashed", "the query's process did not start")
        started = time.monotonic()
        told = self._ask(process, {"sql": sql}, limits.seconds)
        if isinstance(told, Refusal):
            return told
        if "error" in told:
            return refusal_of(str(told["error"]), str(told["message"]), sql, told.get("position"))
        elapsed_ms = int((time.monotonic() - started) * 1000)
        return Answer(told["columns"], told["rows"], told["truncated"], elapsed_ms)

    def _ask(self, process: subprocess.Popen[bytes], question: dict[str, Any], seconds: float) -> Any:
        """One line out, one line back, within the time and a size that the parent can bear."""
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            process.stdin.write(json.dumps(question).encode() + b"\n")
            process.stdin.flush()
        except BrokenPipeError:
            return self._gone()
        deadline = time.monotonic() + seconds
        received = bytearray()
        with selectors.DefaultSelector() as selector:
            selector.register(process.stdout, selectors.EVENT_READ)
            while not received.endswith(b"\n"):
                left = deadline - time.monotonic()
                if left <= 0 or not selector.select(left):
                    return Refusal("time", f"the query was stopped after {seconds:g} s")
                some = os.read(process.stdout.fileno(), 1 << 16)
                if not some:
                    return self._gone()
                received += some
                if len(received) > _ANSWER_BYTES:
                    return Refusal("memory", "the result is too large")
        try:
            return json.loads(received)
        except ValueError:
            return self._gone()

    def _gone(self) -> Refusal:
        if self._cancelled:
            return Refusal("cancelled", "the query was cancelled")
        return Refusal("crashed", "the query needed more than its process may have, or brought it down")


_BOOT = "import sys,runpy; worker=sys.argv[1]; sys.path[:0]=sys.argv[2:]; runpy.run_path(worker, run_name='__main__')"
"""-S keeps site hooks of the environment out; only the folder that holds duckdb is put back."""


def _package_folders() -> list[str]:
    import duckdb

    return [str(Path(duckdb.__file__).parent.parent)]


def refusal_of(problem: str, message: str, sql: str = "", position: object = None) -> Refusal:
    """DuckDB's error in its parts: what is wrong, where (DuckDB counts bytes), and what it suggests."""
    match problem:
        case "one_statement":
            return Refusal("one_statement", "exactly one statement is run at a time")
        case "only_select":
            return Refusal("only_select", "only SELECT (and EXPLAIN) is run here: nothing can be changed")
        case "value":
            return Refusal("value", f"a value of the result cannot be shown ({message}); cast it to VARCHAR")
        case "memory":
            return Refusal(
                "memory", "the query needs more memory than it may have; narrow the period or aggregate first"
            )
    what = message.strip()
    suggestion = re.search(r"(?:Candidate bindings|Did you mean)[^\n]*", what)
    line, column = _place(sql, position) if isinstance(position, int) else (None, None)
    return Refusal("sql", what, line, column, suggestion[0] if suggestion else None)


def _place(sql: str, position: int) -> tuple[int, int]:
    """Line and column in characters, both from one."""
    before = sql.encode()[: max(position, 0)].decode(errors="ignore")
    return before.count("\n") + 1, len(before) - (before.rfind("\n") + 1) + 1
