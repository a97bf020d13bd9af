"""Ways in for programs: every refused item is named with its index, every good one is stored."""

from __future__ import annotations

import json
from typing import Any

import pytest
from fastapi.testclient import TestClient

from mai_core.store import clients, witnesses
from tests.api.conftest import BEARER, CLIENT, events_of, installation_of, quarantine_of, rows_of
from tests.builders import NOON, make_span, make_trace

BATCH = {**BEARER, "Content-Type": "application/cloudevents-batch+json"}
SINGLE = {**BEARER, "Content-Type": "application/cloudevents+json"}
USAGE = {"prompt_tokens": 10, "completion_tokens": 4, "cost": 0.1}


def event(generation_id: str, **told: Any) -> dict[str, Any]:
    data = {"model": "openai/gpt-4o", **USAGE}
    made = {"specversion": "1.0", "type": "completion", "id": generation_id, "source": "gateway", "subject": "anna"}
    return {**made, "data": data, **told}


class TestCloudEvents:
    def test_good_ones_are_answered_as_openmeter_does(self, api: TestClient) -> None:
        one, two, three = event("gen-a"), event("gen-b"), event("gen-c")
        assert api.post("/api/v1/events", content=json.dumps(one), headers=SINGLE).status_code == 204
        assert api.post("/api/v1/events", content=json.dumps([two, three]), headers=BATCH).status_code == 204
        assert api.post("/api/v1/events", json=[one, event("gen-d")], headers=BEARER).content == b""
        assert events_of(api) == ["gen-a", "gen-b", "gen-c", "gen-d"]

    def test_in_binary_mode_the_attributes_are_headers(self, api: TestClient) -> None:
        """The `cloudevents` SDK's `to_binary` sends no content type at all."""
        told = {**event("gen-a"), "subject": "zo%C3%AB"}
        headers = {f"CE-{name.title()}": value for name, value in told.items() if name != "data"}
        answer = api.post("/api/v1/events", content=json.dumps(told["data"]), headers={**BEARER, **headers})
        assert answer.status_code == 204
        assert rows_of(api, "SELECT generation_id, external_user FROM usage_events") == [("gen-a", "zoë")]

    def test_of_a_batch_the_bad_ones_are_named_and_the_good_ones_stored(self, api: TestClient) -> None:
        batch = [event("gen-a"), event("gen-b", subject=None), event("gen-c"), 7]
        answer = api.post("/api/v1/events", content=json.dumps(batch), headers=BATCH)
        assert answer.status_code == 422
        assert answer.json() == {
            "error": "2 items refused",
            "errors": [
                {"index": 1, "code": "invalid", "reason": "subject: is missing"},
                {"index": 3, "code": "invalid", "reason": "event: is not an object"},
            ],
            "accepted": 2,
            "duplicates": 0,
            "ignored": 0,
            "quarantined": 0,
            "witnesses": 0,
        }
        assert events_of(api) == ["gen-a", "gen-c"]
        assert quarantine_of(api) == []

    def test_what_is_no_json_is_400_and_not_kept(self, api: TestClient) -> None:
        answer = api.post("/api/v1/events", content=b"{", headers=SINGLE)
        assert (answer.status_code, answer.json()) == (400, {"error": "the body is not JSON"})
        assert quarantine_of(api) == []

    def test_an_event_that_nobody_owns_waits_in_quarantine_and_is_named(self, hub: TestClient) -> None:
        answer = hub.post("/api/v1/events", json=[event("gen-a")], headers=BEARER)
        assert answer.status_code == 200
        assert [(one["index"], one["code"]) for one in answer.json()["in_quarantine"]] == [(0, "unrouted")]


