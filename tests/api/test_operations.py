"""Alive, ready, measured; every error is JSON; the OpenAPI page matches what is served."""

from __future__ import annotations

from typing import Any

import pytest
from fastapi.testclient import TestClient

from mai_core.errors import StoreUnavailable
from mai_core.store import Store
from routers import health
from tests.api.conftest import BEARER, OPERATOR, WAYS_IN, events_of, installation_of
from tests.builders import CLIENT, make_client, make_span, make_trace


def test_health_says_that_the_process_answers(api: TestClient) -> None:
    answer = api.get("/health")
    assert (answer.status_code, answer.json()) == (200, {"status": "healthy", "service": "mai-usage-api"})


def test_ready_proves_that_the_ledger_can_be_written(api: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    assert api.get("/ready").json() == {"status": "ready", "database": "writable", "queue": "has room"}

    def full(store: Store) -> None:
        raise StoreUnavailable("disk full")

    monkeypatch.setattr(Store, "prove_writable", full)
    assert api.get("/ready").status_code == 200, "the proof of a moment ago still holds"
    api.app.state.intake.writable_until = 0  # type: ignore[attr-defined]
    answer = api.get("/ready")
    assert (answer.status_code, answer.json()["database"]) == (503, "not writable")


def test_metrics_count_events_and_name_nobody(api: TestClient) -> None:
    spans = [make_span("gen-a"), make_span("gen-b", user__id="a\x00")]
    api.post("/webhooks/openrouter", json=make_trace(*spans), headers=BEARER)
    api.post("/webhooks/openrouter", json={})
    text = api.get("/metrics").text
    assert 'mai_intake_events_total{outcome="new",source="openrouter"} 1.0' in text
    assert 'mai_intake_events_total{outcome="quarantined",source="openrouter"} 1.0' in text
    assert 'mai_intake_requests_total{source="openrouter",status="401"} 1.0' in text
    assert "mai_quarantine_waiting 1.0" in text
    for personal in (CLIENT, "user_11112222", "gpt-4o", "Acme"):
        assert personal not in text


@pytest.mark.parametrize("path", ["/", "/nothing/here", "/webhooks", "/api/v1/eventz"])
def test_what_is_not_there_is_404_as_json(api: TestClient, path: str) -> None:
    answer = api.get(path)
    assert (answer.status_code, answer.json()) == (404, {"error": "Not Found"})


@pytest.mark.parametrize("path", WAYS_IN)
def test_another_method_is_405_as_json(api: TestClient, path: str) -> None:
    answer = api.get(path)
    assert (answer.status_code, answer.json()) == (405, {"error": "Method Not Allowed"})


def test_a_bug_is_answered_without_how_the_program_is_made(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from api import create_app

    with TestClient(create_app(settings), raise_server_exceptions=False) as api:
        monkeypatch.setattr(health, "_read_gauges", lambda door: 1 / 0)
        answer = api.get("/metrics")
    assert answer.status_code == 500
    assert "division" not in answer.text
    assert answer.json()["error"].startswith("unexpected error; the log has it under ")


def test_the_openapi_page_names_every_way_in_with_its_answers(api: TestClient) -> None:
    paths = api.get("/openapi.json").json()["paths"]
    for path in WAYS_IN:
        answers = paths[path]["post"]["responses"]
        assert {"400", "401", "413", "415", "503"} <= set(answers)
        assert paths[path]["post"]["requestBody"]["content"]
    assert "204" in paths["/api/v1/events"]["post"]["responses"]
    assert "put" in paths["/webhooks/openrouter"]
    assert paths["/webhooks/openrouter"]["post"]["operationId"] != paths["/webhooks/openrouter"]["put"]["operationId"]


class TestQuarantinePage:
    def quarantined(self, hub: TestClient) -> int:
        make_client(installation_of(hub).store)
        hub.post("/webhooks/openrouter", json=make_trace(make_span("gen-a", user__id="uuid-7")), headers=BEARER)
        (entry,) = hub.get("/api/v1/admin/quarantine", headers=OPERATOR).json()
        assert (entry["reason_code"], entry["state"]) == ("unrouted", "waiting")
        return int(entry["id"])

    def test_an_operator_assigns_an_event(self, hub: TestClient) -> None:
        path = f"/api/v1/admin/quarantine/{self.quarantined(hub)}"
        assert hub.get(path, headers=OPERATOR).json()["body"]["observation"]["generation_id"] == "gen-a"
        answer = hub.post(f"{path}/replay", json={"client_org_id": CLIENT}, headers=OPERATOR)
        assert answer.json() == {"new": 1, "changed": 0, "duplicates": 0}
        assert events_of(hub) == ["gen-a"]
        assert hub.post(f"{path}/replay", json={}, headers=OPERATOR).status_code == 409

    def test_an_operator_drops_an_event(self, hub: TestClient) -> None:
        path = f"/api/v1/admin/quarantine/{self.quarantined(hub)}"
        assert hub.post(f"{path}/drop", headers=OPERATOR).status_code == 204
        assert hub.get("/api/v1/admin/quarantine", headers=OPERATOR).json() == []

    def test_the_list_is_read_page_by_page(self, hub: TestClient) -> None:
        first = self.quarantined(hub)
        for number in range(4):
            span = make_span(f"gen-{number}", user__id="uuid-7")
            hub.post("/webhooks/openrouter", json=make_trace(span), headers=BEARER)
        pages, after_id = [], 0
        while page := hub.get(
            "/api/v1/admin/quarantine", params={"limit": 2, "after_id": after_id}, headers=OPERATOR
        ).json():
            pages.append([entry["id"] for entry in page])
            after_id = pages[-1][-1]
        assert pages == [[first, first + 1], [first + 2, first + 3], [first + 4]]

    def test_nobody_else_sees_it(self, api: TestClient) -> None:
        for headers in ({}, BEARER, {"Authorization": "Bearer client-token-0123456789"}):
            assert api.get("/api/v1/admin/quarantine", headers=headers).status_code in (401, 403)
        assert api.get("/api/v1/admin/quarantine/99", headers=OPERATOR).status_code == 404
