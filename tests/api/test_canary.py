"""No prompt and no key rests anywhere: every table, the log, the quarantine, the answers, the file itself."""

from __future__ import annotations

import json
import logging
from typing import Any

import pytest
from fastapi.testclient import TestClient

from tests.api.conftest import BEARER, WAYS_IN, installation_of, quarantine_of
from tests.builders import make_span, make_trace

PROMPT = "canary prompt: the merger is called Heron"
KEY = "sk-or-v1-canary0123456789abcdef"

SPAN = make_span(
    "gen-a",
    gen_ai__prompt=PROMPT,
    gen_ai__completion=json.dumps({"rawRequest": {"messages": [{"content": PROMPT}], "api_key": KEY}}),
    span__input=PROMPT,
    unheard__of=PROMPT,
    trace__metadata__note=KEY,
)
_BAD = {"gen_ai__usage__input_tokens": PROMPT, "user__id": None}
COMPLETION = {
    "id": "gen-b",
    "model": "m",
    "choices": [{"message": {"content": PROMPT}, "finish_reason": PROMPT * 10}],
    "usage": {"prompt_tokens": 1, "note": PROMPT},
    "api_key": KEY,
    "messages": [{"content": PROMPT}],
}
CALL = {"litellm_call_id": "c", "model": "m", "prompt_tokens": 1, "messages": PROMPT, "response": {"text": PROMPT}}
BODIES: list[Any] = [
    make_trace(SPAN),
    make_trace({**SPAN, "attributes": [*SPAN["attributes"], *make_span(**_BAD)["attributes"]]}),
    make_trace({**SPAN, "name": 3, "startTimeUnixNano": PROMPT}),
    {"resourceSpans": [{"resource": PROMPT, "scopeSpans": [{"spans": [SPAN]}]}]},
    {"resourceSpans": {PROMPT: KEY}},
    {"resourceSpans": [[[PROMPT, {"key": PROMPT, "value": {"stringValue": KEY}}]]]},
    COMPLETION,
    {**COMPLETION, "model": {"text": PROMPT}},
    {**COMPLETION, "usage": PROMPT},
    {**COMPLETION, "created": PROMPT},
    {**COMPLETION, "id": f"{PROMPT}\n"},
    [{**CALL, "startTime": PROMPT, "metadata": {"user_api_key_hash": KEY, "requester_metadata": {"prompt": PROMPT}}}],
    [{**CALL, "litellm_call_id": None, "model": KEY}],
    {"specversion": PROMPT, "id": "e", "data": {"messages": PROMPT}},
    {"model": "m", "tokens_used": PROMPT, "api_key": KEY, "request_id": "r"},
    {"model": "m", "tokens_used": 1, "cost": KEY, "api_key": KEY, "timestamp": PROMPT},
    {PROMPT: {KEY: [PROMPT]}},
    [PROMPT, KEY],
    PROMPT,
]


@pytest.mark.parametrize("path", WAYS_IN)
def test_no_prompt_and_no_key_is_found_anywhere(api: TestClient, path: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    caplog.set_level(logging.WARNING, "httpx")
    caplog.set_level(logging.WARNING, "httpx")
    answers = []
    for body in BODIES:
        text = json.dumps(body)
        for content in (text, text[:-1]):
            answer = api.post(path, content=content.encode(), headers={**BEARER, "Content-Type": "application/json"})
            assert answer.status_code < 500
            answers.append(answer.text)
    opened = installation_of(api)
    with opened.store.write() as db:
        db.execute("SELECT 1").fetchall()
    resting = [file.read_bytes() for file in opened.settings.mai_data_dir.rglob("*") if file.is_file()]
    for canary in (PROMPT, KEY, PROMPT[:20], KEY[:20]):
        assert canary not in caplog.text
        assert not [text for text in answers if canary in text]
        assert not [content for content in resting if canary.encode() in content]


def test_the_test_above_would_see_what_is_stored(api: TestClient) -> None:
    """Its bodies do reach quarantine, redacted."""
    api.post("/webhooks/openrouter", json=BODIES[1], headers=BEARER)
    assert [row[2] for row in quarantine_of(api)] == ["invalid"]
    opened = installation_of(api)
    with opened.store.read() as db:
        (body,) = db.execute("SELECT body FROM quarantine").fetchone()
    assert "gen-a" in body
    assert f"[{len(PROMPT)} characters, sha256 " in body