class TestCompletions:
    def test_a_report_says_what_became_of_it(self, api: TestClient) -> None:
        completion = {"id": "gen-a", "model": "openai/gpt-4o", "external_user": "anna", "usage": USAGE}
        expected = {"accepted": 1, "duplicates": 0, "ignored": 0, "quarantined": 0, "witnesses": 0}
        answer = api.post("/api/v1/completions", json=completion, headers=BEARER)
        assert (answer.status_code, answer.json()) == (200, expected)
        assert api.post("/api/v1/completions", json={"id": "gen-b"}, headers=BEARER).status_code == 422

    @pytest.mark.parametrize("broadcast_first", [True, False])
    def test_a_turn_with_three_generations_makes_three_events_the_right_sum_and_no_conflict(
        self, api: TestClient, broadcast_first: bool
    ) -> None:
        ids = ["gen-1", "gen-2", "gen-3"]
        total = {"prompt_tokens": 300, "completion_tokens": 150, "cost": 0.3}
        turn = {"turn_id": "msg-1", "external_user": "anna", "model": "m", "generation_ids": ids, "usage": total}

        def broadcast() -> None:
            body = make_trace(*(make_span(one, user__id="anna") for one in ids))
            assert api.post("/webhooks/openrouter", json=body, headers=BEARER).json()["accepted"] == 3

        def filter_reports() -> None:
            assert api.post("/api/v1/completions", json=turn, headers=BEARER).json()["witnesses"] == 1

        for step in (broadcast, filter_reports) if broadcast_first else (filter_reports, broadcast):
            step()
        filter_reports()
        assert events_of(api) == ids
        assert rows_of(api, "SELECT sum(raw_pusd), count(*) FROM usage_events") == [(3 * 10**11, 3)]
        assert rows_of(api, "SELECT count(*) FROM conflicts") == [(0,)]
        with installation_of(api).store.read() as db:
            (witness,) = witnesses.of_client(db, CLIENT)
        assert (witness["generation_ids"], witness["cost_pusd"]) == (ids, 3 * 10**11)

    @pytest.mark.parametrize("broadcast_first", [True, False])
    def test_a_turn_with_one_generation_and_its_broadcast_are_one_event(
        self, api: TestClient, broadcast_first: bool
    ) -> None:
        usage = {"prompt_tokens": 100, "completion_tokens": 50, "cost": 0.1}
        turn = {"turn_id": "msg-1", "external_user": "anna", "model": "openai/gpt-4o", "generation_ids": ["gen-a"]}
        requests = [
            ("/webhooks/openrouter", make_trace(make_span("gen-a", user__id="anna"))),
            ("/api/v1/completions", {**turn, "usage": usage}),
        ]
        for path, body in requests if broadcast_first else reversed(requests):
            assert api.post(path, json=body, headers=BEARER).status_code == 200
        assert rows_of(api, "SELECT generation_id, raw_pusd, source FROM usage_events") == [
            ("gen-a", 10**11, "openrouter")
        ]
        assert rows_of(api, "SELECT count(*) FROM conflicts") == [(0,)]

    def test_a_witness_of_an_unknown_person_on_a_hub_is_refused(self, hub: TestClient) -> None:
        turn = {"turn_id": "msg-1", "external_user": "nobody", "generation_ids": [], "usage": USAGE}
        answer = hub.post("/api/v1/completions", json=turn, headers=BEARER)
        assert (answer.status_code, answer.json()["errors"][0]["code"]) == (422, "unrouted")


class TestLiteLLM:
    def test_lines_failures_and_cache_hits(self, api: TestClient) -> None:
        call = {
            "litellm_call_id": "c-1",
            "model": "m",
            "prompt_tokens": 1,
            "completion_tokens": 2,
            "response_cost": 0.5,
        }
        lines = [call, {**call, "status": "failure"}, {**call, "cache_hit": True}, {"model": "no id"}]
        body = "\n".join(json.dumps(line) for line in lines)
        answer = api.post("/api/v1/litellm", content=body, headers={**BEARER, "Content-Type": "application/x-ndjson"})
        assert answer.json() == {"accepted": 1, "duplicates": 0, "ignored": 2, "quarantined": 1}
        stored = rows_of(api, "SELECT generation_id, reported_pusd, estimated_pusd FROM usage_events")
        assert stored == [("c-1", None, 5 * 10**11)]

    def test_a_full_batch_is_taken_for_litellm_drops_what_is_refused(self, api: TestClient) -> None:
        call = {"model": "m", "prompt_tokens": 1, "completion_tokens": 2, "model_map_information": "x" * 13_000}
        batch = [{**call, "litellm_call_id": f"c-{number}"} for number in range(512)]
        answer = api.post("/api/v1/litellm", json=batch, headers=BEARER)
        assert (answer.status_code, answer.json()["accepted"]) == (200, 512)


class TestFlat:
    path = "/api/v1/usage-tracking/webhook/openrouter-usage"
    key = "sk-or-v1-of-acme-0123456789"

    def send(self, api: TestClient, headers: dict[str, str], **told: Any) -> int:
        body = {"model": "m", "tokens_used": 3, "cost": 0.1, "timestamp": "2026-10-14T09:00:00Z", **told}
        return api.post(self.path, json=body, headers=headers).status_code

    def give_key(self, api: TestClient, client: str = CLIENT) -> None:
        opened = installation_of(api)
        with opened.store.write() as db:
            if clients.get(db, client) is None:
                clients.create(db, NOON, client_org_id=client, name=client)
            change = {"openrouter_api_key": self.key}
            clients.update(db, NOON, client, change, secrets=opened.secrets, actor="test")

    def test_a_provider_key_in_the_body_names_its_client(self, hub: TestClient) -> None:
        self.give_key(hub, "mai_client_b")
        assert self.send(hub, {}, api_key=self.key, external_user="anna") == 200
        assert self.send(hub, BEARER, api_key=self.key, external_user="anna") == 200
        assert rows_of(hub, "SELECT client_org_id, count(*) FROM usage_events GROUP BY 1") == [("mai_client_b", 1)]

    def test_an_unknown_key_opens_nothing(self, api: TestClient) -> None:
        self.give_key(api)
        for told in ({"api_key": "sk-or-v1-wrong"}, {"api_key": 3}, {}):
            assert self.send(api, {}, **told) == 401
        assert api.post(self.path, content=b"{").status_code == 401
        assert events_of(api) == []

    def test_a_key_may_not_contradict_the_credential(self, api: TestClient) -> None:
        self.give_key(api, "mai_client_b")
        assert self.send(api, BEARER, api_key=self.key) == 401
        assert self.send(api, BEARER, api_key="sk-or-v1-unknown") == 200
