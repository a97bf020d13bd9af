from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from fastapi.testclient import TestClient

from api import create_app
from mai_core import mail
from mai_core.identity.throttling import (
    FAILURES_PER_ACCOUNT,
    FAILURES_PER_ADDRESS,
    INVITATIONS_OF_ACCOUNT,
    WINDOW_MS,
    attempt_wait_ms,
)
from mai_core.installation import Installation
from mai_core.settings import load_settings
from tests.builders import CLIENT, make_client
from tests.routers.callers import FOREIGN, PASSWORD, Headers, bearer, make_account, session_of, token_of
from tests.routers.conftest import opened_by

ANNA = "anna@acme.example"


@pytest.fixture
def anna(installation: Installation) -> dict[str, object]:
    make_client(installation.store)
    return make_account(installation, ANNA)


def log_in(api: TestClient, email: str = ANNA, password: str = PASSWORD) -> Any:
    return api.post("/auth/login", json={"email": email, "password": password})


def audit_actions(installation: Installation) -> list[str]:
    with installation.store.read() as db:
        return [str(action) for (action,) in db.execute("SELECT action FROM audit_log ORDER BY id")]


@pytest.mark.usefixtures("anna")
def test_login_gives_a_session_that_knows_its_client(api: TestClient) -> None:
    answer = log_in(api, "  Anna@ACME.example ")
    assert answer.status_code == 200
    who = api.get("/auth/session", headers=bearer(answer.json()["token"])).json()
    assert (who["role"], who["client_org_id"], who["client_name"]) == ("manager", CLIENT, "Acme sp. z o.o.")
    assert who["expires_at"] == answer.json()["expires_at"]


@pytest.mark.usefixtures("anna")
def test_unknown_address_wrong_password_and_disabled_account_sound_the_same(
    api: TestClient, installation: Installation
) -> None:
    make_account(installation, "off@acme.example")
    with installation.store.write() as db:
        db.execute("UPDATE accounts SET is_active = 0 WHERE email = 'off@acme.example'")
    answers = [log_in(api, ANNA, "wrong"), log_in(api, "nobody@acme.example"), log_in(api, "off@acme.example")]
    assert [answer.status_code for answer in answers] == [401, 401, 401]
    assert len({answer.text for answer in answers}) == 1


@pytest.mark.usefixtures("anna")
def test_an_overlong_password_is_not_even_hashed(api: TestClient) -> None:
    assert log_in(api, password="x" * 900).status_code == 401
    assert log_in(api, password="x" * 2000).status_code == 422


@pytest.mark.usefixtures("anna")
def test_logout_ends_every_tab(api: TestClient) -> None:
    headers = bearer(log_in(api).json()["token"])
    assert api.post("/auth/logout", headers=headers).status_code == 204
    assert api.get("/auth/session", headers=headers).status_code == 401
    assert api.post("/auth/logout", headers=headers).status_code == 401


@pytest.mark.usefixtures("anna")
def test_a_session_ends_by_itself(api: TestClient, installation: Installation) -> None:
    headers = session_of(installation, ANNA)
    with installation.store.write() as db:
        db.execute("UPDATE sessions SET expires_at_ms = ?", (installation.now_ms(),))
    assert api.get("/auth/session", headers=headers).status_code == 401


@pytest.mark.usefixtures("anna")
@pytest.mark.parametrize("email", [ANNA, "nobody@acme.example"])
def test_too_many_guesses_at_one_account_have_to_wait(api: TestClient, email: str) -> None:
    for _ in range(FAILURES_PER_ACCOUNT):
        assert log_in(api, email, "wrong").status_code == 401
    refused = log_in(api, email)
    assert refused.status_code == 429
    assert 0 < int(refused.headers["retry-after"]) <= WINDOW_MS // 1000


@pytest.mark.usefixtures("anna")
def test_too_many_guesses_from_one_address_have_to_wait(api: TestClient, installation: Installation) -> None:
    with installation.store.write() as db:
        for _ in range(FAILURES_PER_ADDRESS):
            db.execute("INSERT INTO login_failures VALUES ('address 127.0.0.1', ?)", (installation.now_ms(),))
    assert log_in(api).status_code == 429


@pytest.mark.usefixtures("anna")
def test_a_good_login_forgets_the_bad_ones(api: TestClient, installation: Installation) -> None:
    for _ in range(FAILURES_PER_ACCOUNT - 1):
        log_in(api, password="wrong")
    assert log_in(api).status_code == 200
    with installation.store.read() as db:
        assert db.execute("SELECT count(*) FROM login_failures WHERE subject LIKE 'account%'").get == 0


