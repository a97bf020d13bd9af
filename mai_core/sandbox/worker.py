"""Runs in the cell: `python -I worker.py`. Reads one request from standard input, writes one answer, ends.

Nothing of the product is imported here; what this file does is all that can happen. The order matters: load the
tenant's rows, close every door, lower every limit, say that it is ready, and only then read the query.
"""

from __future__ import annotations

import ctypes

# The driver imports these when it first meets a date, a decimal or a UUID; later no file can be opened.
import datetime  # noqa: F401
import decimal
import encodings.idna  # noqa: F401
import json
import os
import re
import resource
import sys
import uuid  # noqa: F401
import zoneinfo  # noqa: F401
from typing import Any

import duckdb
import pytz  # noqa: F401

_NO_NEW_PRIVILEGES = 38
_CLONE_NEWNET = 0x40000000
_NOBODY = 65534
_LANDLOCK_CREATE_RULESET, _LANDLOCK_RESTRICT_SELF = 444, 446
_LANDLOCK_EVERY_FILE_RIGHT = (1 << 13) - 1

_LOCK = (
    "SET enable_external_file_cache = false",
    "SET allow_community_extensions = false",
    "SET autoinstall_known_extensions = false",
    "SET autoload_known_extensions = false",
    "SET python_enable_replacements = false",
    "SET python_scan_all_frames = false",
    "SET temp_directory = ''",
    "SET max_expression_depth = 250",
    "SET errors_as_json = true",
    "SET enable_external_access = false",
    "SET lock_configuration = true",
)

_POINTERS = frozenset(
    {
        "json_execute_serialized_sql",
        "query",
        "json_serialize_plan",
        "arrow_scan",
        "arrow_scan_dumb",
        "pandas_scan",
        "python_map_function",
        "export_state",
    }
)
"""The first makes values of every type, POINTER too, and the scans and `python_map_function` follow pointers: together
they let a query jump to any address. `query` runs text that nobody has looked at, and `json_serialize_plan` binds it,
which is when pointers are followed. EXPORT_STATE shows addresses as they are."""

_EXPLAIN = re.compile(
    r"(?>\s|--[^\n]*\n|/\*.*?\*/)*+explain\b\s*(analyze\b)?\s*(\([\w\s,]*\))?", re.IGNORECASE | re.DOTALL
)


def main() -> None:
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    silence = os.open(os.devnull, os.O_WRONLY)
    os.dup2(silence, 1)
    os.dup2(silence, 2)
    os.close(silence)
    request = json.loads(sys.stdin.buffer.readline())
    limits = request["limits"]
    connection = load(request, limits)
    give_up_rights(limits)
    say(answers, {"ready": True})
    query = json.loads(sys.stdin.buffer.readline())["sql"]
    say(answers, answer(connection, query, limits))


def load(request: dict[str, Any], limits: dict[str, int]) -> duckdb.DuckDBPyConnection:
    """The tenant's relations copied into memory; afterwards no file is open and none can be opened."""
    connection = duckdb.connect(
        ":memory:", config={"threads": limits["threads"], "memory_limit": f"{limits['memory_mb']}MB"}
    )
    connection.execute(f"SET TimeZone = '{request['timezone']}'")
    connection.execute("SELECT now()").fetchall()  # the driver reads the zone's file now or never
    for relation in request["relations"]:
        name, path = relation["name"], relation["file"].replace("'", "''")
        connection.execute(f"CREATE TABLE {name} AS FROM read_parquet('{path}')")
        comment(connection, f"TABLE {name}", relation["comment"])
        for column, text in relation["columns"].items():
            comment(connection, f"COLUMN {name}.{column}", text)
    for statement in _LOCK:
        connection.execute(statement)
    return connection


def comment(connection: duckdb.DuckDBPyConnection, what: str, text: str) -> None:
    quoted = text.replace("'", "''")
    connection.execute(f"COMMENT ON {what} IS '{quoted}'")


def give_up_rights(limits: dict[str, int]) -> None:
    """What the process may do from here on. The system calls that need rights are tried, the limits are certain."""
    if sys.platform == "linux":
        libc = ctypes.CDLL(None)
        libc.unshare(_CLONE_NEWNET)
        if os.getuid() == 0:
            os.setgroups([])
            os.setgid(_NOBODY)
            os.setuid(_NOBODY)
        libc.prctl(_NO_NEW_PRIVILEGES, 1, 0, 0, 0)
        forbid_files(libc)
    for what, limit in (
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CPU, limits["cpu_s"]),
        (resource.RLIMIT_AS, limits["address_space_mb"] * 1024 * 1024),
        (resource.RLIMIT_NOFILE, 16),
    ):
        hard = resource.getrlimit(what)[1]
        lowered = limit if hard == resource.RLIM_INFINITY else min(limit, hard)
        try:
            resource.setrlimit(what, (lowered, lowered))
        except (ValueError, OSError):
            if sys.platform == "linux":
                raise


