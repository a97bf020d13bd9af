"""An alert in a reader's language."""

from __future__ import annotations

from datetime import date
from typing import Any

from mai_core.alerts.finding import NEVER
from mai_core.language import Words
from mai_core.language.reasons import reason


def text_of(words: Words, message_key: str, values: dict[str, Any]) -> str:
    if values.get("hours") == NEVER:
        message_key = f"{message_key}.never"
    elif values.get("hours") == 0:
        message_key = f"{message_key}.lately"
    return words(message_key, **{_name(name): _shown(words, name, value) for name, value in values.items()})


def _name(name: str) -> str:
    return name.removesuffix("_pusd")


def _shown(words: Words, name: str, value: Any) -> Any:
    if name.endswith("_pusd"):
        return words.money(value, "USD")
    if name == "day":
        return words.day(date.fromisoformat(value))
    if name == "month":
        return words.month(value)
    if name == "reason":
        return _why(words, value)
    return value


def _why(words: Words, text: str) -> str:
    said, original = reason(words.language, text)
    if not original:
        return said
    told = f"{words('ops.original')} {original}"
    return f"{said}. {told}" if said else told
