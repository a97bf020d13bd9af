"""The Open WebUI filter against the real API, both in this process."""

from __future__ import annotations

import asyncio
import itertools
import json
import logging
import sys
import types
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from api import create_app
from integrations.open_webui import mai_usage
from integrations.open_webui.mai_usage import Filter, QuotaExceeded
from mai_core import ids
from mai_core.money import units_of
from mai_core.settings import load_settings
from mai_core.store import conflicts, dicts, people, quotas, witnesses
from tests.builders import CLIENT

SECRET = "a webhook secret"
USER = {"id": "7a3f8f1e-54b5-4d44-b3b4-1f35b3e7c001", "name": "Anna Nowak", "email": "anna@acme.example"}
EXTERNAL = ids.external_user_id(CLIENT, USER["id"])
METADATA = {"chat_id": "chat-77", "message_id": "msg-1", "user_id": USER["id"]}
GENERATIONS = [f"gen-17951760{n:02}-abc" for n in (10, 20, 30)]
COSTS = {GENERATIONS[0]: "0.001", GENERATIONS[1]: "0.002", GENERATIONS[2]: "0.004"}
NOW = "2026-11-20T12:30:00Z"
OPENROUTER_LISTS = {"id": "openai/gpt-4o", "canonical_slug": "openai/gpt-4o", "pricing": {"prompt": "0.0000025"}}


@asynccontextmanager
async def running(folder: Path) -> AsyncIterator[FastAPI]:
    environment = {
        "MAI_DATA_DIR": str(folder / "data"), "CLIENT_ORG_ID": CLIENT, "ORGANIZATION_NAME": "Acme",
        "OPENROUTER_WEBHOOK_SECRET": SECRET, "MAI_CLOCK": NOW,
    }  # fmt: skip
    app = create_app(load_settings(environment, folder / ".env"))
    async with app.router.lifespan_context(app):
        yield app


def make_filter(transport: httpx.AsyncBaseTransport, folder: Path, **valves: Any) -> Filter:
    made = Filter(transport)
    given = {"quota_wait_ms": 5000, **valves}  # a busy machine is not what these tests are about
    made.valves = Filter.Valves(
        api_url="http://mai", secret=SECRET, external_user_prefix=CLIENT, spool_dir=str(folder / "spool"), **given
    )
    return made


def usage(cost: str, tokens: int = 100) -> dict[str, Any]:
    return {"prompt_tokens": tokens, "completion_tokens": 10, "total_tokens": tokens + 10, "cost": float(cost)}


def chunks(generation_id: str) -> list[dict[str, Any]]:
    base = {"id": generation_id, "model": "openai/gpt-4o", "provider": "OpenAI", "object": "chat.completion.chunk"}
    return [
        {**base, "choices": [{"delta": {"content": "secret text"}}]},
        {**base, "choices": [], "usage": usage(COSTS[generation_id])},
    ]


def outlet_body(cost: str, tokens: int) -> dict[str, Any]:
    return {
        "model": "acme-assistant", "chat_id": "chat-77", "id": "msg-1",
        "messages": [
            {"id": "u1", "role": "user", "content": "secret question"},
            {"id": "msg-1", "role": "assistant", "content": "secret text", "usage": usage(cost, tokens)},
        ],
    }  # fmt: skip


async def chat(filter_: Filter, generations: list[str], total: str) -> None:
    await filter_.inlet({"model": "acme-assistant", "messages": []}, USER, METADATA)
    for generation_id in generations:
        for chunk in chunks(generation_id):
            filter_.stream(chunk, METADATA)
    await filter_.outlet(outlet_body(total, 100 * len(generations)), USER, METADATA)
    await filter_.settle()


