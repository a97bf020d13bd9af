"""The other ways in, each read in its own format."""

from __future__ import annotations

import base64
import json
from typing import Any, ClassVar

import pytest

from mai_core.intake.exact_json import Unreadable
from mai_core.intake.parsed import Parsed
from mai_core.intake.sources import SOURCES
from mai_core.model import SEALED_ID, Observation, Rank
from mai_core.money import units_of


def parse(source: str, document: Any) -> Parsed:
    body = document if isinstance(document, bytes) else json.dumps(document).encode()
    return SOURCES[source].parse(body, {})


def only(parsed: Parsed) -> Observation:
    assert (len(parsed.observations), parsed.refusals) == (1, [])
    return parsed.observations[0]


def reasons(parsed: Parsed) -> list[str]:
    return [refusal.reason for refusal in parsed.refusals]


@pytest.mark.parametrize(
    ("source", "good"),
    [
        ("completions", {"id": "gen-1", "model": "m", "usage": {"prompt_tokens": 1}}),
        ("flat", {"request_id": "gen-1", "model": "m", "tokens_used": 1}),
        ("litellm", {"litellm_call_id": "gen-1", "model": "m", "prompt_tokens": 1}),
        (
            "cloudevents",
            {
                "specversion": "1.0",
                "id": "e",
                "type": "t",
                "source": "s",
                "subject": "p",
                "data": {"model": "m", "cost": 1},
            },
        ),
    ],
)
def test_an_integer_of_five_thousand_digits_refuses_its_item_only(source: str, good: dict[str, Any]) -> None:
    bad = json.dumps(good).replace(": 1", ": " + "9" * 5000)
    parsed = parse(source, f"[{json.dumps(good)}, {bad}]".encode())
    assert (len(parsed.observations), len(parsed.refusals)) == (1, 1)


USAGE = {
    "prompt_tokens": 194,
    "completion_tokens": 20,
    "total_tokens": 214,
    "prompt_tokens_details": {"cached_tokens": 90, "cache_write_tokens": 100, "audio_tokens": 3},
    "completion_tokens_details": {"reasoning_tokens": 12},
    "cost": 0.95,
    "is_byok": False,
    "cost_details": {"upstream_inference_cost": 19},
    "server_tool_use_details": {"web_search_requests": 2},
}


LIFETIMES = {"ephemeral_5m_input_tokens": 30, "ephemeral_1h_input_tokens": 70}