@pytest.mark.usefixtures("anna")
def test_a_flood_of_logins_is_told_to_come_back(api: TestClient) -> None:
    """Hashing takes memory on purpose, so only so many may wait for it."""
    crowded = SimpleNamespace(statistics=lambda: SimpleNamespace(tasks_waiting=30))
    api.app.state.hashing = crowded  # type: ignore[attr-defined]
    answer = log_in(api)
    assert answer.status_code == 503
    assert answer.headers["retry-after"] == "3"


def test_the_wait_ends_when_the_oldest_failure_is_a_quarter_of_an_hour_old() -> None:
    assert attempt_wait_ms([1000, 2000], 3, 5000) == 0
    assert attempt_wait_ms([1000, 2000, 3000], 3, 5000) == WINDOW_MS - 4000
    assert attempt_wait_ms([1000, 2000, 3000], 3, WINDOW_MS + 1000) == 0


def invite(api: TestClient, headers: Headers, email: str, role: str = "manager", client: str | None = None) -> Any:
    body = {"email": email, "role": role, "client_org_id": client}
    return api.post("/api/v1/admin/accounts/invite", json=body, headers=headers)


@pytest.mark.usefixtures("anna")
def test_an_invited_colleague_sets_a_password_once(api: TestClient, installation: Installation) -> None:
    made = invite(api, session_of(installation, ANNA), "Bob@acme.example").json()
    assert (made["email"], made["sent"]) == ("bob@acme.example", False)
    secret = made["link"].partition("link=")[2]
    assert api.post("/auth/link", json={"link": secret}).json()["purpose"] == "invitation"
    session = api.post("/auth/password", json={"link": secret, "password": "long enough phrase"})
    assert session.json()["client_org_id"] == CLIENT
    assert api.get("/auth/session", headers=bearer(session.json()["token"])).status_code == 200
    assert log_in(api, "bob@acme.example", "long enough phrase").status_code == 200
    again = api.post("/auth/password", json={"link": secret, "password": "another long phrase"})
    assert again.status_code == 422
    assert "not valid any more" in again.text


@pytest.mark.usefixtures("anna")
def test_a_link_is_void_after_a_day_and_when_a_newer_one_was_made(api: TestClient, installation: Installation) -> None:
    headers = session_of(installation, ANNA)
    old = invite(api, headers, "bob@acme.example").json()["link"].partition("link=")[2]
    new = invite(api, headers, "bob@acme.example").json()["link"].partition("link=")[2]
    assert api.post("/auth/link", json={"link": old}).status_code == 422
    assert api.post("/auth/link", json={"link": new}).status_code == 200
    with installation.store.write() as db:
        db.execute("UPDATE account_links SET expires_at_ms = ?", (installation.now_ms(),))
    assert api.post("/auth/link", json={"link": new}).status_code == 422


@pytest.mark.usefixtures("anna")
def test_a_manager_invites_managers_of_the_own_client_only(api: TestClient, installation: Installation) -> None:
    make_client(installation.store, FOREIGN, name="Foreign")
    headers = session_of(installation, ANNA)
    assert invite(api, headers, "x@acme.example", "operator").status_code == 422
    assert invite(api, headers, "x@acme.example", "analyst").status_code == 422
    assert invite(api, headers, "x@acme.example", "manager", FOREIGN).status_code == 404
    assert invite(api, token_of(installation, "accountant"), "x@acme.example").status_code == 403
    assert [row["email"] for row in api.get("/api/v1/admin/accounts", headers=headers).json()] == [ANNA]


@pytest.mark.usefixtures("anna")
def test_an_invitation_that_waits_opens_to_nobody_who_may_not_give_its_role(
    api: TestClient, installation: Installation
) -> None:
    assert invite(api, token_of(installation, "operator"), "ewa@acme.example", "analyst", CLIENT).status_code == 201
    assert invite(api, session_of(installation, ANNA), "ewa@acme.example").status_code == 409
    assert invite(api, token_of(installation, "analyst"), "ewa@acme.example", "analyst").status_code == 201


