"""SQLite, and nothing else of the product, lives here. `Store` opens the ledger; the other modules are its
named operations: plain functions whose first argument is the connection of an open transaction.
"""

from mai_core.store.connection import Db, Store, dicts, rows, savepoint, sqlite_version

__all__ = ["Db", "Store", "dicts", "rows", "savepoint", "sqlite_version"]
