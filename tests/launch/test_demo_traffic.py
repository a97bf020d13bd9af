"""The demo's own traffic looks like what OpenRouter sends."""

from __future__ import annotations

from random import Random

from mai_core.ids import generation_time_ms
from mai_core.launch.demo_traffic import Habit, broadcast_body, next_generation, recent_habits
from mai_core.store import Store
from tests.builders import CLIENT, NOON, make_client

HABIT = Habit(f"{CLIENT}_user_11112222", "openai/gpt-4o", "OpenAI", 100, 50, 10**9)


def attributes(body: dict) -> dict:  # type: ignore[type-arg]
    (span,) = body["resourceSpans"][0]["scopeSpans"][0]["spans"]
    return {one["key"]: next(iter(one["value"].values())) for one in span["attributes"]}


def test_a_generation_of_now_by_a_known_person() -> None:
    generation_id, body = next_generation([HABIT], Random(1), NOON)
    told = attributes(body)
    assert generation_time_ms(generation_id) == NOON // 1000 * 1000
    assert told["gen_ai.response.id"] == generation_id
    assert told["user.id"] == HABIT.external_user
    assert 0.0006 <= told["gen_ai.usage.total_cost"] <= 0.0015


def test_no_prompt_and_no_answer_is_in_the_body() -> None:
    told = attributes(broadcast_body("gen-1", NOON, HABIT))
    assert not [key for key in told if "prompt" in key or "completion" in key or key.split(".")[-1] == "input"]


def test_an_empty_ledger_has_no_habits(store: Store) -> None:
    make_client(store)
    with store.read() as db:
        assert recent_habits(db) == []
