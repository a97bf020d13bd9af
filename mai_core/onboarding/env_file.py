"""A `.env` that python-dotenv, a POSIX shell (`. ./.env`) and docker compose read alike, whatever a value says.

The three agree on less than one thinks. In single quotes python-dotenv expands `${X}` and takes two backslashes for
one, the others do not; and a shell's single quotes cannot hold a single quote. In double quotes a shell needs a
backslash before `$` and the backtick, where python-dotenv keeps the backslash. All three expand `${X}` in double
quotes from lines above, once: so a dollar sign that needs double quotes comes from a variable of its own.
"""

from __future__ import annotations

import contextlib
import os
import re
import tempfile
from collections.abc import Mapping
from pathlib import Path

from dotenv import dotenv_values

from mai_core.errors import BadValue

_PLAIN = re.compile(r"[A-Za-z0-9_./:@%+,=-]+")
_NAME = re.compile(r"[A-Z][A-Z0-9_]*")

DOLLAR, BACKTICK = "MAI_DOLLAR", "MAI_BACKTICK"

_HELPERS = {"$": (DOLLAR, "'$'"), "`": (BACKTICK, "'`'")}


def quoted(value: str, field: str = "value") -> str:
    """The right-hand side of a line."""
    require_one_line(value, field)
    if _PLAIN.fullmatch(value):
        return value
    if not ({"'", "\\"} & set(value) or "${" in value):
        return f"'{value}'"
    return '"' + "".join(_in_double_quotes(character) for character in value) + '"'


def _in_double_quotes(character: str) -> str:
    if character in _HELPERS:
        return f"${{{_HELPERS[character][0]}}}"
    return f"\\{character}" if character in '\\"' else character


def require_one_line(value: str, field: str) -> None:
    """A line break would become a second setting; control characters are read differently by every reader."""
    if any(ord(character) < 32 or ord(character) in (127, 0x85, 0x2028, 0x2029) for character in value):
        raise BadValue(field, "has a line break or another control character")
    try:
        value.encode()
    except UnicodeEncodeError:
        raise BadValue(field, "is not valid text") from None


def rendered(sections: Mapping[str, Mapping[str, str]]) -> str:
    """The whole file: a comment above each group of settings."""
    lines: list[str] = []
    for title, values in sections.items():
        lines += ["", f"# {title}"]
        for name, value in values.items():
            if not _NAME.fullmatch(name):
                raise BadValue("name", f"{name!r} is not a variable's name")
            lines.append(f"{name}={quoted(value, name)}")
    body = "\n".join(lines)
    helpers = [f"{name}={text}" for name, text in _HELPERS.values() if f"${{{name}}}" in body]
    head = ["# Settings of one mAI Usage container. Holds secrets: keep its mode at 600."]
    if helpers:
        head += ["# The characters below cannot be quoted alike for every reader of this file.", *helpers]
    return "\n".join(head) + "\n" + body + "\n"


def read(path: Path) -> dict[str, str]:
    """What stands in the file, the quoting helpers aside."""
    if not path.is_file():
        return {}
    found = dotenv_values(path)
    return {name: value or "" for name, value in found.items() if name not in (DOLLAR, BACKTICK)}


def write(path: Path, text: str) -> bool:
    """Replace the file in one step, mode 600 from its first byte. False when it said the same already."""
    if path.is_file() and path.read_text() == text:
        path.chmod(0o600)
        return False
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, draft = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        Path(draft).replace(path)
    finally:
        with contextlib.suppress(FileNotFoundError):
            Path(draft).unlink()
    return True