@pytest.mark.usefixtures("anna")
def test_nobodys_post_box_is_filled_with_invitations(api: TestClient, installation: Installation) -> None:
    """Known or not, here or elsewhere: three within a quarter of an hour, and the fourth has to wait."""
    make_client(installation.store, FOREIGN, name="Foreign")
    make_account(installation, "rival@other.example", client=FOREIGN)
    headers = session_of(installation, ANNA)
    for address in ("fresh@other.example", "rival@other.example"):
        asked = [invite(api, headers, address) for _ in range(4)]
        assert [answer.status_code for answer in asked] == [201, 201, 201, 429]
        assert 0 < int(asked[-1].headers["Retry-After"]) <= WINDOW_MS // 1000
        assert asked[-1].json() == {"error": "too many invitations: try again in 15 min"}
    with installation.store.write() as db:
        db.execute("UPDATE login_failures SET at_ms = at_ms - ?", (WINDOW_MS,))
    assert invite(api, headers, "fresh@other.example").status_code == 201


@pytest.mark.usefixtures("anna")
def test_a_manager_invites_only_so_many_at_once_and_an_operator_as_many_as_there_are(
    api: TestClient, installation: Installation
) -> None:
    headers = session_of(installation, ANNA)
    addresses = [f"person{number}@acme.example" for number in range(INVITATIONS_OF_ACCOUNT + 1)]
    answers = [invite(api, headers, address).status_code for address in addresses]
    assert answers == [201] * INVITATIONS_OF_ACCOUNT + [429]
    operator = token_of(installation, "operator")
    assert invite(api, operator, addresses[-1], client=CLIENT).status_code == 201


@pytest.mark.usefixtures("anna")
def test_inviting_the_address_of_a_foreign_clients_account_tells_nothing(
    api: TestClient, installation: Installation
) -> None:
    make_client(installation.store, FOREIGN, name="Foreign")
    make_account(installation, "rival@other.example", client=FOREIGN)
    headers = session_of(installation, ANNA)
    foreign, fresh = invite(api, headers, "rival@other.example"), invite(api, headers, "fresh@other.example")
    assert foreign.status_code == fresh.status_code == 201
    assert foreign.json().keys() == fresh.json().keys()
    assert len(foreign.json()["link"]) == len(fresh.json()["link"])
    secret = foreign.json()["link"].partition("link=")[2]
    assert api.post("/auth/link", json={"link": secret}).status_code == 422
    assert "account.invite_of_a_foreign_address" in audit_actions(installation)


@pytest.fixture
def outbox(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str, str]]:
    sent: list[tuple[str, str, str]] = []
    monkeypatch.setattr(mail, "can_send", lambda settings: True)
    monkeypatch.setattr(mail, "send", lambda settings, to, subject, text: sent.append((to, subject, text)))
    return sent


@pytest.mark.usefixtures("anna")
def test_a_reset_is_answered_alike_for_known_and_unknown_addresses(
    api: TestClient, outbox: list[tuple[str, str, str]]
) -> None:
    answers = [api.post("/auth/reset", json={"email": email}) for email in (ANNA, "nobody@acme.example")]
    assert {answer.status_code for answer in answers} == {202}
    assert answers[0].text == answers[1].text
    assert [to for to, _, _ in outbox] == [ANNA]
    assert "Hasło można ustawić tutaj: http" in outbox[0][2]


@pytest.mark.usefixtures("anna")
def test_at_most_three_reset_mails_in_a_quarter_of_an_hour(api: TestClient, outbox: list[tuple[str, str, str]]) -> None:
    for _ in range(5):
        api.post("/auth/reset", json={"email": ANNA})
    assert len(outbox) == 3


@pytest.mark.usefixtures("anna")
def test_a_new_password_ends_the_old_sessions(
    api: TestClient, installation: Installation, outbox: list[tuple[str, str, str]]
) -> None:
    old = session_of(installation, ANNA)
    api.post("/auth/reset", json={"email": ANNA})
    secret = outbox[0][2].partition("link=")[2].split()[0]
    assert api.post("/auth/password", json={"link": secret, "password": "long enough phrase"}).status_code == 200
    assert api.get("/auth/session", headers=old).status_code == 401
    assert log_in(api).status_code == 401


def test_without_a_mail_server_a_reset_does_nothing(api: TestClient, installation: Installation, anna: Any) -> None:
    assert api.post("/auth/reset", json={"email": ANNA}).status_code == 202
    assert "account.reset_link" not in audit_actions(installation)
    assert anna["email"] == ANNA


