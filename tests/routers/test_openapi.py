"""The API's page says what the API does."""

from __future__ import annotations

from typing import Any

import pytest
from fastapi.testclient import TestClient

from routers import ROUTERS
from tests.routers.callers import token_of


@pytest.fixture
def schema(api: TestClient) -> dict[str, Any]:
    answered: dict[str, Any] = api.get("/openapi.json").json()
    return answered


def test_every_refusal_is_described_as_it_is(schema: dict[str, Any]) -> None:
    assert "HTTPValidationError" not in schema["components"]["schemas"], "FastAPI's own shape is not what we answer"
    for path, operations in schema["paths"].items():
        for method, operation in operations.items():
            described = set(operation["responses"])
            assert described & {"4XX", "400", "401", "422"}, f"{method} {path}"
            for status in described - {"200", "201", "204"}:
                assert list(operation["responses"][status]["content"]) == ["application/json"], f"{method} {path}"


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/api/v1/lake/reporting.sql", "text/plain"),
        ("/api/v1/lake/open/{relation}.parquet", "application/vnd.apache.parquet"),
        ("/api/v1/lake/files/{kind}/{folder}/{name}", "application/vnd.apache.parquet"),
    ],
)
def test_what_is_no_json_is_described_as_what_it_is(schema: dict[str, Any], path: str, kind: str) -> None:
    assert list(schema["paths"][path]["get"]["responses"]["200"]["content"]) == [kind]


def test_a_real_refusal_fits_its_description(api: TestClient, schema: dict[str, Any]) -> None:
    fields = schema["components"]["schemas"]["Problem"]["properties"].keys()
    for answer in (
        api.get("/api/v1/clients"),
        api.post("/auth/login", json={}),
        api.post("/auth/link", json={"link": "x"}),
        api.get("/no-such-page"),
    ):
        assert answer.status_code >= 400
        assert answer.json().keys() <= fields
        assert answer.json()["error"]


def test_every_endpoint_has_a_name_of_its_own_and_a_sentence(schema: dict[str, Any]) -> None:
    operations = [operation for each in schema["paths"].values() for operation in each.values()]
    names = [operation["operationId"] for operation in operations]
    assert len(names) == len(set(names))
    assert all(operation.get("summary") for operation in operations)


def test_no_endpoint_hides_from_the_walk(schema: dict[str, Any]) -> None:
    """tests/routers/test_every_endpoint.py asks what stands here."""
    for router in ROUTERS:
        for route in router.routes:
            assert route.path in schema["paths"], route  # type: ignore[attr-defined]


@pytest.mark.parametrize("path", ["/api/v1/admin/quarantine/9" + "9" * 20])
def test_a_number_that_no_ledger_holds_is_refused_and_no_bug(api: TestClient, path: str) -> None:
    operator = token_of(api.app.state.installation, "operator", None)  # type: ignore[attr-defined]
    assert api.get(path, headers=operator).status_code == 422


def test_a_download_says_of_which_kinds_it_can_be(schema: dict[str, Any]) -> None:
    assert set(schema["paths"]["/api/v1/export"]["get"]["responses"]["200"]["content"]) == {
        "text/csv",
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        "application/vnd.apache.parquet",
    }


def test_every_answer_that_is_one_says_of_which_kind(schema: dict[str, Any]) -> None:
    silent = [
        f"{method} {path} {status}"
        for path, methods in schema["paths"].items()
        for method, operation in methods.items()
        for status, answer in operation["responses"].items()
        if status.startswith("2") and status != "204" and not answer.get("content")
    ]
    assert silent == []
