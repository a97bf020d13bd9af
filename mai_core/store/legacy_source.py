"""Another program's SQLite file, opened read-only: an existing mAI database, or Open WebUI's own."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

import apsw

from mai_core.errors import MaiError
from mai_core.store.connection import BUSY_TIMEOUT_MS, Db


class LegacySource:
    """One snapshot of the file: every read sees the same state, whatever its owner writes meanwhile."""

    def __init__(self, path: Path, db: Db) -> None:
        self.path = path
        self._db = db
        names = db.execute("SELECT name FROM sqlite_master WHERE type IN ('table', 'view')").fetchall()
        self.tables = frozenset(str(name) for (name,) in names)

    def columns(self, table: str) -> frozenset[str]:
        return frozenset(str(name) for (name,) in self._db.execute("SELECT name FROM pragma_table_info(?)", (table,)))

    def rows(
        self, table: str, columns: Sequence[str], where: str = "1", bindings: Sequence[Any] = ()
    ) -> Iterator[dict[str, Any]]:
        """Rows with the columns asked for; one that this version of the table lacks is None.

        Names are quoted, because a bare `current_date` would be today and not the column.
        """
        if table not in self.tables:
            return
        present = self.columns(table)
        selected = ", ".join(f'"{name}"' if name in present else "NULL" for name in columns)
        for row in self._db.cursor().execute(f'SELECT {selected} FROM "{table}" WHERE {where}', bindings):
            yield dict(zip(columns, row, strict=True))

    def count(self, table: str) -> int:
        if table not in self.tables:
            return 0
        for (number,) in self._db.execute(f'SELECT count(*) FROM "{table}"'):
            return int(str(number))
        return 0


@contextmanager
def opened(path: Path) -> Iterator[LegacySource]:
    if not path.is_file():
        raise MaiError(f"{path} is not there")
    db = _connect(path)
    try:
        db.execute("BEGIN")
        yield LegacySource(path, db)
    except (apsw.NotADBError, apsw.CorruptError) as error:
        raise MaiError(f"{path} cannot be read as a SQLite database: {error}") from None
    finally:
        db.close()


def _connect(path: Path) -> Db:
    flags = apsw.SQLITE_OPEN_READONLY | apsw.SQLITE_OPEN_URI
    address = f"file:{quote(str(path.absolute()))}?mode=ro"
    db = apsw.Connection(address, flags)
    try:
        db.set_busy_timeout(BUSY_TIMEOUT_MS)
        db.execute("SELECT count(*) FROM sqlite_master").fetchall()
    except apsw.CantOpenError:
        db.close()
        if path.with_name(f"{path.name}-wal").exists():
            raise MaiError(f"{path} is in use and its folder is read-only: import from a copy") from None
        # Write-ahead mode wants to make a file beside it; without a log there is nothing that it could miss.
        return apsw.Connection(f"{address}&immutable=1", flags)
    except apsw.NotADBError:
        db.close()
        raise MaiError(f"{path} is not a SQLite database") from None
    return db
