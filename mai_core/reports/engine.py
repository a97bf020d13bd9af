"""The DuckDB instances. L (one thread) reads the ledger's file; R (all threads) reads Parquet and unites.

With more than one thread DuckDB reads torn sums from a SQLite file that is being written, and `threads` belongs to a
whole instance: hence two, and R once more with one thread, for small questions of many people. A connection is never
shared between threads: `.cursor()` per use.
"""

from __future__ import annotations

import importlib.resources
import sys
from datetime import date
from pathlib import Path
from typing import Any

import duckdb

from mai_core.errors import MaiError

Connection = duckdb.DuckDBPyConnection
DuckDBError = duckdb.Error
OutOfRange = duckdb.ConversionException
"""What a cast raises when the number is too large for its new type."""
DAMAGE_ERRORS = (
    duckdb.IOException,
    duckdb.InvalidInputException,
    duckdb.SerializationException,
    duckdb.InternalException,
)
"""What DuckDB raises on a Parquet file that is missing, cut short or overwritten."""

_CLOSED = {"autoinstall_known_extensions": False, "autoload_known_extensions": False}

# A sum that is NULL when one of its parts is unknown: an amount without a rate must not look like a smaller amount.
# What 64 bits do not hold counts as unknown too: one absurd amount must not take every page of everybody down.
# in_pln multiplies halves of six digits while 64 bits hold the products: eleven times as fast as with 128 bits.
_MACROS = """
CREATE MACRO whole_sum(x) AS CASE WHEN count(x) = count(*) THEN sum(x) END;
CREATE MACRO cross_terms(units, rate) AS (units // 1000000) * (rate % 1000000) + (units % 1000000) * (rate // 1000000);
CREATE MACRO in_pln_of_small(units, rate) AS
    (units // 1000000) * (rate // 1000000) + cross_terms(units, rate) // 1000000
    + (cross_terms(units, rate) % 1000000 * 1000000 + (units % 1000000) * (rate % 1000000) + 500000000000)
    // 1000000000000;
CREATE MACRO in_pln(units, rate_units) AS CASE
    WHEN units BETWEEN -1000000000000000 AND 1000000000000000 AND rate_units BETWEEN 0 AND 100000000000000
    THEN sign(units) * in_pln_of_small(abs(units)::BIGINT, rate_units)
    ELSE sign(units)::HUGEINT * ((abs(units::HUGEINT) * rate_units + 500000000000) // 1000000000000)
END;
CREATE MACRO rate_units(rate) AS (rate::DECIMAL(24, 12) * 1000000000000::DECIMAL(13, 0))::BIGINT;
CREATE MACRO per_unit(amount, number, units) AS
    TRY_CAST(
        sign(amount)::HUGEINT * ((2 * abs(amount::HUGEINT) * units + number) // (2 * nullif(number, 0))) AS BIGINT
    );
CREATE MACRO share(part, whole) AS part::DOUBLE / nullif(whole, 0)::DOUBLE;
"""


def open_reader(spill_folder: Path | None = None, *, sparing: bool = False, one_thread: bool = False) -> Connection:
    """Instance R; a sparing one, for work that reads everything once, keeps no files in memory."""
    config: dict[str, Any] = dict(_CLOSED)
    if one_thread:
        config["threads"] = 1
    if sparing:
        config |= {"memory_limit": "128MB", "enable_external_file_cache": False, "threads": 1}
    if spill_folder is not None:
        config["temp_directory"] = str(spill_folder)
    connection = duckdb.connect(":memory:", config=config)
    connection.execute(f"SET GLOBAL parquet_metadata_cache = {not sparing}")
    connection.execute(_MACROS)
    return connection


def open_ledger_reader() -> Connection:
    """Instance L. Two SQLite libraries on one file in one process drop each other's locks, hence the refusal."""
    if "apsw" in sys.modules:
        raise MaiError(
            "this process has loaded apsw: a second SQLite library must not open the ledger beside it. "
            "Use Reporting.of_store here."
        )
    connection = duckdb.connect(":memory:", config={**_CLOSED, "threads": 1})
    load_extension(connection, "sqlite_scanner")
    return connection


def load_extension(connection: Connection, name: str) -> None:
    """From its wheel, by path: INSTALL would write to the home folder, or download."""
    try:
        package = importlib.resources.files(f"duckdb_extension_{name}")
    except ModuleNotFoundError:
        raise MaiError(
            f"the package duckdb-extension-{name.replace('_', '-')} is missing: pip install -r requirements.txt"
        ) from None
    file = package / "extensions" / f"v{duckdb.__version__}" / f"{name}.duckdb_extension"
    connection.execute(f"LOAD {literal(str(file))}")


def literal(value: str | int | date) -> str:
    """A value inside SQL text, for the places where parameters cannot be bound (views, sqlite_query)."""
    if isinstance(value, int):
        return str(value)
    return "'" + str(value).replace("'", "''").replace("\0", "") + "'"


def literals(values: Any) -> str:
    return ", ".join(literal(value) for value in values)
