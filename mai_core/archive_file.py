"""The format of an archive file: one client's day of events in Parquet, read back exactly. Knows no database.

Rows lie in the order of (time, id): the same events give the same bytes, however they arrived. What another column
says already is left out: amounts that follow from the reported cost and the markup cost nothing, which brings an
event to some 35 bytes.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from mai_core.errors import MaiError
from mai_core.money import divide_half_up
from mai_core.whole_file import digest_of, settle

COLUMNS = (
    "client_org_id", "generation_id", "at_ms", "started_at_ms", "usage_date", "external_user", "model", "provider",
    "input_tokens", "output_tokens", "cached_tokens", "cache_write_tokens", "cache_write_1h_tokens",
    "reasoning_tokens", "audio_tokens", "output_images", "searches", "reported_pusd", "upstream_pusd",
    "estimated_pusd", "priced_pusd", "given_charge_pusd", "raw_pusd", "charged_pusd", "cost_basis", "markup",
    "markup_from", "price_id", "sale_price_id", "is_byok", "cancelled", "streamed", "finish_reason", "session_id",
    "api_key_name", "flags", "source", "field_ranks", "held", "received_at_ms", "updated_at_ms",
)  # fmt: skip
"""Those of `usage_events` without its row number; a test compares."""

TEXT_COLUMNS = frozenset(
    (
        *("client_org_id", "generation_id", "usage_date", "external_user", "model", "provider", "cost_basis", "markup"),
        *("markup_from", "finish_reason", "session_id", "api_key_name", "flags", "source", "field_ranks"),
    )
)
SCHEMA = pa.schema([(name, pa.string() if name in TEXT_COLUMNS else pa.int64()) for name in COLUMNS])

_TIMES = ("at_ms", "started_at_ms", "received_at_ms", "updated_at_ms")
_AMOUNTS = ("reported_pusd", "upstream_pusd", "estimated_pusd", "priced_pusd", "raw_pusd", "charged_pusd")
_WRITING: dict[str, Any] = {
    "compression": "zstd",
    "compression_level": 1,
    "use_dictionary": [name for name in COLUMNS if name not in (*_TIMES, *_AMOUNTS, "generation_id")],
    "column_encoding": {
        "generation_id": "DELTA_BYTE_ARRAY",
        **dict.fromkeys(_TIMES, "DELTA_BINARY_PACKED"),
        **dict.fromkeys(_AMOUNTS, "BYTE_STREAM_SPLIT"),
    },
    "write_statistics": False,
    "store_schema": False,
    "row_group_size": 250_000,
}
_SAFE = 2**62
"""Products below this stay within 64 bits when they are doubled for rounding."""


class ArchiveBroken(MaiError):
    """An archive file is missing or is not what was written."""


def table_of(rows: Sequence[Sequence[Any]]) -> pa.Table:
    """Rows in the order of COLUMNS as a table."""
    columns = zip(*rows, strict=True) if rows else [()] * len(COLUMNS)
    arrays = [pa.array(column, field.type) for column, field in zip(columns, SCHEMA, strict=True)]
    return pa.Table.from_arrays(arrays, schema=SCHEMA)


def write_file(path: Path, table: pa.Table) -> str:
    """Whole or not at all, and on the disk before anybody relies on it. Returns the SHA-256."""
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_suffix(".part")
    pq.write_table(with_distances(table, -1).combine_chunks(), unfinished, **_WRITING)
    digest = digest_of(unfinished)
    settle(unfinished, path)
    return digest


def read_file(path: Path) -> pa.Table:
    """The events of an archive file, in the columns of `usage_events`."""
    try:
        stored = pq.read_table(path)
    except (OSError, pa.ArrowException) as error:
        raise ArchiveBroken(f"the archive {path.name} cannot be read: {error}") from None
    return with_distances(stored, +1)


def with_distances(table: pa.Table, sign: int) -> pa.Table:
    """-1: amounts and the time of change as their distance from what the other columns let one expect; +1: back."""
    base = pc.fill_null(table["reported_pusd"], 0)
    combine = pc.subtract_checked if sign < 0 else pc.add_checked
    raw = combine(table["raw_pusd"], base)
    true_raw = table["raw_pusd"] if sign < 0 else raw
    for name, values in (
        ("priced_pusd", combine(table["priced_pusd"], base)),
        ("raw_pusd", raw),
        ("charged_pusd", combine(table["charged_pusd"], _expected_charge(true_raw, table["markup"]))),
        ("updated_at_ms", combine(table["updated_at_ms"], table["received_at_ms"])),
    ):
        table = table.set_column(table.schema.get_field_index(name), SCHEMA.field(name), values)
    return table


def _expected_charge(raw: pa.ChunkedArray, markup: pa.ChunkedArray) -> pa.Array:
    """raw x markup, rounded half up, as booking does it; whole columns at a time."""
    amounts = raw.to_numpy()
    expected = np.zeros(len(amounts), dtype=np.int64)
    for text in pc.unique(markup).to_pylist():
        numerator, denominator = _fraction(text)
        place = pc.equal(markup, text).to_numpy()
        chosen = amounts[place]
        if len(chosen) and int(np.abs(chosen).max()) * abs(numerator) < _SAFE // 2:
            product = np.abs(chosen) * abs(numerator)
            rounded = (2 * product + denominator) // (2 * denominator)
            expected[place] = np.where((chosen < 0) ^ (numerator < 0), -rounded, rounded)
        else:
            expected[place] = [_within(divide_half_up(int(amount) * numerator, denominator)) for amount in chosen]
    return pa.array(expected, pa.int64())


def _within(amount: int) -> int:
    """What no column could hold is no expectation."""
    return amount if abs(amount) < _SAFE else 0


def _fraction(markup: str) -> tuple[int, int]:
    """The markup as a fraction; a text that is none (a sale price stands there) expects nothing."""
    try:
        return Decimal(markup).as_integer_ratio()
    except (InvalidOperation, ValueError):
        return 0, 1