class TestCompletions:
    completion: ClassVar[dict[str, Any]] = {
        "id": "gen-1795176000-a",
        "model": "openai/gpt-4o",
        "created": 1795176000,
        "usage": USAGE,
    }

    def test_a_completion(self) -> None:
        told = only(parse("completions", {**self.completion, "provider": "OpenAI", "external_user": "u-1"}))
        assert (told.generation_id, told.rank) == ("gen-1795176000-a", Rank.COMPLETION)
        assert (told.input_tokens, told.output_tokens, told.reasoning_tokens) == (194, 20, 12)
        assert (told.cached_tokens, told.cache_write_tokens, told.audio_tokens, told.searches) == (90, 100, 3, 2)
        assert (told.reported_pusd, told.upstream_pusd) == (units_of("0.95"), None)
        assert (told.started_at_ms, told.provider, told.external_user) == (1795176000000, "OpenAI", "u-1")

    def test_the_last_chunk_of_a_stream_has_empty_choices(self) -> None:
        chunk = {**self.completion, "object": "chat.completion.chunk", "choices": []}
        assert only(parse("completions", chunk)).reported_pusd == units_of("0.95")

    def test_an_earlier_chunk_has_no_usage_and_is_refused(self) -> None:
        chunk = {"id": "gen-a", "model": "m", "choices": [{"delta": {"content": "hi"}}], "usage": None}
        assert reasons(parse("completions", chunk)) == ["usage: is missing: in a stream only the last chunk has it"]

    def test_the_responses_api_spells_tokens_another_way(self) -> None:
        usage = {
            "input_tokens": 7,
            "output_tokens": 9,
            "input_tokens_details": {"cached_tokens": 2},
            "output_tokens_details": {"reasoning_tokens": 4},
            "cost": 0.01,
        }
        told = only(parse("completions", {"id": "gen-a", "model": "m", "created_at": 1795176000, "usage": usage}))
        assert (told.input_tokens, told.cached_tokens, told.output_tokens, told.reasoning_tokens) == (7, 2, 9, 4)
        assert told.started_at_ms == 1795176000000

    def test_the_last_event_of_a_stream_of_the_responses_api_holds_the_response(self) -> None:
        response = {"id": "gen-a", "model": "m", "usage": {"input_tokens": 7, "output_tokens": 9, "cost": 0.01}}
        event = {"type": "response.completed", "response": response, "external_user": "u-1"}
        told = only(parse("completions", event))
        assert (told.generation_id, told.external_user, told.input_tokens) == ("gen-a", "u-1", 7)

    def test_the_messages_api_counts_the_cache_beside_the_input(self) -> None:
        usage = {
            "input_tokens": 21,
            "cache_read_input_tokens": 8,
            "cache_creation_input_tokens": 100,
            "output_tokens": 12,
        }
        told = only(parse("completions", {"id": "gen-a", "model": "m", "usage": usage}))
        assert (told.input_tokens, told.cached_tokens, told.cache_write_tokens, told.output_tokens) == (129, 8, 100, 12)

    @pytest.mark.parametrize(
        "told",
        [
            {"cache_creation": {"ephemeral_5m_input_tokens": 60, "ephemeral_1h_input_tokens": 40}},
            {"prompt_tokens_details": {"cache_creation_token_details": {"ephemeral_1h_input_tokens": 40}}},
        ],
        ids=["Anthropic", "LiteLLM"],
    )
    def test_what_is_cached_for_an_hour_costs_more_and_is_known_apart(self, told: dict[str, Any]) -> None:
        usage = {"prompt_tokens": 129, "completion_tokens": 12, "cache_creation_input_tokens": 100, **told}
        read = only(parse("completions", {"id": "gen-a", "model": "m", "usage": usage}))
        assert (read.input_tokens, read.cache_write_tokens, read.cache_write_1h_tokens) == (129, 100, 40)

    @pytest.mark.parametrize(
        "details",
        [
            {"cached_tokens": None, "cache_write_tokens": None},
            {"cached_tokens": 8, "cache_creation_tokens": 100, "cache_write_tokens": None},
        ],
    )
    def test_null_in_one_place_does_not_hide_what_another_tells(self, details: dict[str, Any]) -> None:
        """LiteLLM fills every field that a provider leaves out with null."""
        beside = {"cache_read_input_tokens": 8, "cache_creation_input_tokens": 100}
        usage = {"prompt_tokens": 129, "completion_tokens": 12, "prompt_tokens_details": details, **beside}
        told = only(parse("completions", {"id": "gen-a", "model": "m", "usage": usage}))
        assert (told.cached_tokens, told.cache_write_tokens) == (8, 100)

    def test_where_both_spellings_stand_the_prompt_is_all_of_it(self) -> None:
        """LiteLLM's usage object of an Anthropic model."""
        usage = {"prompt_tokens": 129, "completion_tokens": 12, "cache_read_input_tokens": 8}
        told = only(parse("completions", {"id": "gen-a", "model": "m", "usage": usage}))
        assert (told.input_tokens, told.cached_tokens) == (129, 8)

    @pytest.mark.parametrize(
        "usage",
        [
            {"input_tokens": 21, "cache_creation_input_tokens": 100, "cache_creation": LIFETIMES},
            {
                "prompt_tokens": 121,
                "cache_creation_input_tokens": 100,
                "prompt_tokens_details": {"cached_tokens": 0, "cache_creation_token_details": LIFETIMES},
            },
        ],
        ids=["the messages API", "LiteLLM"],
    )
    def test_cache_writes_of_an_hour_are_dearer_and_told_apart(self, usage: dict[str, Any]) -> None:
        told = only(parse("completions", {"id": "gen-a", "model": "m", "usage": {**usage, "output_tokens": 12}}))
        assert (told.input_tokens, told.cache_write_tokens, told.cache_write_1h_tokens) == (121, 100, 70)

    def test_with_an_own_key_the_upstream_cost_is_kept_beside_the_fee(self) -> None:
        usage = {**USAGE, "is_byok": True}
        told = only(parse("completions", {**self.completion, "usage": usage}))
        assert (told.reported_pusd, told.upstream_pusd, told.is_byok) == (units_of("0.95"), units_of("19"), True)

    def test_details_may_be_null_and_a_cost_too(self) -> None:
        usage = {"prompt_tokens": 1, "completion_tokens": 0, "prompt_tokens_details": None, "cost": None}
        told = only(parse("completions", {**self.completion, "usage": usage}))
        assert (told.input_tokens, told.cached_tokens, told.reported_pusd) == (1, None, None)

    def test_without_id_nothing_can_be_recognised_again(self) -> None:
        assert reasons(parse("completions", {"model": "m", "usage": USAGE})) == ["id: is missing"]

    def test_a_list_gets_a_verdict_for_each_item(self) -> None:
        parsed = parse("completions", [self.completion, {"id": "gen-b"}, 3, {**self.completion, "id": "gen-c"}])
        assert [(told.generation_id, at) for told, at in zip(parsed.observations, parsed.positions, strict=True)] == [
            ("gen-1795176000-a", 0),
            ("gen-c", 3),
        ]
        assert [(refusal.index, refusal.reason) for refusal in parsed.refusals] == [
            (1, "usage: is missing: in a stream only the last chunk has it"),
            (2, "event: is not an object"),
        ]

    def test_a_turn_with_one_generation_is_a_completion_like_any_other(self) -> None:
        turn = {"turn_id": "msg-1", "external_user": "u-1", "model": "m", "session_id": "chat-7", "usage": USAGE}
        told = only(parse("completions", {**turn, "generation_ids": ["gen-a", "gen-a", "gen-a"]}))
        assert (told.generation_id, told.external_user, told.session_id) == ("gen-a", "u-1", "chat-7")
        assert told.reported_pusd == units_of("0.95")

    @pytest.mark.parametrize("ids", [["gen-a", "gen-b", "gen-a"], []])
    def test_a_turn_with_several_generations_or_none_is_a_witness_and_never_billed(self, ids: list[str]) -> None:
        turn = {"turn_id": "msg-1", "external_user": "u-1", "model": "m", "generation_ids": ids, "usage": USAGE}
        parsed = parse("completions", turn)
        assert (parsed.observations, parsed.refusals) == ([], [])
        (witness,) = parsed.witnesses
        assert witness.generation_ids == tuple(dict.fromkeys(ids))
        assert (witness.input_tokens, witness.output_tokens, witness.cost_pusd) == (194, 20, units_of("0.95"))

    def test_a_turn_that_names_no_list_of_generations_is_refused(self) -> None:
        turn = {"turn_id": "msg-1", "generation_ids": "gen-a", "usage": USAGE}
        assert reasons(parse("completions", turn)) == ["generation_ids: is not a list"]


