"""The ledger's file: safe SQLite only, one writer, migrations that go on where they stopped."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Thread

import apsw
import pytest

from mai_core.clock import Clock
from mai_core.errors import MaiError, StoreUnavailable
from mai_core.store import Store, rows
from mai_core.store.connection import migrate, require_safe_sqlite
from mai_core.store.migrations import MIGRATIONS


def damage(path: Path) -> None:
    """The first page, and so the schema, stays."""
    whole = path.read_bytes()
    path.write_bytes(whole[:4096] + b"\xff" * (len(whole) - 4096))


@pytest.mark.parametrize("version", ["3.40.1", "3.51.2", "3.7.0"])
def test_a_sqlite_that_can_lose_commits_is_refused(version: str) -> None:
    with pytest.raises(MaiError, match=r"can lose committed data .* pip install"):
        require_safe_sqlite(version)


@pytest.mark.parametrize("version", ["3.51.3", "3.54.1", "4.0.0"])
def test_a_fixed_sqlite_is_accepted(version: str) -> None:
    require_safe_sqlite(version)
    assert tuple(int(part) for part in version.split(".")) >= (3, 51, 3)


def test_commits_are_durable_and_references_are_checked(store: Store) -> None:
    with store.read() as db:
        assert rows(db, "PRAGMA journal_mode") == [("wal",)]
        assert rows(db, "PRAGMA synchronous") == [(2,)]
        assert rows(db, "PRAGMA foreign_keys") == [(1,)]


def test_on_a_shared_machine_a_new_ledger_is_the_owners_only(tmp_path: Path) -> None:
    """It holds addresses, password hashes and what things cost us."""
    with Store(tmp_path / "new" / "ledger.db") as store, store.write() as db:
        db.execute("INSERT INTO change_counters VALUES ('test', 1)")
        files = list((tmp_path / "new").iterdir())
        assert {file.name for file in files} == {"ledger.db", "ledger.db-wal", "ledger.db-shm"}
        assert not [file for file in files if file.stat().st_mode & 0o077]


def test_every_table_of_the_ledger_is_strict(store: Store) -> None:
    with store.read() as db:
        loose = rows(
            db, "SELECT name FROM pragma_table_list WHERE type = 'table' AND strict = 0 AND name NOT LIKE 'sqlite_%'"
        )
    assert loose == []


def test_a_failed_write_leaves_nothing(store: Store) -> None:
    def fails() -> None:
        with store.write() as db:
            db.execute("UPDATE change_counters SET value = 99")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fails()
    with store.read() as db:
        assert rows(db, "SELECT value FROM change_counters WHERE name = 'rating'") == [(0,)]


def test_a_read_is_one_snapshot(store: Store) -> None:
    with store.read() as db:
        before = rows(db, "SELECT value FROM change_counters WHERE name = 'rating'")
        with store.write() as writer:
            writer.execute("UPDATE change_counters SET value = 7")
        assert rows(db, "SELECT value FROM change_counters WHERE name = 'rating'") == before
    with store.read() as db:
        assert rows(db, "SELECT value FROM change_counters WHERE name = 'rating'") == [(7,)]


def test_a_thread_that_ends_takes_its_connection_along(store: Store) -> None:
    """The API's pool ends idle threads and starts others, for as long as it runs."""

    def look() -> None:
        with store.read() as db:
            rows(db, "SELECT 1")

    def open_files_after_a_thread() -> int:
        thread = Thread(target=look)
        thread.start()
        thread.join()
        return len(os.listdir("/dev/fd"))

    first = open_files_after_a_thread()
    assert [open_files_after_a_thread() for _ in range(5)] == [first] * 5


def test_a_write_inside_a_write_is_a_mistake_of_the_program(store: Store) -> None:
    with store.write(), pytest.raises(RuntimeError, match="already open"), store.write():
        pass


def test_a_ledger_that_another_process_holds_is_said_to_be_busy(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    store._writer.set_busy_timeout(1)
    other = apsw.Connection(str(store.path))
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(StoreUnavailable, match="cannot be written now"), store.write():
        pass
    other.close()
    with store.write() as db:
        db.execute("UPDATE change_counters SET value = 1")


@pytest.mark.parametrize("stops_after", range(len(MIGRATIONS)))
def test_a_migration_that_is_cut_short_goes_on_at_the_next_start(tmp_path: Path, stops_after: int) -> None:
    db = apsw.Connection(str(tmp_path / "ledger.db"))
    name, _ = MIGRATIONS[stops_after]

    def dies(db: apsw.Connection) -> None:
        db.execute("CREATE TABLE half_done (x INTEGER) STRICT")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        migrate(db, Clock(), (*MIGRATIONS[:stops_after], (name, dies), *MIGRATIONS[stops_after + 1 :]))
    db.close()
    with Store(tmp_path / "ledger.db") as store, store.read() as reader:
        assert rows(reader, "SELECT name FROM schema_migrations ORDER BY name") == [(name,) for name, _ in MIGRATIONS]
        assert rows(reader, "SELECT name FROM sqlite_master WHERE name = 'half_done'") == []


def test_a_database_of_another_program_is_refused_with_the_way_to_bring_it_in(tmp_path: Path) -> None:
    db = apsw.Connection(str(tmp_path / "webui.db"))
    db.execute("CREATE TABLE chat (id TEXT)")
    db.close()
    with pytest.raises(MaiError, match=r"database of another program .*import-legacy"):
        Store(tmp_path / "webui.db")


def test_a_ledger_of_a_newer_version_is_refused(tmp_path: Path) -> None:
    with Store(tmp_path / "ledger.db") as store, store.write() as db:
        db.execute("INSERT INTO schema_migrations VALUES ('999_from_the_future', 0)")
    with pytest.raises(MaiError, match="written by a newer mAI Usage"):
        Store(tmp_path / "ledger.db")


def test_a_file_that_is_no_database_is_refused(tmp_path: Path) -> None:
    (tmp_path / "ledger.db").write_text("this is a text, and long enough to be read as a header " * 20)
    with pytest.raises(MaiError, match="is not a SQLite database"):
        Store(tmp_path / "ledger.db")


def test_a_damaged_ledger_is_said_to_be_so_with_the_way_out(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    Store(path).close()
    damage(path)

    def read_everything() -> None:
        with Store(path) as store, store.read() as db:
            for (table,) in rows(db, "SELECT name FROM sqlite_master WHERE type = 'table'"):
                rows(db, f"SELECT * FROM {table}")

    with pytest.raises(StoreUnavailable, match=r"malformed: .*backup restore"):
        read_everything()


def test_a_folder_in_place_of_the_ledger_is_said(tmp_path: Path) -> None:
    with pytest.raises(StoreUnavailable, match="cannot be opened"):
        Store(tmp_path)


def test_processes_that_make_the_ledger_at_once_all_open_it(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        for number in range(10):
            path = tmp_path / f"{number}.db"
            for opened in list(pool.map(lambda _, path=path: Store(path), range(8))):
                with opened, opened.read() as db:
                    assert len(rows(db, "SELECT name FROM schema_migrations")) == len(MIGRATIONS)
