"""What can be asked of an export, and its columns."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import pyarrow as pa

from mai_core.errors import BadValue

FORMATS = ("csv", "xlsx", "parquet", "focus")
_SUFFIXES = {"csv": "csv", "xlsx": "xlsx", "parquet": "parquet", "focus": "csv"}

AMOUNT = pa.decimal128(38, 12)

_KEY_COLUMNS: dict[str, dict[str, pa.DataType]] = {
    "client": {"client_org_id": pa.string()},
    "month": {"month": pa.string()},
    "day": {"day": pa.date32()},
    "user": {"user_id": pa.string(), "user_name": pa.string(), "department": pa.string()},
    "department": {"department": pa.string()},
    "model": {"model": pa.string()},
    "provider": {"provider": pa.string()},
}
KEYS = tuple(_KEY_COLUMNS)

_MEASURES: dict[str, pa.DataType] = {
    "requests": pa.int64(),
    "input_tokens": pa.int64(),
    "output_tokens": pa.int64(),
    "cached_tokens": pa.int64(),
    "reasoning_tokens": pa.int64(),
    "charged_usd": AMOUNT,
    "charged_pln": AMOUNT,
    "rate_table": pa.string(),
    "provisional": pa.bool_(),
}
LINK = "explain_url"


@dataclass(frozen=True, slots=True)
class ExportRequest:
    start: date
    end: date
    client: str | None = None
    by: tuple[str, ...] = ("day", "user", "model")
    format: str = "csv"
    semicolon: bool = False
    decimal_comma: bool = False
    bom: bool = True
    links: str = ""
    """Address of the pages: adds a column with a permanent link to each row's explanation."""
    models: tuple[str, ...] = ()
    people: tuple[str, ...] = ()
    departments: tuple[str, ...] = ()
    providers: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.format not in FORMATS:
            raise BadValue("format", f"{self.format[:20]!r} is none of {', '.join(FORMATS)}")
        for key in self.by:
            if key not in KEYS:
                raise BadValue("by", f"{key[:20]!r} is none of {', '.join(KEYS)}")
        if self.end < self.start:
            raise BadValue("to", f"{self.end} is before {self.start}")
        if self.decimal_comma and not self.semicolon:
            raise BadValue("decimal_comma", "needs ';' between columns")
        if self.links and self.format == "focus":
            raise BadValue("links", "are no part of FOCUS")

    @property
    def keys(self) -> tuple[str, ...]:
        """In column order. The client is always told; FOCUS needs every key."""
        if self.format == "focus":
            return ("client", "day", "user", "model", "provider")
        return tuple(key for key in KEYS if key in self.by or key == "client")

    @property
    def has_days(self) -> bool:
        return "day" in self.keys or "month" in self.keys


def links_to(address: str, asked: bool | None, format: str) -> str:
    """For `ExportRequest.links`: what people open as a sheet has links unless they asked for none."""
    wanted = format in ("csv", "xlsx") if asked is None else asked
    return address if wanted else ""


def parse_by(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(",") if part.strip())


def columns_of(request: ExportRequest) -> dict[str, pa.DataType]:
    columns: dict[str, pa.DataType] = {}
    for key in request.keys:
        columns.update(_KEY_COLUMNS[key])
    columns.update(_MEASURES)
    if request.links:
        columns[LINK] = pa.string()
    return columns


def suffix_of(request: ExportRequest) -> str:
    return _SUFFIXES[request.format]