class TestCloudEvents:
    event: ClassVar[dict[str, Any]] = {
        "specversion": "1.0",
        "type": "completion",
        "id": "gen-1795176000-a",
        "time": "2026-11-20T12:00:00.001Z",
        "source": "gateway",
        "subject": "customer-1",
        "data": {"model": "openai/gpt-4o", "provider": "OpenAI", **USAGE},
    }

    def test_an_event(self) -> None:
        told = only(parse("cloudevents", self.event))
        assert (told.generation_id, told.external_user, told.rank) == (
            "gen-1795176000-a",
            "customer-1",
            Rank.CLOUD_EVENT,
        )
        assert (told.model, told.provider, told.reported_pusd) == ("openai/gpt-4o", "OpenAI", units_of("0.95"))
        assert told.started_at_ms == 1795176000001

    def test_the_usage_may_stand_in_an_object_of_its_own(self) -> None:
        told = only(parse("cloudevents", {**self.event, "data": {"model": "m", "usage": USAGE}}))
        assert told.input_tokens == 194

    @pytest.mark.parametrize(
        ("wrong", "reason"),
        [
            ({"specversion": "0.3"}, 'specversion: is not "1.0"'),
            ({"id": ""}, "id: is missing"),
            ({"source": None}, "source: is missing"),
            ({"type": None}, "type: is missing"),
            ({"subject": None}, "subject: is missing"),
            ({"time": "yesterday"}, "time: is not an instant such as 2026-11-21T13:00:00Z"),
            ({"data": "text"}, "data: is not an object"),
            ({"data": {"model": "m"}}, "data: has neither token counts nor a cost"),
            ({"data": {**USAGE}}, "data.model: is missing"),
        ],
    )
    def test_what_is_wrong_is_named(self, wrong: dict[str, Any], reason: str) -> None:
        assert reasons(parse("cloudevents", {**self.event, **wrong})) == [reason]

    def test_data_may_come_as_base64(self) -> None:
        """The SDKs write it so where a program hands them bytes."""
        bytes_of_it = base64.b64encode(json.dumps(self.event["data"]).encode()).decode()
        spelled = {**{k: v for k, v in self.event.items() if k != "data"}, "data_base64": bytes_of_it}
        assert only(parse("cloudevents", spelled)) == only(parse("cloudevents", self.event))
        for wrong in ("&", "bm8ganNvbg==", 7):
            assert reasons(parse("cloudevents", {**spelled, "data_base64": wrong})) == [
                "data_base64: is not JSON in base64"
            ]

    def test_an_event_without_data_is_refused(self) -> None:
        assert reasons(parse("cloudevents", {k: v for k, v in self.event.items() if k != "data"})) == [
            "data: is missing"
        ]


