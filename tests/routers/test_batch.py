"""Triggering a batch, seeing what batches did, and filling gaps from OpenRouter by hand."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import pytest
from fastapi.testclient import TestClient

from mai_core.batch.runner import run_batch
from mai_core.installation import Installation
from mai_core.store import dicts, leases
from routers import batch
from tests.builders import CLIENT, make_client
from tests.routers.callers import token_of

TRIGGER, STATUS = "/api/admin/batch/trigger", "/api/admin/batch/status"
SYNC = "/api/v1/usage-tracking/sync/openrouter-usage"


class Launched(list[Sequence[str]]):
    """Stands in for the process that would be started; what it is started with is what these tests are about."""

    pid = 4711

    def __call__(self, arguments: Sequence[str], installation: Installation) -> Launched:
        self.append(list(arguments))
        return self


@pytest.fixture
def launched(monkeypatch: pytest.MonkeyPatch) -> Launched:
    box = Launched()
    monkeypatch.setattr(batch, "launch", box)
    return box


@pytest.mark.parametrize(
    ("wish", "arguments"),
    [
        (None, []),
        ({"date": "2026-10-14"}, ["--date", "2026-10-14"]),
        ({"from_date": "2026-10-01", "to_date": "2026-10-14"}, ["--from", "2026-10-01", "--to", "2026-10-14"]),
        ({"client_org_id": CLIENT}, ["--client", CLIENT]),
    ],
)
def test_a_trigger_starts_a_batch(
    api: TestClient, installation: Installation, launched: Launched, wish: object, arguments: list[str]
) -> None:
    make_client(installation.store)
    answer = api.post(TRIGGER, json=wish, headers=token_of(installation, "operator"))
    assert (answer.status_code, answer.json()["started"]) == (202, True)
    assert launched == [arguments]
    with installation.store.read() as db:
        assert dicts(db, "SELECT action FROM audit_log ORDER BY id DESC LIMIT 1") == [{"action": "batch.trigger"}]


@pytest.mark.parametrize(
    "wish",
    [
        {"date": "yesterday"},
        {"client_org_id": "mai_client_nobody"},
        {"date": "--help"},
        {"date": "2026-10-14", "to_date": "2026-10-15"},
        {"from_date": "2026-10-15", "to_date": "2026-10-14"},
        {"from_date": "2099-01-01"},
    ],
)
def test_a_wish_that_makes_no_sense_starts_nothing(
    api: TestClient, installation: Installation, launched: Launched, wish: dict[str, str]
) -> None:
    answer = api.post(TRIGGER, json=wish, headers=token_of(installation, "operator"))
    assert answer.status_code in (404, 422)
    assert launched == []


def test_a_second_batch_is_refused_while_one_runs(
    api: TestClient, installation: Installation, launched: Launched
) -> None:
    headers = token_of(installation, "operator")
    with installation.store.write() as db:
        leases.take(db, "daily_batch", "elsewhere:1:x", installation.now_ms(), 60_000)
    assert api.post(TRIGGER, headers=headers).status_code == 409
    assert api.get(STATUS, headers=headers).json()["running"] is True
    assert launched == []


def test_the_status_shows_runs_with_their_steps(api: TestClient, installation: Installation) -> None:
    run_batch(installation, [date(2026, 10, 14)], steps=[])
    body = api.get(STATUS, headers=token_of(installation, "operator")).json()
    assert [(run["batch_date"], run["state"], run["steps"]) for run in body["runs"]] == [("2026-10-14", "ok", [])]
    assert body["running"] is False
    assert body["next_run"]


@pytest.mark.parametrize("role", ["manager", "analyst", "accountant"])
def test_only_operators_run_and_see_batches(api: TestClient, installation: Installation, role: str) -> None:
    make_client(installation.store)
    headers = token_of(installation, role)
    assert api.post(TRIGGER, headers=headers).status_code == 403
    assert api.get(STATUS, headers=headers).status_code == 403
    assert api.post(SYNC, headers=headers).status_code == 403
    assert api.get("/api/v1/reconciliation", headers=headers).status_code == 403


def test_sync_without_the_management_key_says_what_is_missing(api: TestClient, installation: Installation) -> None:
    answer = api.post(SYNC, json={"days_back": 3}, headers=token_of(installation, "operator"))
    assert answer.status_code == 409
    assert "OPENROUTER_MANAGEMENT_KEY" in answer.text


@pytest.mark.parametrize("days", [0, 31])
def test_sync_goes_back_one_to_thirty_days(api: TestClient, installation: Installation, days: int) -> None:
    answer = api.post(SYNC, json={"days_back": days}, headers=token_of(installation, "operator"))
    assert answer.status_code == 422


def test_reconciliation_that_is_off_says_so(api: TestClient, installation: Installation) -> None:
    body = api.get("/api/v1/reconciliation", headers=token_of(installation, "operator")).json()
    assert body == {"enabled": False, "residuals": [], "days": [], "balances": []}
