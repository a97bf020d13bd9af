"""Who may import whom, and what may happen at import: the folder names are the architecture, these tests hold it."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent

DOORS = ("api", "app", "pages", "routers", "jobs", "nbp_service", "integrations", "generate_client_env")

PURE = (
    "mai_core/errors.py",
    "mai_core/money.py",
    "mai_core/days.py",
    "mai_core/ids.py",
    "mai_core/model.py",
    "mai_core/merging.py",
    "mai_core/rating.py",
    "mai_core/conversion.py",
    "mai_core/pricing",
    "mai_core/forecast",
    "mai_core/forecast.py",
    "mai_core/launch/banner.py",
)
"""Calculation and vocabulary; what is not there yet is held to the same rule once it is."""

NEVER_PURE = {
    "storage": {"apsw", "sqlite3", "duckdb", "mai_core.store", "pyarrow", "pathlib", "shutil", "tempfile"},
    "network": {"httpx", "socket", "ssl", "urllib.request", "http.client", "influxdb_client", "smtplib", "requests"},
    "clock": {"time", "mai_core.clock", "schedule"},
    "web": {"fastapi", "starlette", "streamlit", "uvicorn"},
    "the machine": {"os", "subprocess", "threading", "multiprocessing", "asyncio", "random", "mai_core.settings"},
}

ASKS_THE_CLOCK = {"now", "utcnow", "today", "time_ns", "monotonic", "perf_counter"}


@cache
def modules(*places: str) -> tuple[Path, ...]:
    """Python files of the product below the places (files or folders), the whole product by default."""
    found: set[Path] = set()
    for place in places or ("mai_core", *DOORS, "benchmarks", "tools"):
        path = ROOT / place
        found |= {path.with_suffix(".py")} if path.with_suffix(".py").is_file() else set()
        found |= set(path.rglob("*.py")) if path.is_dir() else set()
    return tuple(sorted(found))


@cache
def imports(path: Path) -> frozenset[str]:
    """Every module that a file names in an import, wherever in the file it stands; types only count too."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path} imports relatively"
            names |= {node.module or ""} | {f"{node.module}.{alias.name}" for alias in node.names}
    return frozenset(names)


def naming(paths: Iterable[Path], wanted: Iterable[str]) -> Iterator[str]:
    """'file imports module' for every file that imports one of the wanted packages."""
    wanted = tuple(wanted)
    for path in paths:
        for name in sorted(imports(path)):
            if any(name == package or name.startswith(f"{package}.") for package in wanted):
                yield f"{path.relative_to(ROOT)} imports {name}"
                break


def outside(package: str, *allowed: str) -> list[str]:
    """Files that import a package without being allowed to."""
    paths = [path for path in modules() if not path.relative_to(ROOT).as_posix().startswith(allowed)]
    return list(naming(paths, [package]))


def test_the_core_knows_no_door() -> None:
    assert list(naming(modules("mai_core"), DOORS)) == []


def test_doors_do_not_reach_into_one_another() -> None:
    assert list(naming(modules("pages", "app"), ["api", "routers", "jobs"])) == []
    assert list(naming(modules("jobs"), ["api", "routers", "app", "pages"])) == []
    assert list(naming(modules("api", "routers"), ["app", "pages", "jobs"])) == []


@pytest.mark.parametrize("what", list(NEVER_PURE))
def test_pure_calculation_knows_nothing_of(what: str) -> None:
    assert list(naming(modules(*PURE), NEVER_PURE[what])) == []


def test_pure_calculation_is_told_the_time_and_never_asks() -> None:
    asking = [
        f"{path.relative_to(ROOT)}:{node.lineno} asks .{node.func.attr}()"
        for path in modules(*PURE)
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in ASKS_THE_CLOCK
    ]
    assert asking == []


def test_only_the_store_knows_sqlite() -> None:
    assert outside("apsw", "mai_core/store/", "benchmarks/") == []
    assert outside("sqlite3") == []


def test_only_reports_and_the_sandbox_know_duckdb_and_the_doctor_looks_at_its_version() -> None:
    assert outside("duckdb", "mai_core/reports/", "mai_core/sandbox/", "mai_core/doctor/", "benchmarks/") == []


def test_only_the_pages_know_streamlit() -> None:
    assert outside("streamlit", "app.py", "pages/", "tools/", "benchmarks/") == []