class TestLiteLLM:
    call: ClassVar[dict[str, Any]] = {
        "id": "chatcmpl-1",
        "litellm_call_id": "0b6-1",
        "status": "success",
        "response_cost": 0.00014,
        "custom_llm_provider": "openrouter",
        "model": "openrouter/openai/gpt-4o",
        "prompt_tokens": 10,
        "completion_tokens": 4,
        "startTime": 1795176000.1,
        "end_user": "u-1",
        "cache_hit": False,
        "stream": True,
        "metadata": {"user_api_key_alias": "team-a", "usage_object": {"prompt_tokens": 10, "completion_tokens": 4}},
    }

    def test_its_cost_is_an_estimate_and_never_what_openrouter_reported(self) -> None:
        told = only(parse("litellm", [self.call]))
        assert (told.estimated_pusd, told.reported_pusd) == (units_of("0.00014"), None)
        assert (told.generation_id, told.model, told.provider) == ("0b6-1", "openai/gpt-4o", None)
        assert (told.input_tokens, told.output_tokens, told.external_user) == (10, 4, "u-1")
        assert (told.started_at_ms, told.streamed, told.api_key_name) == (1795176000100, True, "team-a")

    def test_its_id_is_the_generation_only_when_openrouter_gave_it(self) -> None:
        assert only(parse("litellm", {**self.call, "id": "gen-1795176000-a"})).generation_id == "gen-1795176000-a"

    def test_a_response_whose_id_litellm_has_sealed_says_so(self) -> None:
        """As LiteLLM 1.110 logs a streamed one: Broadcast tells of the same generation under its own id."""
        sealed = {**self.call, "id": "resp_vTR8Dlx-QLPAH_O_jcJ0LvWDvC9J6ngbVspLCcMvTZw", "call_type": "aresponses"}
        assert only(parse("litellm", sealed)).flags == (SEALED_ID,)
        assert only(parse("litellm", {**sealed, "custom_llm_provider": "azure"})).flags == ()
        header = {"additional_headers": {"llm_provider-x-generation-id": "gen-1795176000-a"}}
        assert only(parse("litellm", {**sealed, "hidden_params": header})).flags == ()

    def test_another_provider_keeps_its_name(self) -> None:
        told = only(parse("litellm", {**self.call, "custom_llm_provider": "azure", "model": "gpt-4o"}))
        assert (told.model, told.provider) == ("gpt-4o", "azure")

    @pytest.mark.parametrize(
        "no_event",
        [{"status": "failure"}, {"cache_hit": True}, {"cache_hit": "True"}, {"model": "litellm-mock-response-model"}],
    )
    def test_failures_cache_hits_and_tests_cost_nothing_and_are_no_events(self, no_event: dict[str, Any]) -> None:
        parsed = parse("litellm", [{**self.call, **no_event}, self.call])
        assert (len(parsed.observations), parsed.ignored, parsed.refusals) == (1, 1, [])

    def test_lines_list_and_single_are_the_same(self) -> None:
        calls = [self.call, {**self.call, "litellm_call_id": "0b6-2"}]
        lines = b"\n".join(json.dumps(call).encode() for call in calls)
        for body in (calls, lines, json.dumps(calls, indent=1).encode()):
            assert [told.generation_id for told in parse("litellm", body).observations] == ["0b6-1", "0b6-2"]
        assert only(parse("litellm", self.call)).generation_id == "0b6-1"

    def test_a_broken_line_among_good_ones_makes_the_body_unreadable(self) -> None:
        with pytest.raises(Unreadable):
            parse("litellm", json.dumps(self.call).encode() + b"\n{")


