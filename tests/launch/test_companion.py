"""Beside the three processes: waits, greets, and keeps the demo's events coming."""

from __future__ import annotations

import itertools
from pathlib import Path

import httpx
import pytest
from pytest_httpserver import HTTPServer

from mai_core.installation import open_installation
from mai_core.intake.booking import book
from mai_core.launch import companion
from mai_core.settings import Settings, load_settings
from mai_core.store import rating_books
from tests.builders import CLIENT, make_arrival, make_client


def told(tmp_path: Path, server: HTTPServer, **more: str) -> Settings:
    port = str(server.port)
    environ = {"MAI_DATA_DIR": str(tmp_path), "API_PORT": port, "APP_PORT": port, "OPENROUTER_WEBHOOK_SECRET": "s3cret"}
    return load_settings({**environ, **more}, tmp_path / ".env")


def with_an_event(settings: Settings) -> None:
    house = open_installation(settings)
    make_client(house.store)
    with house.store.write() as db:
        book(db, rating_books.load(db, settings), [make_arrival()], house.now_ms(), outbox=False)
    house.close()


def asked_twice() -> object:
    """The launcher is there for two looks, then gone."""
    looks = itertools.count()
    return lambda: next(looks) >= 2


@pytest.fixture(autouse=True)
def _no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(companion.time, "sleep", lambda _: None)


def test_it_greets_when_all_answer_and_sends_events_through_the_webhook(
    tmp_path: Path, httpserver: HTTPServer, capsys: pytest.CaptureFixture[str]
) -> None:
    httpserver.expect_request("/health").respond_with_json({})
    httpserver.expect_request("/").respond_with_data("")
    httpserver.expect_request(
        "/webhooks/openrouter", method="POST", headers={"Authorization": "Bearer s3cret"}
    ).respond_with_json({})
    settings = told(tmp_path, httpserver, MAI_DEMO="true")
    with_an_event(settings)
    assert companion.accompany(settings, asked_twice()) == 0  # type: ignore[arg-type]
    said = capsys.readouterr().out
    assert f"is running:  http://127.0.0.1:{httpserver.port}" in said
    assert "Bearer s3cret" in said
    assert f'"subject":"{CLIENT}_user_11112222"' in said
    sent = [request for request, _ in httpserver.log if request.path == "/webhooks/openrouter"]
    assert len(sent) == 2
    assert f"{CLIENT}_user_11112222" in sent[0].get_data(as_text=True)


def test_a_real_installation_sends_nothing_by_itself_and_its_secret_stays_unseen(
    tmp_path: Path, httpserver: HTTPServer, capsys: pytest.CaptureFixture[str]
) -> None:
    httpserver.expect_request("/health").respond_with_json({})
    httpserver.expect_request("/").respond_with_data("")
    settings = told(tmp_path, httpserver)
    with_an_event(settings)
    assert companion.accompany(settings, asked_twice()) == 0  # type: ignore[arg-type]
    said = capsys.readouterr().out
    assert "s3cret" not in said
    assert "$OPENROUTER_WEBHOOK_SECRET" in said
    assert [request.path for request, _ in httpserver.log] == ["/health", "/"]


def test_what_does_not_come_up_is_named(
    tmp_path: Path, httpserver: HTTPServer, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(companion, "PATIENCE_S", 0)
    httpserver.expect_request("/health").respond_with_data("starting", 503)
    assert companion.accompany(told(tmp_path, httpserver), lambda: False) == 1
    assert "/health" in capsys.readouterr().err


def test_a_refused_demo_event_is_said_and_the_next_one_is_tried(
    tmp_path: Path, httpserver: HTTPServer, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = told(tmp_path, httpserver, MAI_DEMO="true")
    with_an_event(settings)
    habits = companion.read_habits(settings)
    httpserver.expect_request("/webhooks/openrouter").respond_with_data("no", 401)
    with httpx.Client() as http:
        companion.send_one(http, settings, habits, 0)
        companion.send_one(http, settings.model_copy(update={"mai_api_url": "http://127.0.0.1:9"}), habits, 0)
    said = capsys.readouterr().err
    assert "the webhook said 401" in said
    assert "does not answer" in said