@pytest.mark.usefixtures("anna")
def test_an_operator_hands_over_a_reset_link(api: TestClient, installation: Installation, anna: Any) -> None:
    made = api.post(f"/api/v1/admin/accounts/{anna['id']}/reset-link", headers=token_of(installation, "operator"))
    assert made.status_code == 201
    assert api.post("/auth/link", json={"link": made.json()["link"].partition("link=")[2]}).json()["purpose"] == "reset"


@pytest.mark.usefixtures("anna")
def test_changing_the_own_password_needs_the_old_one(api: TestClient, installation: Installation) -> None:
    headers = session_of(installation, ANNA)
    body = {"old_password": "wrong", "password": "long enough phrase"}
    assert api.post("/auth/password/change", json=body, headers=headers).status_code == 422
    body["old_password"] = PASSWORD
    fresh = api.post("/auth/password/change", json=body, headers=headers)
    assert fresh.status_code == 200
    assert api.get("/auth/session", headers=headers).status_code == 401
    assert api.get("/auth/session", headers=bearer(fresh.json()["token"])).status_code == 200
    body["password"] = "short"
    assert api.post("/auth/password/change", json=body, headers=bearer(fresh.json()["token"])).status_code == 422


@pytest.mark.usefixtures("anna")
def test_everybody_chooses_the_own_language(api: TestClient, installation: Installation) -> None:
    headers = session_of(installation, ANNA)
    assert api.patch("/auth/account", json={"language": "en", "digest": False}, headers=headers).status_code == 200
    who = api.get("/auth/session", headers=headers).json()
    assert (who["language"], who["digest"], who["name"]) == ("en", False, ANNA)
    assert (
        api.patch("/auth/account", json={"language": "en"}, headers=token_of(installation, "manager")).status_code
        == 403
    )


@pytest.mark.usefixtures("anna")
def test_a_disabled_account_is_out_at_once(api: TestClient, installation: Installation, anna: Any) -> None:
    headers, operator = session_of(installation, ANNA), token_of(installation, "operator")
    answer = api.patch(f"/api/v1/admin/accounts/{anna['id']}", json={"is_active": False}, headers=operator)
    assert answer.json()["is_active"] is False
    assert api.get("/auth/session", headers=headers).status_code == 401


@pytest.mark.usefixtures("anna")
def test_the_last_operator_cannot_be_locked_out(api: TestClient, installation: Installation) -> None:
    operator = make_account(installation, "op@mai.example", "operator")
    headers = token_of(installation, "operator")
    for change in ({"is_active": False}, {"role": "manager", "client_org_id": CLIENT}):
        answer = api.patch(f"/api/v1/admin/accounts/{operator['id']}", json=change, headers=headers)
        assert answer.status_code == 422
        assert "last operator" in answer.text


@pytest.mark.usefixtures("anna")
def test_every_change_leaves_a_line_in_the_audit_log(api: TestClient, installation: Installation) -> None:
    headers = bearer(log_in(api).json()["token"])
    invite(api, headers, "bob@acme.example")
    api.post("/auth/logout", headers=headers)
    actions = audit_actions(installation)
    for action in ("account.create", "account.password", "account.login", "account.invitation_link", "account.logout"):
        assert action in actions
    with installation.store.read() as db:
        trail = " ".join(str(row) for row in db.execute("SELECT * FROM audit_log"))
    assert PASSWORD not in trail
    assert headers["Authorization"].removeprefix("Bearer ") not in trail


@contextmanager
def demo(tmp_path: Path, address: str, demo: str = "true") -> Iterator[TestClient]:
    environment = {"MAI_DATA_DIR": str(tmp_path), "MAI_DEMO": demo}
    with TestClient(create_app(load_settings(environment, tmp_path / ".env")), client=(address, 1)) as api:
        make_client(opened_by(api).store)
        yield api


@pytest.mark.parametrize("role", ["operator", "accountant", "manager", "analyst"])
def test_the_demo_logs_in_by_itself(tmp_path: Path, role: str) -> None:
    with demo(tmp_path, "127.0.0.1") as api:
        token = api.get("/auth/demo-login", params={"role": role}).json()["token"]
        assert api.get("/auth/session", headers=bearer(token)).json()["role"] == role


@pytest.mark.parametrize(("address", "mode"), [("192.0.2.7", "true"), ("127.0.0.1", "false")])
def test_demo_login_is_for_demo_mode_on_this_machine(tmp_path: Path, address: str, mode: str) -> None:
    with demo(tmp_path, address, mode) as api:
        assert api.get("/auth/demo-login").status_code == 404
