"""Who sees which alert, and in which language."""

from __future__ import annotations

import pytest
from fastapi.testclient import TestClient

from mai_core.installation import Installation
from mai_core.store import alerts
from tests.alerts.test_delivery import DISK, LIMIT
from tests.builders import CLIENT, make_client
from tests.routers.callers import FOREIGN, token_of


@pytest.fixture
def found(installation: Installation) -> Installation:
    for client in (CLIENT, FOREIGN):
        make_client(installation.store, client)
    with installation.store.write() as db:
        alerts.sync(db, 0, [LIMIT, DISK])
    return installation


@pytest.mark.parametrize(
    ("role", "client", "rules"),
    [
        ("operator", CLIENT, ["disk", "limit"]),
        ("manager", CLIENT, ["limit"]),
        ("analyst", CLIENT, ["limit"]),
        ("manager", FOREIGN, []),
        ("accountant", CLIENT, []),
    ],
)
def test_who_sees_what(api: TestClient, found: Installation, role: str, client: str, rules: list[str]) -> None:
    body = api.get("/api/v1/alerts", headers=token_of(found, role, client)).json()
    assert [alert["rule"] for alert in body["alerts"]] == rules


def test_in_the_language_that_is_asked_for(api: TestClient, found: Installation) -> None:
    for language, said in (("pl", "Mało miejsca"), ("en", "Little room")):
        answer = api.get("/api/v1/alerts", params={"language": language}, headers=token_of(found, "operator"))
        assert said in answer.json()["alerts"][0]["text"]


def test_a_foreign_client_does_not_exist(api: TestClient, found: Installation) -> None:
    answer = api.get("/api/v1/alerts", params={"client": FOREIGN}, headers=token_of(found, "manager"))
    assert answer.status_code == 404
