"""What real clients sent (tests/recorded), read as it came."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from mai_core.intake.redaction import redact
from mai_core.intake.sources import SOURCES
from mai_core.model import Observation
from mai_core.money import units_of

RECORDED = Path(__file__).parent.parent / "recorded"


class TestLiteLLM:
    calls: dict[str, dict[str, Any]] = json.loads((RECORDED / "litellm.json").read_text())

    def read(self, kind: str) -> Observation:
        (told,) = self.parsed([self.calls[kind]])
        return told

    def parsed(self, calls: list[dict[str, Any]]) -> list[Observation]:
        parsed = SOURCES["litellm"].parse(json.dumps(calls).encode(), {})
        assert parsed.refusals == []
        return parsed.observations

    @pytest.mark.parametrize("kind", ["plain", "streamed", "retried_success", "messages_api_streamed", "responses_api"])
    def test_a_call_of_openrouter_is_the_generation_that_broadcast_tells_too(self, kind: str) -> None:
        told = self.read(kind)
        headers = self.calls[kind]["hidden_params"]["additional_headers"]
        assert told.generation_id == headers["llm_provider-x-generation-id"]
        assert (told.model, told.provider) == ("openai/gpt-4o", None)
        assert (told.input_tokens, told.output_tokens) == (29, 12)
        assert (told.cached_tokens, told.reasoning_tokens) == (8, 3)
        assert told.reported_pusd == units_of("0.00106674")

    def test_a_streamed_response_hides_the_generation_in_its_id(self) -> None:
        told = self.read("responses_api_streamed")
        assert told.generation_id == "gen-1795236747-b5cf546565c14a4388f3"
        other = {**self.calls["responses_api_streamed"], "id": "resp_bm90aGluZw=="}
        assert [one.generation_id for one in self.parsed([other])] == [other["litellm_call_id"]]

    def test_the_person_is_the_one_that_the_request_named(self) -> None:
        assert self.read("plain").external_user == "mai_client_63a4eb6d_user_11112222"
        assert self.read("messages_api_streamed").external_user == "u-anth"

    def test_of_another_provider_the_cost_is_an_estimate(self) -> None:
        told = self.read("another_provider")
        assert told.generation_id == self.calls["another_provider"]["litellm_call_id"]
        assert (told.provider, told.reported_pusd, told.estimated_pusd) == ("openai", None, units_of("0.000225"))

    def test_an_embedding_has_no_output(self) -> None:
        told = self.read("embedding")
        assert (told.model, told.input_tokens, told.output_tokens) == ("openai/text-embedding-3-small", 5, 0)

    def test_failures_and_cache_hits_are_no_events_in_a_list_and_in_lines(self) -> None:
        lines = "\n".join(json.dumps(call) for call in self.calls.values()).encode()
        for body in (lines, json.dumps(list(self.calls.values())).encode()):
            parsed = SOURCES["litellm"].parse(body, {})
            assert (len(parsed.observations), parsed.ignored, parsed.refusals) == (8, 4, [])

    @pytest.mark.parametrize("kind", ["plain", "messages_api_streamed", "responses_api"])
    def test_quarantine_keeps_the_identity_and_no_text(self, kind: str) -> None:
        kept = redact(self.calls[kind])
        assert "secret" not in json.dumps(kept)
        (again,) = self.parsed([kept])
        assert again.generation_id == self.read(kind).generation_id


class TestOpenWebUI:
    def test_a_turn_with_a_tool_is_two_generations_and_a_witness_of_their_sum(self) -> None:
        parsed = SOURCES["completions"].parse((RECORDED / "open_webui_turn.json").read_bytes(), {})
        assert parsed.refusals == []
        (witness,) = parsed.witnesses
        assert witness.generation_ids == tuple(told.generation_id for told in parsed.observations)
        assert [told.reported_pusd for told in parsed.observations] == [units_of("0.00106674")] * 2
        assert witness.cost_pusd == units_of("0.00213348")
        assert (witness.input_tokens, witness.output_tokens) == (58, 24)
        assert {told.external_user for told in parsed.observations} == {witness.external_user}


@pytest.mark.parametrize("kind", ["chat", "chat_last_chunk", "responses"])
def test_an_object_of_the_openai_sdk_is_read_as_it_dumps_itself(kind: str) -> None:
    dumped = json.loads((RECORDED / "openai_sdk.json").read_text())[kind]
    parsed = SOURCES["completions"].parse(json.dumps(dumped).encode(), {})
    assert parsed.refusals == []
    (told,) = parsed.observations
    assert (told.generation_id, told.model) == (dumped["id"], "openai/gpt-4o")
    assert (told.input_tokens, told.output_tokens, told.cached_tokens, told.reasoning_tokens) == (29, 12, 8, 3)
    assert (told.reported_pusd, told.is_byok) == (units_of("0.00106674"), False)
    assert told.started_at_ms == int(dumped.get("created") or dumped["created_at"]) * 1000
