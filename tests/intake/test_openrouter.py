"""OpenRouter's Broadcast: what counts as a generation, and what is read of it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from mai_core.intake import exact_json
from mai_core.intake.exact_json import Unreadable
from mai_core.intake.parsed import Parsed
from mai_core.intake.sources import SOURCES, openrouter
from mai_core.model import Observation
from mai_core.money import units_of
from tests.builders import CLIENT, NOON, make_span, make_trace

WHOLE = make_trace(
    make_span(
        "gen-1795176000-abc",
        gen_ai__response__model="deepseek/deepseek-v4",
        gen_ai__usage__input_tokens=29,
        gen_ai__usage__output_tokens=300,
        gen_ai__usage__total_tokens=329,
        gen_ai__usage__input_tokens__cached=8,
        gen_ai__usage__output_tokens__reasoning=296,
        gen_ai__usage__total_cost={"doubleValue": 0.00106674},
        gen_ai__response__finish_reasons='["length"]',
        gen_ai__response__finish_reason="length",
        session__id="chat-77",
        trace__metadata__department="finance",
        trace__metadata__openrouter__api_key_name="Open WebUI prod",
        trace__metadata__openrouter__input_unit_price=7.4e-07,
    ),
    {**make_span("gen-1795176000-abc:attempt-0"), "parentSpanId": "4e6bd17d12a13998"},
)


def parse(document: Any, **headers: str) -> Parsed:
    """Reading at once and in pieces are one and the same."""
    body = document if isinstance(document, bytes) else json.dumps(document).encode()
    parsed = SOURCES["openrouter"].parse(body, headers)
    assert headers or openrouter._parsed_in_pieces(body) == parsed
    return parsed


def only(parsed: Parsed) -> Observation:
    assert (len(parsed.observations), parsed.refusals) == (1, [])
    return parsed.observations[0]


def test_a_whole_body_as_openrouter_sends_it_makes_one_event() -> None:
    parsed = parse(WHOLE)
    told = only(parsed)
    assert parsed.ignored == 1, "the provider attempt below it is not a generation"
    assert told.generation_id == "gen-1795176000-abc"
    assert told.started_at_ms == NOON
    assert (told.model, told.provider) == ("deepseek/deepseek-v4", "OpenAI")
    assert (told.input_tokens, told.output_tokens, told.cached_tokens, told.reasoning_tokens) == (29, 300, 8, 296)
    assert told.reported_pusd == units_of("0.00106674")
    assert (told.external_user, told.session_id) == (f"{CLIENT}_user_11112222", "chat-77")
    assert (told.api_key_name, told.finish_reason) == ("Open WebUI prod", "length")


def test_a_body_in_which_everything_has_its_shape_is_read_at_once_unless_it_is_large(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    body = json.dumps(WHOLE).encode()
    expected = parse(body)
    monkeypatch.setattr(openrouter, "_parsed_in_pieces", lambda _: "in pieces")
    assert SOURCES["openrouter"].parse(body, {}) == expected
    monkeypatch.setattr(openrouter, "LARGEST_AT_ONCE", len(body) - 1)
    assert SOURCES["openrouter"].parse(body, {}) == "in pieces"


@pytest.mark.parametrize(
    "spelled", [{"intValue": 29}, {"intValue": "29"}, {"doubleValue": 29.0}, {"stringValue": "29"}]
)
def test_token_counts_come_as_numbers_or_as_texts(spelled: dict[str, Any]) -> None:
    assert only(parse(make_trace(make_span(gen_ai__usage__input_tokens=spelled)))).input_tokens == 29


def test_token_counts_have_two_names() -> None:
    old = {"gen_ai__usage__input_tokens": None, "gen_ai__usage__output_tokens": None}
    span = make_span(**old, gen_ai__usage__prompt_tokens="7", gen_ai__usage__completion_tokens=3)
    told = only(parse(make_trace(span)))
    assert (told.input_tokens, told.output_tokens) == (7, 3)


@pytest.mark.parametrize("suffix", [":generation", ":attempt-0"])
def test_child_spans_are_not_counted_even_when_they_carry_usage(suffix: str) -> None:
    child = make_span("gen-a" + suffix, name="provider attempt 1: OpenAI")
    parsed = parse(make_trace(make_span("gen-a"), {**child, "parentSpanId": "4e6bd17d12a13998"}))
    assert only(parsed).generation_id == "gen-a"
    assert parsed.ignored == 1


def test_a_root_may_have_a_parent_and_any_name_that_its_caller_chose() -> None:
    span = {**make_span("gen-a", name="nightly summaries"), "parentSpanId": "00f067aa0ba902b7"}
    assert only(parse(make_trace(span))).generation_id == "gen-a"


def test_a_span_without_a_response_id_is_no_generation() -> None:
    parsed = parse(make_trace(make_span(gen_ai__response__id=None)))
    assert (parsed.observations, parsed.refusals, parsed.ignored) == ([], [], 1)


@pytest.mark.parametrize("name", ["Test Generation", "openrouter-connection-test"])
def test_what_the_settings_page_sends_to_try_the_connection_is_not_billed(name: str) -> None:
    parsed = parse(make_trace(make_span(name=name)))
    assert (parsed.observations, parsed.refusals) == ([], [])


@pytest.mark.parametrize("document", [{}, {"resourceSpans": []}, make_trace(make_span())])
def test_nothing_under_the_test_header_is_billed(document: Any) -> None:
    parsed = parse(document, **{"x-test-connection": "true"})
    assert (parsed.observations, parsed.refusals) == ([], [])


def test_an_empty_body_under_the_test_header_is_fine() -> None:
    assert parse(b"", **{"x-test-connection": "true"}).observations == []


def test_many_spans_in_many_resources_and_scopes_all_count() -> None:
    first, second = make_trace(make_span("gen-a"), make_span("gen-b")), make_trace(make_span("gen-c"))
    second["resourceSpans"][0]["scopeSpans"].append({"spans": [make_span("gen-d")]})
    body = {"resourceSpans": first["resourceSpans"] + second["resourceSpans"]}
    assert [told.generation_id for told in parse(body).observations] == ["gen-a", "gen-b", "gen-c", "gen-d"]


def test_attributes_of_resource_and_scope_hold_for_every_span_unless_the_span_says_otherwise() -> None:
    spans = [make_span("gen-a", user__id=None), make_span("gen-b", user__id="own")]
    body = make_trace(*spans, resource={"user.id": "of resource", "session.id": "s"}, scope={"user.id": "of scope"})
    assert [(told.external_user, told.session_id) for told in parse(body).observations] == [
        ("of scope", "s"),
        ("own", "s"),
    ]


def test_exponents_are_read_exactly() -> None:
    body = json.dumps(make_trace(make_span(gen_ai__usage__total_cost={"doubleValue": "COST"})))
    told = only(parse(body.replace('"COST"', "7.4E-7").encode()))
    assert told.reported_pusd == 740_000


def test_a_number_that_nobody_can_hold_refuses_its_span_only_and_only_where_it_is_read() -> None:
    for key, reasons in (
        ("gen_ai__usage__total_cost", ["gen_ai.usage.total_cost: is not a number"]),
        ("gen_ai__usage__input_tokens", ["gen_ai.usage.input_tokens: is not a whole number"]),
        ("gen_ai__request__temperature", []),
    ):
        body = json.dumps(make_trace(make_span("gen-a"), make_span("gen-b", **{key: {"doubleValue": "HUGE"}})))
        parsed = parse(body.replace('"HUGE"', "1e9999999999999999999").encode())
        assert [bad.reason for bad in parsed.refusals] == reasons
        assert len(parsed.observations) == 2 - len(reasons)


def test_an_integer_of_five_thousand_digits_refuses_its_span_only() -> None:
    body = json.dumps(make_trace(make_span("gen-a"), make_span("gen-b", gen_ai__usage__input_tokens={"intValue": "N"})))
    parsed = parse(body.replace('"N"', "9" * 5000).encode())
    assert [told.generation_id for told in parsed.observations] == ["gen-a"]
    assert [bad.reason for bad in parsed.refusals] == ["span: is not the OTLP/JSON shape of a trace"]


def test_a_cost_is_read_digit_by_digit_and_never_through_a_float() -> None:
    body = json.dumps(make_trace(make_span(gen_ai__usage__total_cost={"doubleValue": "COST"})))
    told = only(parse(body.replace('"COST"', "1234567.123456789012").encode()))
    assert told.reported_pusd == 1_234_567_123_456_789_012


def test_open_webui_never_names_the_person_by_itself_and_the_event_counts_all_the_same() -> None:
    told = only(parse(make_trace(make_span(user__id=None))))
    assert (told.external_user, told.reported_pusd) == (None, units_of("0.1"))


def test_without_a_total_the_two_sides_make_the_cost() -> None:
    sides = {"gen_ai__usage__input_cost": 0.25, "gen_ai__usage__output_cost": 0.5}
    assert only(parse(make_trace(make_span(gen_ai__usage__total_cost=None, **sides)))).reported_pusd == units_of("0.75")
    one_side = {"gen_ai__usage__input_cost": 0.25}
    assert only(parse(make_trace(make_span(gen_ai__usage__total_cost=None, **one_side)))).reported_pusd is None


def test_cache_writes_are_the_total_or_the_sum_of_both_lifetimes() -> None:
    key = "gen_ai__usage__input_tokens__cache_write"
    parts = {f"{key}_5m": 3, f"{key}_1h": 4}
    told = only(parse(make_trace(make_span(**parts))))
    assert (told.cache_write_tokens, told.cache_write_1h_tokens) == (7, 4)
    assert only(parse(make_trace(make_span(**parts, **{key: 10})))).cache_write_tokens == 10


def test_a_request_that_the_client_left_has_no_cost_and_still_is_an_event() -> None:
    gone = {
        "gen_ai__usage__total_cost": None,
        "gen_ai__usage__input_tokens": None,
        "gen_ai__usage__output_tokens": None,
    }
    told = only(parse(make_trace({**make_span(**gone), "status": {"code": 2}})))
    assert (told.reported_pusd, told.input_tokens) == (None, None)


def test_half_an_emoji_in_a_prompt_costs_nobody_the_event() -> None:
    body = json.dumps(make_trace(make_span(gen_ai__prompt="PROMPT"))).replace("PROMPT", r"cut \ud83d")
    assert only(parse(body.encode())).started_at_ms == NOON


def test_half_an_emoji_in_a_field_that_is_read_becomes_a_replacement_character() -> None:
    for body in (make_trace(make_span(session__id="CUT")), make_trace(make_span(), resource={"session.id": "CUT"})):
        cut = json.dumps(body).replace("CUT", r"chat \ud83d")
        assert only(parse(cut.encode())).session_id == "chat \ufffd"


@pytest.mark.parametrize(
    ("told", "reason"),
    [
        ({"gen_ai__usage__input_tokens": -1}, "gen_ai.usage.input_tokens: is out of range"),
        ({"gen_ai__usage__input_tokens": "many"}, "gen_ai.usage.input_tokens: is not a whole number"),
        ({"gen_ai__usage__input_tokens": True}, "gen_ai.usage.input_tokens: is not a whole number"),
        ({"gen_ai__usage__input_tokens": 1.5}, "gen_ai.usage.input_tokens: is not a whole number"),
        ({"gen_ai__usage__input_tokens": {"intValue": 10**400}}, "gen_ai.usage.input_tokens: is out of range"),
        ({"gen_ai__usage__input_tokens": "9" * 400}, "gen_ai.usage.input_tokens: is not a whole number"),
        ({"gen_ai__usage__total_cost": -0.5}, "gen_ai.usage.total_cost: is negative"),
        ({"gen_ai__usage__total_cost": "NaN"}, "gen_ai.usage.total_cost: is not a finite number"),
        ({"gen_ai__usage__total_cost": True}, "gen_ai.usage.total_cost: is not a number"),
        ({"user__id": "a\x00b"}, "user.id: contains control characters"),
        ({"user__id": "u" * 300}, "user.id: is longer than 256 characters"),
        ({"user__id": {"stringValue": {"a": 1}}}, "user.id: is not a text"),
        ({"user__id": {"intValue": 7}}, "user.id: is not a text"),
        ({"gen_ai__response__id": {"intValue": 7}}, "gen_ai.response.id: is not a text"),
    ],
)
def test_a_value_that_cannot_be_booked_refuses_its_span_with_field_and_reason(told: Any, reason: str) -> None:
    parsed = parse(make_trace(make_span("gen-good"), make_span("gen-bad", **told), make_span("gen-also-good")))
    assert [good.generation_id for good in parsed.observations] == ["gen-good", "gen-also-good"]
    assert [(bad.index, bad.reason) for bad in parsed.refusals] == [(1, reason)]


def test_a_wrong_start_time_refuses_the_span() -> None:
    for wrong in ("soon", "1795176000", 10**40, [1]):
        parsed = parse(make_trace({**make_span(), "startTimeUnixNano": wrong}))
        assert [bad.reason.split(":")[0] for bad in parsed.refusals] == ["startTimeUnixNano"]


def test_a_refused_span_can_be_read_again_by_itself() -> None:
    parsed = parse(make_trace(make_span("gen-bad", user__id="a\x00b"), resource={"session.id": "s"}))
    again = parse(exact_json.encode(parsed.refusals[0].item))
    assert [bad.reason for bad in again.refusals] == ["user.id: contains control characters"]


@pytest.mark.parametrize(
    "wrong",
    [
        {"resourceSpans": 3},
        [],
        "text",
        {"resourceSpans": [3]},
        {"resourceSpans": [{"scopeSpans": {}}]},
        {"resourceSpans": [{"resource": {"attributes": [{"key": "user.id", "value": 3}]}, "scopeSpans": []}]},
        make_trace({"attributes": "none"}),
        make_trace(3),  # type: ignore[arg-type]
    ],
)
def test_another_shape_is_refused_where_it_is_wrong(wrong: Any) -> None:
    parsed = parse(wrong)
    assert parsed.observations == []
    assert [bad.reason.split(": ")[1] for bad in parsed.refusals] == ["is not the OTLP/JSON shape of a trace"]


@pytest.mark.parametrize("absent", [{"resourceSpans": None}, {"resourceSpans": [{}]}, make_trace({"attributes": None})])
def test_absent_parts_are_no_error(absent: Any) -> None:
    parsed = parse(absent)
    assert (parsed.observations, parsed.refusals) == ([], [])


@pytest.mark.parametrize(
    "body", [b"", b"{", b"\xff\xfe", b"NaN", b'{"resourceSpans": [' + b"[" * 10_000, b"[" * 10_000]
)
def test_what_is_no_json_is_said_to_be_unreadable(body: bytes) -> None:
    with pytest.raises(Unreadable):
        parse(body)


def test_ten_thousand_levels_are_too_deep() -> None:
    with pytest.raises(Unreadable, match="nested too deeply"):
        parse(b'{"resourceSpans": ' + b"[" * 10_000 + b"]" * 10_000 + b"}")


VIDEO_JOB = {
    "type": "video.generation.completed",
    "created_at": "2026-10-14T10:00:00Z",
    "data": {"id": "job-1", "generation_id": "gen-v", "model": "google/veo", "usage": {"cost": 0.1, "is_byok": False}},
}


def test_a_finished_video_job_is_an_event_and_a_failed_one_is_not() -> None:
    told = only(parse(VIDEO_JOB))
    assert (told.generation_id, told.model, told.reported_pusd) == ("gen-v", "google/veo", units_of("0.1"))
    assert parse({**VIDEO_JOB, "type": "video.generation.failed"}).ignored == 1
    assert [bad.reason for bad in parse({**VIDEO_JOB, "data": {}}).refusals] == ["data.usage.cost: is missing"]


def test_a_message_of_an_unknown_kind_is_refused_and_not_passed_over() -> None:
    parsed = parse({"type": "workspace.budget.reached"})
    assert [bad.reason for bad in parsed.refusals] == ["body: is neither a trace nor a video job"]
