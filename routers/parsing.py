"""Bodies that take long to parse are parsed by a process beside this one, so that nobody else waits for them."""

from __future__ import annotations

import asyncio
import logging
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from msgspec.structs import replace

from mai_core.errors import StoreUnavailable
from mai_core.intake.parsed import Headers, Parsed, Source
from mai_core.intake.parsing_worker import Asked, packed, parsed_from, question, receive, send
from mai_core.rating_book import RatingBook
from routers.bodies import SMALL_BODY

log = logging.getLogger(__name__)

LARGEST_IN_THE_LOOP = 64 * 1024
_IN_FLIGHT = 2
"""One is parsed, the next one waits in the pipe."""
_MOST_SECONDS = 120
_BUFFER = 1024 * 1024
"""A batch goes into the socket at once."""
_ROOT = Path(__file__).resolve().parent.parent


class Parser:
    """Small bodies at once; of the others those of ordinary batches never wait for the really large ones, nor for those
    of strangers, which are parsed to see whose they are."""

    def __init__(self, rating_book: Callable[[], RatingBook | None] = lambda: None) -> None:
        """`rating_book` tells which one is in force, as far as is known: events of batches are drafted with it."""
        self._batches = ParsingProcess()
        self._large = ParsingProcess()
        self._strangers = ParsingProcess(in_flight=1)
        self._rating_book = rating_book

    async def parse(
        self,
        source: Source,
        body: bytes,
        headers: Headers,
        received_at_ms: int = 0,
        client_org_id: str | None = None,
        *,
        stranger: bool = False,
    ) -> Parsed:
        if len(body) <= LARGEST_IN_THE_LOOP:
            return source.parse(body, headers)
        asked = Asked(source.name, dict(headers), received_at_ms, client_org_id)
        if stranger:
            return await self._strangers.parse(asked, body, None)
        if len(body) <= SMALL_BODY:
            return await self._batches.parse(asked, body, self._rating_book())
        return await self._large.parse(asked, body, None)

    def close(self) -> None:
        self._batches.close()
        self._large.close()
        self._strangers.close()


class ParsingProcess:
    """Starts when it is first needed, and anew when it has gone."""

    def __init__(self, in_flight: int = _IN_FLIGHT) -> None:
        self._threads = ThreadPoolExecutor(in_flight, thread_name_prefix="parsing")
        self._sending = threading.Lock()
        self._receiving = threading.Lock()
        self._conversation: _Conversation | None = None

    async def parse(self, asked: Asked, body: bytes, book: RatingBook | None) -> Parsed:
        return await asyncio.get_running_loop().run_in_executor(self._threads, self._ask, asked, body, book)

    def close(self) -> None:
        self._threads.shutdown(cancel_futures=True)
        if self._conversation is not None:
            self._conversation.end()

    def _ask(self, asked: Asked, body: bytes, book: RatingBook | None) -> Parsed:
        """Parsing changes nothing, so a process that went away is asked once more in its successor."""
        try:
            told = self._answer(asked, body, book)
        except OSError:
            log.warning("the process that parses bodies went away; another one takes its place")
            try:
                told = self._answer(asked, body, book)
            except OSError as error:
                log.error("a body of %d bytes was not parsed: its process went away twice", len(body))
                raise StoreUnavailable("the body could not be read now; try again") from error
        return parsed_from(told)

    def _answer(self, asked: Asked, body: bytes, book: RatingBook | None) -> bytes:
        """Answers come in the order of the questions, so whoever has asked is the next to listen."""
        with self._sending:
            conversation = self._conversation = self._conversation or _begin()
            with self._ends_when_broken(conversation):
                send(conversation.wire, conversation.question(asked, book), body)
            self._receiving.acquire()
        try:
            with self._ends_when_broken(conversation):
                return receive(conversation.incoming)[0]
        finally:
            self._receiving.release()

    @contextmanager
    def _ends_when_broken(self, conversation: _Conversation) -> Iterator[None]:
        try:
            yield
        except OSError:
            conversation.end()
            if self._conversation is conversation:
                self._conversation = None
            raise


@dataclass(slots=True)
class _Conversation:
    process: subprocess.Popen[bytes]
    wire: socket.socket
    incoming: BinaryIO
    told_book: RatingBook | None = None

    def question(self, asked: Asked, book: RatingBook | None) -> bytes:
        if book is not None and book is not self.told_book:
            asked = replace(asked, new_book=packed(book))
            self.told_book = book
        return question(asked)

    def end(self) -> None:
        """Whoever still listens reads the end; the files close when nobody holds them."""
        with suppress(OSError):
            self.wire.shutdown(socket.SHUT_RDWR)
        self.process.kill()
        self.process.wait()


def _begin() -> _Conversation:
    ours, theirs = socket.socketpair()
    with theirs:
        ours.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _BUFFER)
        ours.settimeout(_MOST_SECONDS)
        process = subprocess.Popen(
            [sys.executable, "-m", "mai_core.intake.parsing_worker"],
            stdin=theirs.fileno(),
            stdout=subprocess.DEVNULL,
            cwd=_ROOT,
            env={"LANG": "C.UTF-8", "PATH": os.defpath},
            start_new_session=True,
        )
    return _Conversation(process, ours, ours.makefile("rb"))