def test_starlette_is_for_the_web_doors() -> None:
    assert outside("starlette", "app.py", "pages/", "api.py", "routers/") == []


def test_only_the_api_and_the_rate_service_know_fastapi() -> None:
    assert outside("fastapi", "api.py", "routers/", "nbp_service/", "benchmarks/") == []


def test_only_its_adapter_knows_the_influx_client() -> None:
    assert outside("influxdb_client", "mai_core/influx/") == []


def test_the_dashboard_does_not_write() -> None:
    assert list(naming(modules("app", "pages"), ["mai_core.store", "mai_core.installation", "mai_core.intake"])) == []


def test_doors_ask_the_store_by_the_names_of_its_operations() -> None:
    places = modules("api", "routers", "jobs", "nbp_service")
    assert [path.relative_to(ROOT).as_posix() for path in places if "db.execute(" in path.read_text()] == []
    assert list(naming(places, ["mai_core.store.rows", "mai_core.store.dicts"])) == []


def test_no_coroutine_waits_for_the_writer_of_the_ledger() -> None:
    """Everybody else's requests would wait with it; a plain function runs in a thread."""
    waiting = [
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for path in modules("api", "routers")
        for coroutine in ast.walk(ast.parse(path.read_text()))
        if isinstance(coroutine, ast.AsyncFunctionDef)
        for node in ast.walk(coroutine)
        if isinstance(node, ast.Attribute) and ast.unparse(node).endswith("store.write")
    ]
    assert waiting == []


def test_the_sqlite_extension_is_named_only_where_reports_load_it() -> None:
    naming_it = [
        path.relative_to(ROOT).as_posix()
        for path in modules()
        if "sqlite_scanner" in path.read_text() or "sqlite_query" in path.read_text()
    ]
    allowed = ("mai_core/reports/", "mai_core/doctor/", "benchmarks/", "tools/")
    assert [name for name in naming_it if not name.startswith(allowed)] == []


IMPORT_ALL = """
import importlib, os, sys

done = []

def watch(event, args):
    if event in ("socket.connect", "sqlite3.connect"):
        done.append(f"{event} {args[1:]}")
    if event == "open" and isinstance(args[0], str) and args[2] & (os.O_WRONLY | os.O_RDWR | os.O_CREAT):
        if "__pycache__" not in args[0] and args[0] != os.devnull:
            done.append(f"writes {args[0]}")
    if event in ("subprocess.Popen", "os.fork"):
        done.append(f"{event} {args[:1]}")

def refuse(what):
    def refused(*_, **__):
        done.append(f"connects through {what}")
        raise RuntimeError(f"{what} at import")
    return refused

import duckdb
duckdb.connect = refuse("duckdb")
if sys.argv[1] != "pages":
    import apsw
    apsw.connection_hooks.append(lambda db: done.append(f"opens {db.filename}"))
sys.addaudithook(watch)
for name in sys.argv[2:]:
    importlib.import_module(name)
    assert not done, f"{name}: {done}"
print("apsw" in sys.modules)
"""


def dotted(paths: Iterable[Path]) -> list[str]:
    names = [path.relative_to(ROOT).with_suffix("").as_posix().replace("/", ".") for path in paths]
    return [name.removesuffix(".__init__") for name in names if not name.endswith("__main__")]


def imported_alone(side: str, names: list[str], folder: Path) -> str:
    """Import the modules in a fresh process of an empty folder; tells whether apsw is loaded afterwards."""
    environment = {
        "PATH": "/usr/bin:/bin",
        "PYTHONPATH": str(ROOT),
        "PYTHONDONTWRITEBYTECODE": "1",
        "HOME": str(folder),
    }
    answer = subprocess.run(
        [sys.executable, "-c", IMPORT_ALL, side, *names],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert answer.returncode == 0, answer.stderr
    assert list(folder.iterdir()) == []
    return answer.stdout.strip()


def test_nothing_connects_opens_or_writes_at_import(tmp_path: Path) -> None:
    names = dotted(modules("mai_core", "api", "routers", "jobs", "nbp_service", "generate_client_env"))
    assert len(names) > 100
    assert imported_alone("core", names, tmp_path) == "True"


def test_the_process_of_the_pages_never_loads_apsw_which_the_sqlite_extension_must_not_meet(tmp_path: Path) -> None:
    names = dotted(modules("app", "pages"))
    assert imported_alone("pages", names, tmp_path) == "False"
