"""How the contract's callers reach an installation, and how a refusal becomes the answer they expect."""

from __future__ import annotations

import functools
import inspect
import logging
import threading
from collections.abc import Callable
from typing import Any, ParamSpec, TypeVar, cast

from mai_core.errors import MaiError, StoreUnavailable
from mai_core.installation import Installation, open_installation
from mai_core.rating_book import RatingBook
from mai_core.settings import load_settings
from mai_core.store import Db, rating_books

log = logging.getLogger("mai_core.organization_usage")

P = ParamSpec("P")
T = TypeVar("T")

_opened: list[Installation] = []
_opening = threading.Lock()
_books: list[RatingBook] = []


def installation() -> Installation:
    """The installation of this environment, opened at the first call and never at import."""
    with _opening:
        if not _opened:
            _opened.append(open_installation(load_settings()))
        return _opened[0]


def use_installation(given: Installation | None) -> None:
    """Work on an installation that is open already; None: open the environment's own at the next call."""
    with _opening:
        _opened[:] = [] if given is None else [given]
        _books.clear()


def rating_book(db: Db) -> RatingBook:
    """The agreements in force; read again only when one was changed."""
    book = rating_books.current(db, installation().settings, _books[0] if _books else None)
    _books[:] = [book]
    return book


def answers(refusal: Callable[[], Any]) -> Callable[[Callable[P, T]], Callable[P, T]]:
    """Bad values never raise: one line in the log names field and reason, and the caller gets `refusal()`.

    A ledger that cannot be read or written raises: 'not processed' would be a lie that bills twice.
    """

    def decorate(call: Callable[P, T]) -> Callable[P, T]:
        @functools.wraps(call)
        def guarded(*args: P.args, **kwargs: P.kwargs) -> T:
            try:
                return call(*args, **kwargs)
            except StoreUnavailable:
                raise
            except MaiError as error:
                _log_refusal(call.__name__, error)
                return refusal()  # type: ignore[no-any-return]

        return guarded

    return decorate


def answers_async(refusal: Callable[[], Any]) -> Callable[[Callable[P, Any]], Callable[P, Any]]:
    """The same for a coroutine function."""

    def decorate(call: Callable[P, Any]) -> Callable[P, Any]:
        @functools.wraps(call)
        async def guarded(*args: P.args, **kwargs: P.kwargs) -> Any:
            try:
                return await call(*args, **kwargs)
            except StoreUnavailable:
                raise
            except MaiError as error:
                _log_refusal(call.__name__, error)
                return refusal()

        assert inspect.iscoroutinefunction(guarded)
        return cast("Callable[P, Any]", guarded)

    return decorate


def _log_refusal(name: str, error: MaiError) -> None:
    log.warning("%s refused: %s", name, str(error).replace("\n", " "))
