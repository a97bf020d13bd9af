"""Parses bodies for another process: a body comes in on the socket that is standard input, what it says goes out,
with drafts of the event rows that this makes.

`python -m mai_core.intake.parsing_worker` knows no settings, no ledger and no secret, only the rating book that it is
sent. It ends when its parent does.
"""

from __future__ import annotations

import gc
import pickle
import socket
import struct
import sys
import traceback
from typing import Any, BinaryIO

import msgspec

from mai_core.allocator import give_large_buffers_back
from mai_core.intake import exact_json
from mai_core.intake.drafts import MOST_DRAFTED, Drafts, drafts_of
from mai_core.intake.exact_json import Unreadable
from mai_core.intake.parsed import Parsed, Refusal, TurnWitness
from mai_core.intake.sources import SOURCES
from mai_core.model import Observation
from mai_core.rating_book import RatingBook

_LENGTHS = struct.Struct("!QQ")


class Asked(msgspec.Struct, array_like=True):
    """What goes before a body."""

    source: str
    headers: dict[str, str]
    received_at_ms: int = 0
    client_org_id: str | None = None
    """The credential's client; None: it carries many."""
    new_book: bytes | None = None
    """Told when it is another one than at the question before."""


class _Told(msgspec.Struct, array_like=True):
    """`Parsed` on its way. Refused items are JSON, which keeps numbers as they were written."""

    observations: list[Observation]
    positions: list[int]
    refusals: list[tuple[int, str, str, bytes]]
    witnesses: list[TurnWitness]
    ignored: int
    api_key: str | None
    drafts: Drafts | None = None
    unreadable: tuple[str, str] | None = None
    fault: str | None = None
    """What a parser that failed would have said in the log."""


class ParserFault(Exception):
    """A fault of ours: the type of the error and where it arose."""


_ASKED = msgspec.msgpack.Decoder(Asked)
_TOLD = msgspec.msgpack.Decoder(_Told)
_ENCODE = msgspec.msgpack.Encoder().encode


def send(wire: socket.socket, head: bytes, body: Any = b"") -> None:
    wire.sendall(_LENGTHS.pack(len(head), len(body)) + head)
    if body:
        wire.sendall(body)


def receive(incoming: BinaryIO) -> tuple[bytes, bytes]:
    """Raises ConnectionError when the other side is gone."""
    head, body = _LENGTHS.unpack(_exactly(incoming, _LENGTHS.size))
    return _exactly(incoming, head), _exactly(incoming, body)


def _exactly(incoming: BinaryIO, size: int) -> bytes:
    read = incoming.read(size)
    if len(read) != size:
        raise ConnectionResetError("the other side is gone")
    return read


def question(asked: Asked) -> bytes:
    return _ENCODE(asked)


def packed(book: RatingBook) -> bytes:
    return pickle.dumps(book)


def answer(asked: Asked, body: bytes, book: RatingBook | None = None) -> bytes:
    """What the source makes of the body, as bytes."""
    try:
        parsed = SOURCES[asked.source].parse(body, asked.headers)
        told = _Told(
            parsed.observations,
            parsed.positions,
            [(one.index, one.code, one.reason, exact_json.encode(one.item)) for one in parsed.refusals],
            parsed.witnesses,
            parsed.ignored,
            parsed.api_key,
        )
        if book is not None and len(parsed.observations) <= MOST_DRAFTED:
            told.drafts = drafts_of(book, asked.client_org_id, asked.received_at_ms, parsed.observations)
        return _encoded(told)
    except Unreadable as error:
        return _ENCODE(_nothing(unreadable=(error.code, str(error))))
    except Exception as error:
        return _ENCODE(_nothing(fault=where(error)))


def _encoded(told: _Told) -> bytes:
    try:
        return _ENCODE(told)
    except OverflowError:  # a draft with an amount that the ledger cannot hold either: it says so itself
        told.drafts = None
        return _ENCODE(told)


def _nothing(**why: Any) -> _Told:
    return _Told([], [], [], [], 0, None, **why)


def where(error: Exception) -> str:
    """The message may hold a part of the body; this does not."""
    place = traceback.extract_tb(error.__traceback__)[-1]
    return f"{type(error).__name__} at {place.name}:{place.lineno}"


def parsed_from(told: bytes) -> Parsed:
    """The counterpart of `answer`; raises what parsing raised."""
    read = _TOLD.decode(told)
    if read.unreadable is not None:
        raise Unreadable(*read.unreadable)
    if read.fault is not None:
        raise ParserFault(read.fault)
    return Parsed(
        read.observations,
        read.positions,
        [Refusal(index, code, reason, exact_json.decode(item)) for index, code, reason, item in read.refusals],
        read.witnesses,
        read.ignored,
        read.api_key,
        read.drafts,
    )


def main() -> None:
    with socket.socket(fileno=sys.stdin.fileno()) as wire, wire.makefile("rb") as incoming:
        give_large_buffers_back()
        gc.freeze()
        book = None
        while True:
            try:
                head, body = receive(incoming)
                asked = _ASKED.decode(head)
                if asked.new_book is not None:
                    book = pickle.loads(asked.new_book)
                send(wire, answer(asked, body, book))
            except ConnectionError:
                return


if __name__ == "__main__":
    main()
