"""The loop that most sources share: a body is one item or a list of them, and each gets its own verdict."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from mai_core.errors import BadValue
from mai_core.intake.parsed import Parsed
from mai_core.model import Observation

INVALID = "invalid"

Reader = Callable[[dict[str, Any]], Observation | None]
"""Makes an observation of one item; None says that it is rightly no event; BadValue says why it cannot be one."""


def parse_items(items: Iterable[Any], read: Reader) -> Parsed:
    parsed = Parsed()
    for index, item in enumerate(items):
        try:
            if not isinstance(item, dict):
                raise BadValue("event", "is not an object")
            observation = read(item)
        except BadValue as error:
            parsed.refuse(index, INVALID, str(error), item)
            continue
        if observation is None:
            parsed.ignored += 1
        else:
            parsed.add(index, observation)
    return parsed


def one_or_many(document: Any) -> list[Any]:
    return document if isinstance(document, list) else [document]