def broadcast(generation_id: str) -> dict[str, Any]:
    seconds = int(generation_id.split("-")[1])
    told: dict[str, dict[str, Any]] = {
        "gen_ai.operation.name": {"stringValue": "chat"},
        "gen_ai.response.id": {"stringValue": generation_id},
        "gen_ai.request.model": {"stringValue": "openai/gpt-4o"},
        "gen_ai.response.model": {"stringValue": "openai/gpt-4o"},
        "gen_ai.usage.input_tokens": {"intValue": "100"},
        "gen_ai.usage.output_tokens": {"intValue": "10"},
        "gen_ai.usage.total_cost": {"doubleValue": float(COSTS[generation_id])},
        "user.id": {"stringValue": EXTERNAL},
        "session.id": {"stringValue": "chat-77"},
    }
    span = {
        "traceId": "a" * 32, "spanId": "b" * 16, "name": "LLM Generation", "kind": 3,
        "startTimeUnixNano": str(seconds * 10**9), "endTimeUnixNano": str((seconds + 2) * 10**9),
        "attributes": [{"key": key, "value": value} for key, value in told.items()],
    }  # fmt: skip
    return {"resourceSpans": [{"scopeSpans": [{"scope": {"name": "openrouter"}, "spans": [span]}]}]}


async def send_broadcast(app: FastAPI) -> None:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://mai") as client:
        for generation_id in GENERATIONS:
            headers = {"Authorization": f"Bearer {SECRET}"}
            answer = await client.post("/webhooks/openrouter", json=broadcast(generation_id), headers=headers)
            assert answer.status_code == 200


def ledger(app: FastAPI) -> list[dict[str, Any]]:
    with app.state.installation.store.read() as db:
        return dicts(
            db, "SELECT generation_id, external_user, model, raw_pusd FROM usage_events ORDER BY generation_id"
        )


@pytest.mark.parametrize("first", ["filter", "broadcast"])
def test_a_turn_of_three_generations_is_three_events_whichever_way_in_comes_first(tmp_path: Path, first: str) -> None:
    async def story() -> None:
        async with running(tmp_path) as app:
            filter_ = make_filter(httpx.ASGITransport(app), tmp_path)
            ways: list[Callable[[], Awaitable[None]]] = [
                lambda: chat(filter_, GENERATIONS, "0.007"),
                lambda: send_broadcast(app),
            ]
            for way in ways if first == "filter" else reversed(ways):
                await way()
            events = ledger(app)
            assert [event["generation_id"] for event in events] == GENERATIONS
            assert sum(event["raw_pusd"] for event in events) == units_of("0.007")
            assert {event["external_user"] for event in events} == {EXTERNAL}
            with app.state.installation.store.read() as db:
                assert conflicts.open_conflicts(db) == []
                [witness] = witnesses.of_client(db, CLIENT)
            assert witness["generation_ids"] == GENERATIONS
            assert witness["cost_pusd"] == units_of("0.007")

    asyncio.run(story())


def test_without_broadcast_each_generation_of_a_turn_that_told_its_usage_is_recorded(tmp_path: Path) -> None:
    async def story() -> None:
        async with running(tmp_path) as app:
            filter_ = make_filter(httpx.ASGITransport(app), tmp_path)
            filter_.stream({"id": "gen-1795176040-cut", "model": "openai/gpt-4o"}, METADATA)
            await chat(filter_, GENERATIONS, "0.007")
            events = ledger(app)
            assert [(event["generation_id"], event["raw_pusd"]) for event in events] == [
                (generation_id, units_of(COSTS[generation_id])) for generation_id in GENERATIONS
            ]
            assert {(event["external_user"], event["model"]) for event in events} == {(EXTERNAL, "openai/gpt-4o")}

    asyncio.run(story())


def test_a_stream_of_the_responses_api_tells_its_generation_too(tmp_path: Path) -> None:
    async def story() -> None:
        async with running(tmp_path) as app:
            filter_ = make_filter(httpx.ASGITransport(app), tmp_path)
            response = {"id": GENERATIONS[0], "model": "openai/gpt-4o", "created_at": 1795176010}
            told = {"input_tokens": 100, "output_tokens": 10, "cost": float(COSTS[GENERATIONS[0]])}
            filter_.stream({"type": "response.created", "response": {**response, "usage": None}}, METADATA)
            filter_.stream({"type": "response.output_text.delta", "delta": "secret text"}, METADATA)
            filter_.stream({"type": "response.completed", "response": {**response, "usage": told}}, METADATA)
            await filter_.outlet(outlet_body("9.99", 100), USER, METADATA)
            await filter_.settle()
            assert [(event["generation_id"], event["raw_pusd"]) for event in ledger(app)] == [
                (GENERATIONS[0], units_of(COSTS[GENERATIONS[0]]))
            ]

    asyncio.run(story())


