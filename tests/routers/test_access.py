from __future__ import annotations

from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from api import create_app
from mai_core.identity.throttling import Buckets
from mai_core.installation import Installation
from mai_core.settings import load_settings
from tests.builders import CLIENT, make_client
from tests.routers.callers import FOREIGN, bearer, make_account, session_of, token_of


def test_without_a_secret_nobody_comes_in(api: TestClient) -> None:
    answer = api.get("/api/v1/clients")
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == "Bearer"


@pytest.mark.parametrize("secret", ["x", "mais_unknown", "mait_unknown", "m" * 600])
def test_a_wrong_secret_is_answered_without_a_reason(api: TestClient, secret: str) -> None:
    answer = api.get("/api/v1/clients", headers=bearer(secret))
    assert answer.status_code == 401
    assert secret not in answer.text


def test_a_manager_sees_the_own_client_only(api: TestClient, installation: Installation) -> None:
    make_client(installation.store)
    make_client(installation.store, FOREIGN, name="Foreign")
    headers = token_of(installation, "manager")
    assert [client["id"] for client in api.get("/api/v1/clients", headers=headers).json()] == [CLIENT]
    everybody = api.get("/api/v1/clients", headers=token_of(installation, "accountant")).json()
    assert {client["id"] for client in everybody} == {CLIENT, FOREIGN}


def test_a_foreign_client_answers_like_one_that_does_not_exist(api: TestClient, installation: Installation) -> None:
    make_client(installation.store)
    make_client(installation.store, FOREIGN, name="Foreign")
    headers = token_of(installation, "manager")
    foreign = api.get("/api/v1/people", params={"client": FOREIGN}, headers=headers)
    missing = api.get("/api/v1/people", params={"client": "no-such"}, headers=headers)
    assert foreign.status_code == missing.status_code == 404
    assert foreign.text == missing.text


def test_an_operator_has_to_name_the_client(api: TestClient, installation: Installation) -> None:
    make_client(installation.store)
    headers = token_of(installation, "operator")
    assert api.get("/api/v1/people", headers=headers).status_code == 422
    assert api.get("/api/v1/people", params={"client": CLIENT}, headers=headers).status_code == 200


def test_the_environments_tokens_open_the_containers_client(tmp_path: Path) -> None:
    environment = {
        "MAI_DATA_DIR": str(tmp_path), "CLIENT_ORG_ID": CLIENT,
        "MAI_OPERATOR_TOKEN": "op-token", "MAI_CLIENT_TOKEN": "mgr-token",
    }  # fmt: skip
    with TestClient(create_app(load_settings(environment, tmp_path / ".env"))) as api:
        operator = api.get("/auth/session", headers=bearer("op-token")).json()
        manager = api.get("/auth/session", headers=bearer("mgr-token")).json()
        assert api.get("/api/v1/people", headers=bearer("op-token")).status_code == 200
    assert (operator["role"], operator["client_org_id"], operator["home_client_org_id"]) == ("operator", None, CLIENT)
    assert (manager["role"], manager["client_org_id"]) == ("manager", CLIENT)


def test_an_empty_environment_token_opens_nothing(api: TestClient) -> None:
    assert api.get("/auth/session", headers={"Authorization": "Bearer "}).status_code == 401


def test_the_role_decides(api: TestClient, installation: Installation) -> None:
    make_client(installation.store)
    for role, status in (("operator", 200), ("accountant", 200), ("manager", 403), ("analyst", 403)):
        answer = api.get("/api/v1/admin/clients", headers=token_of(installation, role))
        assert answer.status_code == status, role


def test_a_token_for_reading_does_not_write(api: TestClient, installation: Installation) -> None:
    headers = token_of(installation, "operator", scopes=("read",))
    assert api.get("/api/v1/admin/clients", headers=headers).status_code == 200
    assert api.post("/api/v1/admin/clients", json={"name": "Acme"}, headers=headers).status_code == 403


def test_a_token_for_writing_makes_no_key_that_opens_more(api: TestClient, installation: Installation) -> None:
    """Neither a token without its bounds, nor a link to an account, nor a secret of the ways in."""
    make_client(installation.store)
    account = make_account(installation)
    token = {"name": "x", "role": "operator"}
    invitation = {"email": "new@acme.example", "role": "manager", "client_org_id": CLIENT}
    makers: tuple[tuple[str, str, dict[str, str]], ...] = (
        ("operator", "tokens", token),
        ("operator", "accounts/invite", invitation),
        ("analyst", "accounts/invite", invitation),
        ("operator", f"accounts/{account['id']}/reset-link", {}),
        ("operator", "webhook-credentials", {"label": "x"}),
    )
    for role, path, body in makers:
        for scopes, status in ((("write",), 403), ((), 201)):
            headers = token_of(installation, role, scopes=scopes)
            answer = api.post(f"/api/v1/admin/{path}", json=body, headers=headers)
            assert answer.status_code == status, f"{role} {path} {scopes}"
    change = {"role": "accountant", "client_org_id": None}
    bounded = token_of(installation, "operator", scopes=("write",))
    path = f"/api/v1/admin/accounts/{account['id']}"
    assert api.patch(path, json=change, headers=bounded).status_code == 403


def test_an_expired_and_a_revoked_token_are_worth_nothing(api: TestClient, installation: Installation) -> None:
    headers = token_of(installation, "operator", days=1)
    with installation.store.write() as db:
        db.execute("UPDATE api_tokens SET expires_at_ms = ?", (installation.now_ms() - 1,))
    assert api.get("/api/v1/clients", headers=headers).status_code == 401
    operator = token_of(installation, "operator")
    revoked = token_of(installation, "operator")
    number = api.get("/api/v1/admin/tokens", headers=operator).json()[-1]["id"]
    assert api.delete(f"/api/v1/admin/tokens/{number}", headers=operator).status_code == 204
    assert api.get("/api/v1/clients", headers=revoked).status_code == 401


def test_a_token_that_asks_too_often_is_told_when_to_come_back(api: TestClient, installation: Installation) -> None:
    make_client(installation.store)
    api.app.state.token_buckets = Buckets(2)
    headers, other = token_of(installation, "manager"), token_of(installation, "operator")
    assert [api.get("/api/v1/clients", headers=headers).status_code for _ in range(3)] == [200, 200, 429]
    assert int(api.get("/api/v1/clients", headers=headers).headers["retry-after"]) >= 1
    assert api.get("/api/v1/clients", headers=other).status_code == 200


def test_a_session_is_not_rate_limited(api: TestClient, installation: Installation) -> None:
    make_client(installation.store)
    make_account(installation)
    api.app.state.token_buckets = Buckets(1)
    headers = session_of(installation, "anna@acme.example")
    assert [api.get("/auth/session", headers=headers).status_code for _ in range(3)] == [200, 200, 200]


def test_a_bucket_refills_evenly() -> None:
    buckets = Buckets(60)
    assert [buckets.take("a", 0) for _ in range(61)] == [0] * 60 + [1]
    assert buckets.take("a", 500) == 1
    assert buckets.take("a", 1_000) == 0
    assert buckets.take("a", 1_000) == 1
