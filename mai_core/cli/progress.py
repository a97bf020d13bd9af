"""How far a long command is, on stderr, so that what it prints can go into a file."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import Progress


@contextmanager
def shown_progress(name: str) -> Iterator[Callable[[int, int], None]]:
    """Give the answer (parts done, parts in all), and a bar is drawn."""
    with Progress(transient=True, console=Console(stderr=True)) as bar:
        task = bar.add_task(name, total=None)

        def tell(done: int, total: int) -> None:
            bar.update(task, completed=done, total=total)

        yield tell