def test_a_plain_turn_is_recorded_without_broadcast(tmp_path: Path) -> None:
    async def story() -> None:
        async with running(tmp_path) as app:
            await chat(make_filter(httpx.ASGITransport(app), tmp_path), GENERATIONS[:1], "0.001")
            [event] = ledger(app)
            assert event == {
                "generation_id": GENERATIONS[0], "external_user": EXTERNAL, "model": "openai/gpt-4o",
                "raw_pusd": units_of("0.001"),
            }  # fmt: skip
            with app.state.installation.store.read() as db:
                [person] = people.directory(db, CLIENT)
            assert (person["external_user"], person["name"], person["email"]) == (EXTERNAL, USER["name"], USER["email"])

    asyncio.run(story())


def test_the_generations_own_usage_comes_before_the_sum_over_the_turn(tmp_path: Path) -> None:
    """Open WebUI saw a second model call of which no chunk was seen: its sum is too much for the one we know."""

    async def story() -> None:
        async with running(tmp_path) as app:
            await chat(make_filter(httpx.ASGITransport(app), tmp_path), GENERATIONS[:1], "9.99")
            assert [event["raw_pusd"] for event in ledger(app)] == [units_of("0.001")]

    asyncio.run(story())


def test_the_request_is_marked_for_openrouter_with_opaque_ids_only() -> None:
    async def story() -> None:
        filter_ = make_filter(refusing(), Path("unused"), check_quota=False, send_directory=False)
        body = await filter_.inlet({"model": "m", "trace": {"department": "finance"}}, USER, METADATA)
        assert body["user"] == EXTERNAL
        assert body["session_id"] == "chat-77"
        assert body["trace"] == {
            "source": "open-webui", "chat_id": "chat-77", "message_id": "msg-1", "department": "finance",
        }  # fmt: skip
        assert "Anna" not in json.dumps(body)

    asyncio.run(story())


@pytest.mark.parametrize("user_id", ["7a3f8f1e-54b5-4d44-b3b4-1f35b3e7c001", "00000000-0000-0000-0000-000000000005"])
def test_the_external_id_is_the_one_that_mai_usage_computes(user_id: str) -> None:
    assert mai_usage.external_user_id(CLIENT, user_id) == ids.external_user_id(CLIENT, user_id)
    assert mai_usage.prefix_from({"ORGANIZATION_NAME": "Acme"}) == ids.client_org_id("Acme")


def test_an_id_that_is_no_uuid_marks_nobody() -> None:
    assert mai_usage.external_user_id(CLIENT, "admin") is None
    assert mai_usage.external_user_id("", USER["id"]) is None


