"""What quarantine may keep: numbers, and words that metering reads."""

from __future__ import annotations

from typing import Any

import pytest

from mai_core.intake.redaction import is_mark, redact

KEPT: list[Any] = [
    {"id": "gen-1795176000-abc", "model": "openai/gpt-4o:nitro", "user": "żółw@acme.pl"},
    {"cost": "7.4E-7", "time": "2026-10-14T10:00:00.001+02:00", "startTimeUnixNano": "1795176000016000000"},
    {"anything": [1, 2.5, None, True]},
    {"key": "gen_ai.response.id", "value": {"stringValue": "gen-a"}},
]


@pytest.mark.parametrize("item", KEPT)
def test_numbers_names_and_times_stay(item: Any) -> None:
    assert redact(item) == item


@pytest.mark.parametrize(
    "item",
    [
        {"content": "x"},
        {"model": "please summarise this"},
        {"user": "sk-or-v1-0123456789abcdef"},
        {"session_id": "a" * 201},
        {"cost": "a lot"},
        {"authorization": "Bearer abc"},
        ["x"],
        "x",
        {"key": "gen_ai.prompt", "value": {"stringValue": "x"}},
        {"key": "user.id", "value": {"unknownValue": "x"}},
        {"key": "user.id", "value": "two words"},
    ],
)
def test_every_other_text_becomes_a_mark(item: Any) -> None:
    (text,) = [text for text in texts_of(redact(item)) if is_mark(text)]
    assert text.startswith("[")


def test_a_name_of_a_field_that_is_a_text_becomes_a_mark_too() -> None:
    (name,) = redact({"please summarise this": 1})
    assert is_mark(name)
    assert is_mark(redact({"key": "please summarise this", "value": 1})["key"])


def test_what_lies_too_deep_is_left_out() -> None:
    deep: Any = "x"
    for _ in range(900):
        deep = [deep]
    assert "nested" in str(redact(deep))


def texts_of(value: Any) -> list[str]:
    if isinstance(value, dict):
        return [text for item in value.values() for text in texts_of(item)]
    if isinstance(value, list):
        return [text for item in value for text in texts_of(item)]
    return [value] if isinstance(value, str) else []
