"""What the doctor says."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Line:
    topic: str
    level: Literal["ok", "warning", "error"]
    text: str
    remedy: str = ""


def ok(topic: str, text: str) -> Line:
    return Line(topic, "ok", text)


def warning(topic: str, text: str, remedy: str) -> Line:
    return Line(topic, "warning", text, remedy)


def error(topic: str, text: str, remedy: str) -> Line:
    return Line(topic, "error", text, remedy)
