"""Names of others inside sentences of ours: a mark that turns the writing would turn the amount beside it, too."""

from __future__ import annotations

_TURNING = dict.fromkeys([0x61C, 0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A)])


def undirected(text: str) -> str:
    """Without the invisible marks for direction; letters that are written from the right keep their own."""
    return text.translate(_TURNING)


def one_line(text: str) -> str:
    return " ".join(text.split())
