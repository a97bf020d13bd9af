"""Bodies over 64 KB are parsed by a process beside the service; no sender notices, also when that process goes away."""

from __future__ import annotations

import json
import subprocess
from concurrent.futures import ThreadPoolExecutor

import pytest
from fastapi.testclient import TestClient

from mai_core.store import clients
from routers.intake_door import IntakeDoor
from routers.parsing import LARGEST_IN_THE_LOOP, ParsingProcess
from tests.api.conftest import BEARER, events_of, installation_of, quarantine_of, rows_of
from tests.builders import CLIENT, NOON, make_span, make_trace

WEBHOOK = "/webhooks/openrouter"
FLAT = "/api/v1/usage-tracking/webhook/openrouter-usage"
MANY = 200


def batch(name: str) -> bytes:
    body = json.dumps(make_trace(*(make_span(f"gen-{name}-{number}") for number in range(MANY)))).encode()
    assert len(body) > LARGEST_IN_THE_LOOP
    return body


def process_of(api: TestClient) -> ParsingProcess:
    door: IntakeDoor = api.app.state.intake  # type: ignore[attr-defined]
    return door.parser._batches


def child_of(api: TestClient) -> subprocess.Popen[bytes]:
    conversation = process_of(api)._conversation
    assert conversation is not None
    return conversation.process


def post(api: TestClient, body: bytes) -> tuple[int, int]:
    answer = api.post(WEBHOOK, content=body, headers={**BEARER, "content-type": "application/json"})
    return answer.status_code, answer.json().get("accepted")


def test_a_batch_is_booked_and_its_bad_spans_are_quarantined(api: TestClient) -> None:
    spans = [make_span(f"gen-{number}") for number in range(MANY)]
    body = json.dumps(make_trace(*spans, make_span("gen-bad", gen_ai__usage__input_tokens=-1))).encode()
    assert post(api, body) == (200, MANY)
    assert len(events_of(api)) == MANY
    assert [row[2:] for row in quarantine_of(api)] == [("invalid", "gen_ai.usage.input_tokens: is out of range")]


def test_what_is_not_json_is_kept_as_such(api: TestClient) -> None:
    assert post(api, b"{" * (LARGEST_IN_THE_LOOP + 1)) == (200, 0)
    assert [row[2] for row in quarantine_of(api)] == ["not_json"]


@pytest.mark.parametrize("path", [WEBHOOK, FLAT])
def test_a_refused_item_that_only_the_process_beside_can_unfold_takes_nobody_with_it(
    api: TestClient, path: str
) -> None:
    """Its stack is shallower than ours, so that it reads what lies deeper."""
    for depth in range(900, 1000, 7):
        good, nested = f"gen-{depth}", "[" * depth + "]" * depth
        trace = json.dumps(make_trace(make_span(good), make_span("gen-bad", gen_ai__usage__input_tokens=-1, deep="@")))
        flat = json.dumps([{"request_id": good, "model": "m", "tokens_used": 1}, {"deep": {"stringValue": "@"}}])
        body = (trace if path == WEBHOOK else flat).replace('{"stringValue": "@"}', nested) + " " * LARGEST_IN_THE_LOOP
        answer = api.post(path, content=body.encode(), headers={**BEARER, "content-type": "application/json"})
        assert answer.status_code == 200
        assert answer.json()["quarantined"] == 1


def test_batches_that_come_at_once_get_each_their_own_answer(api: TestClient) -> None:
    bodies = [batch(str(number)) for number in range(12)]
    with ThreadPoolExecutor(6) as senders:
        assert list(senders.map(lambda body: post(api, body), bodies)) == [(200, MANY)] * 12
    assert len(set(events_of(api))) == 12 * MANY


def test_a_process_that_was_killed_is_replaced_and_no_sender_hears_of_it(api: TestClient) -> None:
    assert post(api, batch("a")) == (200, MANY)
    first = child_of(api)
    first.kill()
    assert post(api, batch("b")) == (200, MANY)
    assert child_of(api).pid != first.pid


def test_a_markup_that_changed_counts_from_the_next_batch_on(api: TestClient) -> None:
    """The process beside rates ahead with the book that was in force when it was asked."""
    for name, markup in (("a", None), ("b", None), ("c", "2"), ("d", "2")):
        if markup:
            with installation_of(api).store.write() as db:
                clients.set_markup(db, CLIENT, markup, NOON - 1, "test")
        assert post(api, batch(name)) == (200, MANY)
    found = rows_of(api, "SELECT substr(generation_id, 5, 1), markup, count(*) FROM usage_events GROUP BY 1, 2")
    assert found == [("a", "1.3", MANY), ("b", "1.3", MANY), ("c", "2", MANY), ("d", "2", MANY)]
    conversation = process_of(api)._conversation
    assert conversation is not None
    assert conversation.told_book is not None


def test_bodies_of_nobody_known_are_parsed_where_no_batch_waits_for_them(api: TestClient) -> None:
    """The flat webhook names its client by a key in the body, so that a stranger's is parsed before it is refused."""
    event = {"request_id": "gen-a", "model": "m", "tokens_used": 1, "api_key": "sk-or-v1-of-acme"}
    body = (json.dumps(event) + " " * LARGEST_IN_THE_LOOP).encode()
    headers = {"content-type": "application/json"}
    assert api.post(FLAT, content=body, headers=headers).status_code == 401
    opened = installation_of(api)
    with opened.store.write() as db:
        clients.update(db, NOON, CLIENT, {"openrouter_api_key": event["api_key"]}, secrets=opened.secrets, actor="test")
    assert api.post(FLAT, content=body, headers=headers).status_code == 200
    assert process_of(api)._conversation is None
    assert events_of(api) == ["gen-a"]


def test_the_process_ends_with_the_service_and_small_bodies_need_none(api: TestClient) -> None:
    api.post(WEBHOOK, json=make_trace(make_span("gen-a")), headers=BEARER)
    assert process_of(api)._conversation is None
    post(api, batch("b"))
    child = child_of(api)
    process_of(api).close()
    assert child.poll() is not None