class TestFlat:
    event: ClassVar[dict[str, Any]] = {
        "api_key": "sk-or-v1-0123456789",
        "model": "openai/gpt-4o",
        "tokens_used": 330,
        "cost": 0.0011,
        "timestamp": "2026-11-20T12:00:00Z",
        "external_user": "u-1",
        "request_id": "gen-1795176000-a",
    }

    def test_tokens_are_not_split_by_guess(self) -> None:
        parsed = parse("flat", self.event)
        told = only(parsed)
        assert (told.input_tokens, told.output_tokens) == (330, None)
        assert (told.reported_pusd, told.started_at_ms) == (units_of("0.0011"), 1795176000000)
        assert parsed.api_key == "sk-or-v1-0123456789"

    def test_without_request_id_the_same_event_has_the_same_name(self) -> None:
        nameless = {**self.event, "request_id": None}
        first, again = only(parse("flat", nameless)), only(parse("flat", dict(reversed(nameless.items()))))
        other = only(parse("flat", {**nameless, "timestamp": "2026-11-20T12:00:01Z"}))
        assert first.generation_id == again.generation_id != other.generation_id
        assert "sk-or" not in first.generation_id

    @pytest.mark.parametrize(
        ("wrong", "reason"),
        [
            ({"model": None}, "model: is missing"),
            ({"tokens_used": None, "cost": None}, "tokens_used: is missing, and so is cost"),
            (
                {"request_id": None, "timestamp": None},
                "request_id: is missing, and without a timestamp a redelivery could not be recognised",
            ),
        ],
    )
    def test_what_is_wrong_is_named(self, wrong: dict[str, Any], reason: str) -> None:
        assert reasons(parse("flat", {**self.event, **wrong})) == [reason]


class TestGeneration:
    record: ClassVar[dict[str, Any]] = {
        "id": "gen-x7",
        "created_at": "2026-07-15T23:33:19.433273+00:00",
        "model": "mistralai/small",
        "provider_name": "Mistral",
        "total_cost": 0.0015,
        "usage": 0.0015,
        "upstream_inference_cost": 0.0012,
        "is_byok": False,
        "tokens_prompt": 9,
        "tokens_completion": 24,
        "native_tokens_prompt": 10,
        "native_tokens_completion": 25,
        "native_tokens_reasoning": 5,
        "native_tokens_cached": 3,
        "streamed": True,
        "cancelled": False,
        "finish_reason": "stop",
        "external_user": "user-123",
    }

    def test_the_native_counts_are_the_billed_ones(self) -> None:
        told = only(parse("generation", {"data": self.record}))
        assert (told.input_tokens, told.output_tokens, told.reasoning_tokens, told.cached_tokens) == (10, 25, 5, 3)
        assert (told.reported_pusd, told.upstream_pusd) == (units_of("0.0015"), None)
        assert (told.external_user, told.streamed, told.cancelled) == ("user-123", True, False)
        assert told.started_at_ms == 1784158399433

    def test_an_own_key_and_missing_native_counts(self) -> None:
        record = {**self.record, "is_byok": True, "native_tokens_prompt": None}
        told = only(parse("generation", {"data": record}))
        assert (told.upstream_pusd, told.input_tokens) == (units_of("0.0012"), 9)

    def test_a_record_without_cost_is_refused(self) -> None:
        record = {**self.record, "total_cost": None, "usage": None}
        assert reasons(parse("generation", {"data": record})) == ["total_cost: is missing"]