@pytest.mark.parametrize(
    ("model", "url", "marked"),
    [
        ({"urlIdx": 0}, "https://openrouter.ai/api/v1", True),
        ({"urlIdx": 0}, "https://eu.openrouter.ai/api/v1", True),
        ({"urlIdx": 0}, "https://api.openai.com/v1", False),
        ({"urlIdx": 0}, "https://notopenrouter.ai/api/v1", False),
        ({"info": {"base_model_id": "base"}}, "https://api.openai.com/v1", False),
        ({"owned_by": "ollama"}, "https://openrouter.ai/api/v1", False),
        ({"pipe": {"type": "pipe"}}, "https://openrouter.ai/api/v1", False),
        ({}, "https://openrouter.ai/api/v1", True),
        ({"urlIdx": 0, "openai": OPENROUTER_LISTS}, "https://gateway.acme.example/v1", True),
        ({"info": {"base_model_id": "listed"}}, "https://gateway.acme.example/v1", True),
        ({"urlIdx": 0, "openai": {"id": "m", "pricing": {"prompt": "0"}}}, "https://api.other.example/v1", False),
        ({"urlIdx": 0}, None, True),
    ],
)
def test_requests_to_other_servers_are_left_alone(
    monkeypatch: pytest.MonkeyPatch, model: dict[str, Any], url: str | None, marked: bool
) -> None:
    async def base_url(index: int) -> str:
        if url is None:
            raise ImportError("another Open WebUI")
        return url

    async def story() -> None:
        filter_ = make_filter(refusing(), Path("unused"), check_quota=False, send_directory=False)
        body = await filter_.inlet({"model": "m"}, USER, METADATA, model, request)
        assert ("user" in body) is marked

    monkeypatch.setattr(mai_usage, "base_url", base_url)
    state = SimpleNamespace(MODELS={"base": {"urlIdx": 1}, "listed": {"urlIdx": 1, "openai": OPENROUTER_LISTS}})
    request = SimpleNamespace(app=SimpleNamespace(state=state))
    asyncio.run(story())


@pytest.mark.parametrize(
    ("environment", "hosts"),
    [
        ({}, "openrouter.ai"),
        ({"OPENROUTER_API_URL": "https://openrouter.ai/api/v1"}, "openrouter.ai"),
        ({"OPENROUTER_API_URL": "http://localhost:9000/api/v1"}, "openrouter.ai, localhost"),
        ({"OPENROUTER_API_URL": "http://proxy:port"}, "openrouter.ai"),
    ],
)
def test_the_address_that_mai_usage_has_for_openrouter_counts_too(environment: dict[str, str], hosts: str) -> None:
    assert mai_usage.hosts_from(environment) == hosts


def test_two_requests_of_a_program_at_once_stay_two_turns() -> None:
    """Without a message id: each request has its own metadata, shared by everything that runs for it."""
    filter_ = Filter(refusing())
    one, other = {"user_id": USER["id"]}, {"user_id": USER["id"]}
    for metadata, generation_id in ((one, "gen-1"), (other, "gen-2"), (one, "gen-3")):
        filter_.stream({"id": generation_id}, metadata)
    assert list(filter_._turn(mai_usage.turn_key(one)).generations) == ["gen-1", "gen-3"]
    assert list(filter_._turn(mai_usage.turn_key(other)).generations) == ["gen-2"]


def test_certificates_are_checked_when_the_address_becomes_https() -> None:
    async def story() -> None:
        filter_ = make_filter(refusing(), Path("unused"))
        plain = await filter_._connected()
        assert await filter_._connected() is plain
        filter_.valves.api_url = "HTTPS://mai"
        assert await filter_._connected() is not plain

    asyncio.run(story())


def test_open_webui_can_load_the_file_as_one_text() -> None:
    """It executes the text in a module of its own that it forgets at once, and reads the first lines as a form."""
    source = Path(mai_usage.__file__).read_text(encoding="utf-8")
    module = types.ModuleType("function_mai_usage")
    sys.modules[module.__name__] = module
    try:
        exec(source, module.__dict__)
    finally:
        del sys.modules[module.__name__]
    loaded = module.Filter()
    assert loaded.Valves(priority=3).priority == 3
    assert "secret" in loaded.Valves.model_json_schema()["properties"]
    assert source.splitlines()[0] == '"""'
    assert "title: mAI Usage" in source.splitlines()


