"""The process rules of ARCHITECTURE.md that can be seen from outside a module, each as one sentence."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from mai_core.errors import MaiError
from mai_core.reports.engine import open_ledger_reader, open_reader

ROOT = Path(__file__).parent.parent


def alone(code: str, folder: Path) -> str:
    """What a fresh process without home and network settings prints."""
    environment = {"PATH": "/usr/bin:/bin", "PYTHONPATH": str(ROOT), "HOME": "/nonexistent"}
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_the_sqlite_extension_is_refused_where_apsw_is_loaded() -> None:
    assert "apsw" in sys.modules
    with pytest.raises(MaiError, match="a second SQLite library must not open the ledger"):
        open_ledger_reader()


def test_the_instance_that_reads_the_ledger_has_one_thread_and_loads_its_extension_offline(tmp_path: Path) -> None:
    code = (
        "from mai_core.reports.engine import open_ledger_reader\n"
        "print(open_ledger_reader().execute(\"SELECT current_setting('threads')\").fetchone()[0])"
    )
    assert alone(code, tmp_path) == "1"


def test_the_instance_that_reads_parquet_never_fetches_an_extension() -> None:
    reader = open_reader()
    try:
        for setting in ("autoinstall_known_extensions", "autoload_known_extensions"):
            assert reader.execute(f"SELECT current_setting('{setting}')").fetchone() == (False,)
    finally:
        reader.close()


def test_installing_an_extension_is_written_nowhere() -> None:
    sources = [path for place in ("mai_core", "pages", "routers", "jobs") for path in (ROOT / place).rglob("*.py")]
    assert [path.name for path in sources if re.search(r"execute\([^)]*INSTALL ", path.read_text())] == []


def test_a_page_file_only_defines_functions() -> None:
    """Streamlit may run a page file by itself, without app.py and so without login: nothing must be drawn by that."""
    drawing = []
    for path in (ROOT / "pages").glob("*.py"):
        for line in path.read_text().splitlines():
            if re.match(r"(st\.|with |for |while |if (?!TYPE_CHECKING))", line):
                drawing.append(f"{path.name}: {line}")
    assert drawing == []


def test_the_pages_give_way_to_the_webhooks() -> None:
    assert re.search(r"^app: .*nice -n 10 ", (ROOT / "Procfile").read_text(), re.MULTILINE)
