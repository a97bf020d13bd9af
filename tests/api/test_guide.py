"""The guide to the ways in names all of them, and its examples are taken as they stand."""

from __future__ import annotations

import json
import re

import pytest
from fastapi.testclient import TestClient

from tests.api.conftest import BEARER, WAYS_IN, events_of
from tests.test_documents import text_of

GUIDE = text_of("docs/ways-in.md")
SECTIONS = dict(re.findall(r"^## [^\n]*`POST (/\S+)`\n(.*?)(?=^## |\Z)", GUIDE, re.MULTILINE | re.DOTALL))
EXAMPLES = [
    (path, example) for path, text in SECTIONS.items() for example in re.findall(r"```json\n(.*?)```", text, re.DOTALL)
]


def test_every_way_in_is_named() -> None:
    assert [path for path in WAYS_IN if f"`POST {path}`" not in GUIDE] == []


@pytest.mark.parametrize(("path", "example"), EXAMPLES, ids=[path for path, _ in EXAMPLES])
def test_an_example_is_taken(api: TestClient, path: str, example: str) -> None:
    assert api.post(path, json=json.loads(example), headers=BEARER).is_success
    assert events_of(api) == [json.loads(example)["id"]]


@pytest.mark.parametrize("path", ["/webhooks/openrouter", "/api/v1/litellm"])
def test_the_settings_of_a_sender_name_its_way_in(path: str) -> None:
    assert re.search(rf"endpoint: https://[a-z.]+{path}\n", SECTIONS[path])


def test_there_are_examples_for_programs() -> None:
    assert [path for path, _ in EXAMPLES] == ["/api/v1/completions", "/api/v1/events"]