class TestActivityCsv:
    header = "generation_id,created_at,cost_total,tokens_prompt,tokens_completion,tokens_cached,model_permaslug,user,x"
    line = "gen-a,2026-04-13T10:00:00Z,0.12,10,20,1,openai/gpt-4o-mini,user-1,?"

    def test_columns_are_found_by_name_in_any_order(self) -> None:
        told = only(parse("activity-csv", f"{self.header}\n{self.line}\n".encode()))
        names, cells = self.header.split(",")[::-1], self.line.split(",")[::-1]
        assert only(parse("activity-csv", f"{','.join(names)}\n{','.join(cells)}\n".encode())) == told
        assert (told.input_tokens, told.output_tokens, told.cached_tokens) == (10, 20, 1)
        assert (told.reported_pusd, told.model, told.external_user) == (
            units_of("0.12"),
            "openai/gpt-4o-mini",
            "user-1",
        )

    def test_an_own_key_is_known_by_its_upstream_cost(self) -> None:
        body = f"{self.header},byok_usage_inference\n{self.line},0.5\n{self.line},0\n"
        own, ours = parse("activity-csv", body.encode()).observations
        assert (own.is_byok, own.upstream_pusd) == (True, units_of("0.5"))
        assert (ours.is_byok, ours.upstream_pusd) == (None, None)

    def test_a_broken_line_is_refused_alone(self) -> None:
        body = f"{self.header}\n{self.line}\ngen-b,soon,0.1,1,1,,m,u,?\n{self.line},extra\ngen-c,,,,,,,,\n"
        parsed = parse("activity-csv", body.encode())
        assert len(parsed.observations) == 1
        assert [(refusal.index, refusal.reason.split(":")[0]) for refusal in parsed.refusals] == [
            (1, "created_at"),
            (2, "line"),
            (3, "cost_total"),
        ]

    @pytest.mark.parametrize(
        "saved",
        [
            "generation_id;created_at;cost_total;tokens_prompt;x\ngen-a;2026-04-13T10:00:00Z;0,12;10;a,b\n",
            "sep=;\r\ngeneration_id;created_at;cost_total;tokens_prompt\r\ngen-a;2026-04-13 10:00;0,12;10\r\n",
            "\ufeffgeneration_id\tcreated_at\tcost_total\ttokens_prompt\ngen-a\t2026-04-13 10:00\t0,12\t10\n",
            'Generation_ID, Created_At, Cost_Total, Tokens_Prompt, x\ngen-a,2026-04-13 10:00,0.12,10,"two\nlines"\n',
        ],
    )
    def test_what_a_spreadsheet_makes_of_it_is_still_the_export(self, saved: str) -> None:
        told = only(parse("activity-csv", saved.encode()))
        assert (told.generation_id, told.input_tokens) == ("gen-a", 10)
        assert (told.reported_pusd, told.started_at_ms) == (units_of("0.12"), 1776074400000)

    def test_between_commas_a_comma_is_no_point(self) -> None:
        body = 'generation_id,created_at,cost_total\ngen-a,2026-04-13T10:00:00Z,"1,234"\n'
        assert reasons(parse("activity-csv", body.encode())) == ["cost_total: is not a number"]

    def test_another_table_is_told_apart(self) -> None:
        with pytest.raises(Unreadable, match="no column generation_id"):
            parse("activity-csv", b"date,usage\n2026-01-01,3\n")
        with pytest.raises(Unreadable, match="UTF-8"):
            parse("activity-csv", b"\xff\xfe")
        with pytest.raises(Unreadable, match="not CSV"):
            parse("activity-csv", f'{self.header}\n"{"x" * 200_000}"'.encode())