def forbid_files(libc: ctypes.CDLL) -> None:
    """Landlock, where the kernel has it: no path can be opened, made or removed, whatever the query finds."""
    handled = ctypes.c_uint64(_LANDLOCK_EVERY_FILE_RIGHT)
    ruleset = libc.syscall(_LANDLOCK_CREATE_RULESET, ctypes.byref(handled), ctypes.sizeof(handled), 0)
    if ruleset >= 0:
        libc.syscall(_LANDLOCK_RESTRICT_SELF, ruleset, 0)
        os.close(ruleset)


def answer(connection: duckdb.DuckDBPyConnection, query: str, limits: dict[str, int]) -> dict[str, Any]:
    shift = 0
    try:
        statements = connection.extract_statements(query)
        if len(statements) != 1:
            return {"error": "one_statement", "message": ""}
        if statements[0].type not in (duckdb.StatementType.SELECT, duckdb.StatementType.EXPLAIN):
            return {"error": "only_select", "message": ""}
        looked_at, functions = examined(connection, query)
        if looked_at is None:
            return {"error": "only_select", "message": ""}
        for name in functions & _POINTERS:
            return {"error": "sql", "message": f"{name} cannot be used here"}
        shift = len(query.encode()) - len(looked_at.encode())
        cursor = connection.execute(looked_at)
        columns = [{"name": str(column[0]), "type": str(column[1])} for column in cursor.description or ()]
        size = sum(len(column["name"]) + len(column["type"]) for column in columns)
        if size > limits["bytes"]:
            return {"error": "memory", "message": ""}
        return {"columns": columns, **fetched(cursor, limits, size)}
    except MemoryError:
        return {"error": "memory", "message": ""}
    except duckdb.OutOfMemoryException:
        return {"error": "memory", "message": ""}
    except duckdb.Error as error:
        return {"error": "sql", **told(str(error), shift)}
    except RecursionError:
        return {"error": "sql", "message": "the statement is nested too deeply"}
    except Exception as error:  # a value that Python has no counterpart for, such as the year 200000
        return {"error": "value", "message": str(error)[:400]}


def told(error: str, shift: int) -> dict[str, Any]:
    """What is wrong, and the byte of the query where it is: DuckDB's drawing of the place cuts long lines off."""
    kind, _, text = error.partition(": ")
    try:
        parts = json.loads(text)
        place = {"position": int(parts["position"]) + shift} if "position" in parts else {}
        return {"message": f"{kind}: {parts['exception_message']}"[:4000], **place}
    except (ValueError, TypeError, KeyError, OverflowError):  # what error('...') was given
        return {"message": error[:4000]}


def examined(connection: duckdb.DuckDBPyConnection, query: str) -> tuple[str | None, set[str]]:
    """What may be run, and the functions in it, by DuckDB's own parser. It takes nothing but SELECT: a PRAGMA that
    turns into one and what EXPLAIN ANALYZE would run of other statements end here."""
    head = ""
    if explain := _EXPLAIN.match(query):
        head = "\n" * explain[0].count("\n") + f"EXPLAIN {explain[1] or ''} {explain[2] or ''} "
        query = query[explain.end() :]
    [(parsed,)] = connection.execute("SELECT json_serialize_sql(?)", [query]).fetchall()
    if not parsed.startswith('{"error":false'):
        return None, set()
    functions = set(re.findall(r'"function_name": ?"([^"]*)"', parsed.lower()))
    return head + query, functions | set(re.findall(r'"(export_state)": ?true', parsed))


def fetched(cursor: duckdb.DuckDBPyConnection, limits: dict[str, int], size: int) -> dict[str, Any]:
    """Rows up to the limits, as they go into JSON; `size` is what their columns take."""
    rows: list[list[Any]] = []
    truncated = None
    while truncated is None and (some := cursor.fetchmany(100)):
        for row in some:
            cells = [cell(value, limits["cell_chars"]) for value in row]
            size += sum(8 + len(value) if isinstance(value, str) else 8 for value in cells)
            if len(rows) >= limits["rows"]:
                truncated = "rows"
                break
            if size > limits["bytes"]:
                truncated = "bytes"
                break
            rows.append(cells)
    return {"rows": rows, "truncated": truncated}


def cell(value: Any, most: int) -> Any:
    """Numbers that JSON carries exactly stay numbers; everything else is text, cut where it is endless."""
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int) and abs(value) < 2**53:
        return value
    if isinstance(value, float) and value == value and abs(value) != float("inf"):
        return value
    text = format(value, "f") if isinstance(value, decimal.Decimal) else str(value)
    return text if len(text) <= most else text[:most] + "…"


def say(answers: Any, value: dict[str, Any]) -> None:
    answers.write(json.dumps(value, ensure_ascii=True) + "\n")
    answers.flush()


if __name__ == "__main__":
    main()
