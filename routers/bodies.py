"""Reading a request's body with limits that hold while it comes in: size before and after gunzip, time, memory."""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import AsyncIterator
from typing import cast

from starlette.types import Receive

from mai_core.intake.parsed import MIB, Headers

SMALL_BODY = 2 * MIB
LARGE_BODIES_AT_ONCE = 2
SECONDS_FOR_SMALL = 30
SECONDS_FOR_KNOWN = 120
"""For a sender who is known, however small the body: it would come no faster when it comes again."""
_SECONDS_FOR_LARGE = 120
_SECONDS_TO_WAIT = 20
_PIECE = 64 * 1024
"""What comes out of gunzip at once: a body that waits for a place among others holds no more than that beyond what it
may, although 32 KB of it may promise 32 MB."""
_MOST_MEMBERS = 1000
"""Of one gzip body. An empty one is 20 bytes, and hundreds of thousands would keep everybody else waiting."""
TINY_BODY = 64 * 1024
STRANGERS_AT_ONCE = 16
"""Bodies over 64 KB of senders whom nobody knows yet: 2 KB of gzip and a connection would cost us 2 MB each."""


class Refused(Exception):
    """An answer that ends the request."""

    def __init__(self, status: int, error: str, headers: Headers | None = None) -> None:
        super().__init__(error)
        self.status = status
        self.error = error
        self.headers = dict(headers or {})


TOO_LARGE = "the body is too large"
TOO_SLOW = "the body came too slowly"


def _no_place() -> Refused:
    return Refused(503, "other large bodies are being read; try again", {"retry-after": "10"})


class LargeBodies:
    """Lets two bodies over 2 MB be held at once; small ones never wait. Of senders who are known only once their whole
    body was read (signatures) there is one at a time, so that strangers cannot take both places."""

    def __init__(self) -> None:
        self._free = asyncio.Semaphore(LARGE_BODIES_AT_ONCE)
        self._free_for_strangers = asyncio.Semaphore(LARGE_BODIES_AT_ONCE - 1)
        self._strangers = asyncio.Semaphore(STRANGERS_AT_ONCE)

    async def enter_stranger(self) -> None:
        try:
            async with asyncio.timeout(_SECONDS_TO_WAIT):
                await self._strangers.acquire()
        except TimeoutError:
            raise _no_place() from None

    def leave_stranger(self) -> None:
        self._strangers.release()

    async def enter(self, *, stranger: bool = False) -> None:
        try:
            async with asyncio.timeout(_SECONDS_TO_WAIT):
                if stranger:
                    await self._free_for_strangers.acquire()
                try:
                    await self._free.acquire()
                except BaseException:
                    if stranger:
                        self._free_for_strangers.release()
                    raise
        except TimeoutError:
            raise _no_place() from None

    def leave(self, *, stranger: bool = False) -> None:
        self._free.release()
        if stranger:
            self._free_for_strangers.release()


class IncomingBody:
    """One request's body. `close` gives its place among the large ones back."""

    def __init__(self, receive: Receive, headers: Headers, limit: int, large_bodies: LargeBodies) -> None:
        self._receive = receive
        self._headers = headers
        self._limit = limit
        self._large_bodies = large_bodies
        self.is_large = False
        self._is_strangers = False
        self._has_strangers_place = False

    async def read(self, *, stranger: bool = False) -> bytes:
        self._is_strangers = stranger
        encoding = self._headers.get("content-encoding", "identity").strip().lower()
        if encoding not in ("identity", "gzip"):
            raise Refused(415, "content-encoding must be gzip or absent")
        announced = self._headers.get("content-length", "0")
        if announced.isdigit() and int(announced) > self._limit:
            raise Refused(413, TOO_LARGE)
        chunks = self._chunks()
        try:
            async with asyncio.timeout(SECONDS_FOR_SMALL if stranger else SECONDS_FOR_KNOWN) as deadline:
                whole: bytes | bytearray = b""
                async for chunk in _gunzipped(chunks, self._limit) if encoding == "gzip" else chunks:
                    if not whole:
                        whole = chunk
                    elif isinstance(whole, bytearray):
                        whole += chunk
                    else:
                        whole = bytearray(whole + chunk)
                    if len(whole) > self._limit:
                        raise Refused(413, TOO_LARGE)
                    if stranger and len(whole) > TINY_BODY and not self._has_strangers_place:
                        await self._large_bodies.enter_stranger()
                        self._has_strangers_place = True
                    if len(whole) > SMALL_BODY and not self.is_large:
                        deadline.reschedule(asyncio.get_running_loop().time() + _SECONDS_FOR_LARGE)
                        await self._large_bodies.enter(stranger=stranger)
                        self.is_large = True
                # A bytearray reads like bytes; a copy for the sake of the type would hold 32 MB twice.
                return cast(bytes, whole)
        except TimeoutError:
            raise Refused(408, TOO_SLOW, {"connection": "close"}) from None

    def close(self) -> None:
        if self.is_large:
            self.is_large = False
            self._large_bodies.leave(stranger=self._is_strangers)
        if self._has_strangers_place:
            self._has_strangers_place = False
            self._large_bodies.leave_stranger()

    async def _chunks(self) -> AsyncIterator[bytes]:
        while True:
            message = await self._receive()
            if message["type"] == "http.disconnect":
                raise Refused(400, "the client went away")
            chunk = message.get("body", b"")
            if chunk:
                yield chunk
            if not message.get("more_body"):
                return


async def _gunzipped(chunks: AsyncIterator[bytes], limit: int) -> AsyncIterator[bytes]:
    """Never produces more than the limit and one byte, whatever the compressed bytes promise, and never takes more than
    what a body of that size may be packed in."""
    decoder = zlib.decompressobj(wbits=31)
    taken, produced, members = 0, 0, 1
    async for chunk in chunks:
        rest = chunk
        taken += len(chunk)
        if taken > limit + _PIECE:
            raise Refused(413, TOO_LARGE)
        while rest:
            if decoder.eof:
                decoder = zlib.decompressobj(wbits=31)
                members += 1
                if members > _MOST_MEMBERS:
                    raise Refused(400, "the gzip body has too many parts")
            try:
                piece = decoder.decompress(rest, min(_PIECE, limit + 1 - produced))
            except zlib.error:
                raise Refused(400, "the body is not gzip") from None
            produced += len(piece)
            if produced > limit:
                raise Refused(413, TOO_LARGE)
            yield piece
            rest = decoder.unused_data if decoder.eof else decoder.unconsumed_tail
    if not decoder.eof:
        raise Refused(400, "the gzip body is cut off")