def refusing() -> httpx.MockTransport:
    """A network where nobody listens."""

    def refuse(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("nobody listens", request=request)

    return httpx.MockTransport(refuse)


def test_a_used_up_quota_stops_the_chat_in_the_persons_language(tmp_path: Path) -> None:
    async def story() -> None:
        async with running(tmp_path) as app:
            store = app.state.installation.store
            await send_broadcast(app)
            with store.write() as db:
                quotas.put(db, 0, "test", CLIENT, EXTERNAL, "USD", None, units_of("0.001"))
            filter_ = make_filter(httpx.ASGITransport(app), tmp_path)
            with pytest.raises(QuotaExceeded, match=r"Osobisty limit 0,0010\sUSD .* \(0,0091\sUSD\)"):
                await filter_.inlet({"model": "m"}, USER, METADATA)
            english = {**METADATA, "variables": {"{{USER_LANGUAGE}}": "en-GB"}}
            with pytest.raises(QuotaExceeded, match="personal limit"):
                await filter_.inlet({"model": "m"}, USER, english)
            assert await filter_.inlet({"model": "m"}, USER, {**METADATA, "task": "title_generation"})
            await filter_.settle()

    asyncio.run(story())


def test_a_passed_threshold_warns_and_lets_through(tmp_path: Path) -> None:
    async def story() -> None:
        shown: list[Any] = []

        async def emit(event: Any) -> None:
            shown.append(event)

        async with running(tmp_path) as app:
            await send_broadcast(app)
            with app.state.installation.store.write() as db:
                quotas.put(db, 0, "test", CLIENT, "", "USD", units_of("0.001"), None)
            filter_ = make_filter(httpx.ASGITransport(app), tmp_path, send_directory=False)
            await filter_.inlet({"model": "m"}, USER, METADATA, __event_emitter__=emit)
        assert shown[0]["data"]["type"] == "warning"
        assert "próg ostrzegawczy" in shown[0]["data"]["content"]

    asyncio.run(story())


class Sleeping(httpx.AsyncBaseTransport):
    """A server that takes the question and never answers."""

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        await asyncio.Event().wait()
        raise AssertionError("unreachable")


@pytest.mark.parametrize("network", [refusing(), Sleeping()], ids=["down", "hanging"])
def test_when_the_quota_cannot_be_asked_the_chat_goes_on(tmp_path: Path, network: httpx.AsyncBaseTransport) -> None:
    async def story() -> None:
        filter_ = make_filter(network, tmp_path, quota_wait_ms=10, send_directory=False)
        assert (await filter_.inlet({"model": "m"}, USER, METADATA))["user"] == EXTERNAL
        filter_.valves.quota_fail = "closed"
        with pytest.raises(QuotaExceeded, match="Nie udało się sprawdzić"):
            await filter_.inlet({"model": "m"}, USER, METADATA)

    asyncio.run(story())


def test_reports_wait_on_disk_while_mai_usage_is_down_and_are_sent_later(tmp_path: Path) -> None:
    async def story() -> None:
        filter_ = make_filter(refusing(), tmp_path)
        await chat(filter_, GENERATIONS[:1], "0.001")
        await chat(filter_, GENERATIONS[1:2], "0.002")
        spooled = mai_usage.waiting(tmp_path / "spool")
        assert len(spooled) == 3, "a directory entry and two turns"
        assert "secret" not in "".join(file.read_text() for file in spooled)
        async with running(tmp_path) as app:
            restarted = make_filter(httpx.ASGITransport(app), tmp_path)
            await chat(restarted, GENERATIONS[2:], "0.004")
            assert [event["generation_id"] for event in ledger(app)] == GENERATIONS
        assert mai_usage.waiting(tmp_path / "spool") == []

    asyncio.run(story())


def test_a_report_lies_on_disk_while_it_is_on_its_way(tmp_path: Path) -> None:
    on_disk: list[str] = []

    def take(request: httpx.Request) -> httpx.Response:
        on_disk.extend(file.read_text() for file in mai_usage.waiting(tmp_path / "spool"))
        return httpx.Response(200, json={})

    async def story() -> None:
        filter_ = make_filter(httpx.MockTransport(take), tmp_path, check_quota=False, send_directory=False)
        await chat(filter_, GENERATIONS[:1], "0.001")

    asyncio.run(story())
    [kept] = on_disk
    assert GENERATIONS[0] in kept
    assert mai_usage.waiting(tmp_path / "spool") == []


def test_a_folder_that_cannot_be_written_keeps_no_report_back(tmp_path: Path) -> None:
    async def story() -> None:
        (tmp_path / "spool").write_text("no folder")
        async with running(tmp_path) as app:
            await chat(make_filter(httpx.ASGITransport(app), tmp_path), GENERATIONS[:1], "0.001")
            assert [event["generation_id"] for event in ledger(app)] == GENERATIONS[:1]

    asyncio.run(story())


def test_a_wrong_secret_keeps_the_reports_until_it_is_corrected(tmp_path: Path) -> None:
    async def story() -> None:
        async with running(tmp_path) as app:
            filter_ = make_filter(httpx.ASGITransport(app), tmp_path, send_directory=False)
            filter_.valves.secret = "wrong"
            await chat(filter_, GENERATIONS[:1], "0.001")
            assert len(mai_usage.waiting(tmp_path / "spool")) == 1
            filter_.valves.secret = SECRET
            await filter_._retry()
            assert [event["generation_id"] for event in ledger(app)] == GENERATIONS[:1]

    asyncio.run(story())


def test_a_report_that_will_never_be_taken_does_not_block_the_others(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async def story() -> None:
        folder = tmp_path / "spool"
        mai_usage.spool(folder, 10, "/api/v1/completions", {"turn_id": "t", "generation_ids": "not a list"})
        (folder / "0-broken.json").write_text("{half")
        async with running(tmp_path) as app:
            await chat(make_filter(httpx.ASGITransport(app), tmp_path, send_directory=False), GENERATIONS[:1], "0.001")
            assert len(ledger(app)) == 1
        assert mai_usage.waiting(folder) == []

    with caplog.at_level(logging.ERROR, "mai_usage"):
        asyncio.run(story())
    assert "refused a report for good" in caplog.text


def test_the_spool_is_bounded_and_drops_the_oldest(tmp_path: Path) -> None:
    for number in range(5):
        mai_usage.spool(tmp_path, 3, "/x", {"number": number})
    kept = [entry["payload"]["number"] for file in mai_usage.waiting(tmp_path) if (entry := mai_usage.read_entry(file))]
    assert kept == [2, 3, 4]


def test_memory_is_bounded_however_many_turns_never_end() -> None:
    filter_ = Filter(refusing())
    for number in range(mai_usage.TURNS_REMEMBERED + 50):
        filter_.stream({"id": "gen-1", "model": "m"}, {"message_id": f"msg-{number}"})
    for number in range(mai_usage.IDS_PER_TURN + 50):
        filter_.stream({"id": f"gen-{number}"}, {"message_id": "msg-long"})
    assert len(filter_._turns) == mai_usage.TURNS_REMEMBERED
    assert len(filter_._turns["msg-long"].generations) == mai_usage.IDS_PER_TURN


STRANGE: list[Any] = [{}, {"id": 7}, {"id": "gen-1", "usage": "much"}, {"choices": None}, []]


def test_nothing_strange_breaks_a_chat(tmp_path: Path) -> None:
    async def story() -> None:
        filter_ = make_filter(refusing(), tmp_path, check_quota=False)
        for event, metadata in itertools.product(STRANGE, [None, {}, {"message_id": None}]):
            assert filter_.stream(event, metadata) is event
        for body in ({}, {"messages": None}, {"messages": [{"role": "assistant", "usage": 5}]}, {"messages": ["x"]}):
            assert await filter_.outlet(dict(body), None, None) == body
            assert await filter_.outlet(dict(body), {"id": None}, METADATA) == body
        assert await filter_.inlet({"trace": 5}, {"id": "no uuid"}, None)
        await filter_.settle()

    asyncio.run(story())


def test_without_a_secret_nothing_is_sent_and_the_log_says_so_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async def story() -> None:
        filter_ = make_filter(refusing(), tmp_path)
        filter_.valves.secret = ""
        for generation_id in GENERATIONS:
            await chat(filter_, [generation_id], "0.001")
        assert mai_usage.waiting(tmp_path / "spool") == []

    asyncio.run(story())
    assert [record.args for record in caplog.records] == [("secret",)]
