"""Files of old events: read in pieces, booked in transactions of a thousand, the archive asked about each."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any, TextIO

from mai_core.errors import MaiError
from mai_core.installation import Installation, named_client
from mai_core.intake import exact_json
from mai_core.intake.delivery import Delivery, Problem
from mai_core.intake.desk import Desk
from mai_core.intake.exact_json import Unreadable
from mai_core.intake.items import Reader, parse_items
from mai_core.intake.parsed import Source
from mai_core.intake.sources import activity_csv, cloudevents
from mai_core.model import Observation
from mai_core.store import clients

AT_ONCE = 1_000

Progress = Callable[["Imported"], None]


@dataclass(slots=True)
class Imported:
    """What became of a file so far; problems name lines of it, the first is 1."""

    lines: int = 0
    new: int = 0
    changed: int = 0
    known: int = 0
    refused: list[Problem] = field(default_factory=list)
    quarantined: int = 0


def import_csv(installation: Installation, path: Path, client: str | None, progress: Progress) -> Imported:
    """OpenRouter's activity export."""
    with _opened(path) as file:
        rows = activity_csv.rows_of(file)
        return _import(installation, activity_csv.SOURCE, activity_csv.read_row, rows, client, progress)


def import_events(installation: Installation, path: Path, client: str | None, progress: Progress) -> Imported:
    """CloudEvents, one per line."""
    with _opened(path) as file:
        lines = ((number, line) for number, line in enumerate(file, 1) if line.strip())
        return _import(installation, cloudevents.SOURCE, _read_line, lines, client, progress)


def _read_line(item: dict[str, Any]) -> Observation:
    return cloudevents.read_event(item)


@contextmanager
def _opened(path: Path) -> Iterator[TextIO]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            yield file
    except OSError as error:
        raise MaiError(f"{path} cannot be opened: {error.strerror}") from None
    except UnicodeDecodeError:
        raise MaiError(f"{path} is not UTF-8 text; what came before the broken line is imported") from None
    except csv.Error as error:
        raise MaiError(f"{path} is not CSV ({error}); what came before the broken line is imported") from None


def _import(
    installation: Installation,
    source: Source,
    read: Reader,
    numbered: Iterable[tuple[int, Any]],
    client: str | None,
    progress: Progress,
) -> Imported:
    home = named_client(installation.settings)
    client = client or (home[0] if home else None)
    if client is not None:
        with installation.store.read() as db:
            clients.require(db, client)
    imported, desk = Imported(), Desk(installation)
    for piece in _pieces(numbered):
        parsed = parse_items(_decoded(item for _, item in piece), read)
        delivery = Delivery(source, client, parsed, installation.now_ms(), historical=True)
        receipt = desk.deliver([delivery])[0]
        imported.refused += [Problem(piece[one.index][0], one.code, one.reason) for one in parsed.refusals]
        imported.lines += len(piece)
        imported.new += receipt.new
        imported.changed += receipt.changed
        imported.known += receipt.duplicates
        imported.quarantined += len(receipt.quarantined)
        progress(imported)
    return imported


def _pieces(numbered: Iterable[tuple[int, Any]]) -> Iterator[list[tuple[int, Any]]]:
    source = iter(numbered)
    while piece := list(islice(source, AT_ONCE)):
        yield piece


def _decoded(piece: Iterable[Any]) -> Iterator[Any]:
    """Lines of JSON become objects; a line that is no JSON becomes something that is refused by itself."""
    for item in piece:
        if not isinstance(item, str):
            yield item
            continue
        try:
            yield exact_json.decode(item.encode("utf-8", "surrogatepass"))
        except Unreadable:
            yield None
