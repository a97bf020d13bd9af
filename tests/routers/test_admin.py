from __future__ import annotations

from typing import Any

import pytest
from fastapi.testclient import TestClient

from mai_core.days import DAY_MS
from mai_core.installation import Installation
from mai_core.intake.booking import book
from mai_core.intake.delivery import kept_observation
from mai_core.model import Rank
from mai_core.money import units_of
from mai_core.settings import Settings
from mai_core.store import clients, dicts, ledger, people, quarantine, rating_books
from tests.builders import CLIENT, NOON, make_arrival, make_client, make_observation
from tests.routers.callers import FOREIGN, Headers, bearer, make_account, token_of

ANNA = f"{CLIENT}_user_11112222"


@pytest.fixture
def operator(installation: Installation) -> Headers:
    make_client(installation.store)
    return token_of(installation, "operator")


def actions(installation: Installation) -> list[str]:
    with installation.store.read() as db:
        return [row["action"] for row in dicts(db, "SELECT action FROM audit_log ORDER BY id")]


class TestClients:
    def test_a_client_is_onboarded_with_its_terms(self, api: TestClient, operator: Headers) -> None:
        body = {
            "name": "Beta SA", "markup_rate": "1.25", "monthly_limit": 500, "timezone": "Europe/London",
            "fx_policy": "period_end", "openrouter_api_key": "sk-or-v1-secret-of-beta", "byok_include_upstream": True,
        }  # fmt: skip
        made = api.post("/api/v1/admin/clients", json=body, headers=operator)
        assert made.status_code == 201
        shown = made.json()
        assert (shown["markup_rate"], shown["monthly_limit"], shown["timezone"]) == ("1.25", "500", "Europe/London")
        assert (shown["fx_policy"], shown["has_openrouter_key"], shown["byok_include_upstream"]) == (
            "period_end", True, True,
        )  # fmt: skip
        assert shown["markups"] == [
            {"markup": "1.25", "since": None, "set_by": "token 1 operator of mai_client_63a4eb6d"}
        ]
        assert "secret-of-beta" not in made.text
        assert shown["id"].startswith("mai_client_")
        assert api.post("/api/v1/admin/clients", json=body, headers=operator).status_code == 409

    @pytest.mark.parametrize(
        ("change", "field"),
        [
            ({"markup_rate": 0}, "markup_rate"),
            ({"markup_rate": "1e9999"}, "markup_rate"),
            ({"monthly_limit": -1}, "monthly_limit"),
            ({"timezone": "Mars/Olympus"}, "timezone"),
            ({"fx_policy": "weekly"}, "fx_policy"),
            ({"name": ""}, "name"),
            ({"markup": 2}, "markup"),
            ({"markup_from": "2026-11-01"}, "markup_from"),
            ({"markup_rate": 2, "markup_from": "soon"}, "markup_from"),
        ],
    )
    def test_a_wrong_value_is_refused_by_the_name_of_its_field(
        self, api: TestClient, operator: Headers, change: dict[str, Any], field: str
    ) -> None:
        answer = api.patch(f"/api/v1/admin/clients/{CLIENT}", json=change, headers=operator)
        assert answer.status_code == 422
        assert field in answer.json()["error"]

    def test_a_polish_page_is_told_in_polish(self, api: TestClient, operator: Headers) -> None:
        polish = {**operator, "Accept-Language": "pl"}
        url = f"/api/v1/admin/clients/{CLIENT}"
        answers = [
            api.patch(url, json={"timezone": "Mars"}, headers=polish).json(),
            api.patch(url, json={"markup_rate": 0}, headers=polish).json(),
            api.post("/api/v1/admin/clients/nobody/close", headers=polish).json(),
        ]
        assert [answer["error"] for answer in answers] == [
            "Strefa czasowa: 'Mars' nie jest strefą czasową IANA, taką jak Europe/Warsaw",
            "Narzut: musi być większe niż 0",
            "nie ma klienta 'nobody'",
        ]

    def test_a_markup_counts_from_the_day_that_was_agreed(self, api: TestClient, operator: Headers) -> None:
        body = {"markup_rate": "1.5", "markup_from": "2026-11-01"}
        shown = api.patch(f"/api/v1/admin/clients/{CLIENT}", json=body, headers=operator).json()
        assert [(row["markup"], row["since"]) for row in shown["markups"]] == [
            ("1.3", None),
            ("1.5", "2026-10-31T23:00:00Z"),
        ]

    def test_a_markup_that_was_agreed_for_a_day_is_shown_from_that_day_on(
        self, api: TestClient, operator: Headers, installation: Installation
    ) -> None:
        now_ms = installation.now_ms()
        with installation.store.write() as db:
            agreed_ms, since_ms = now_ms - 2 * DAY_MS, now_ms - DAY_MS
            clients.update(db, agreed_ms, CLIENT, {"markup_rate": "1.5"}, markup_from_ms=since_ms)
        [listed] = api.get("/api/v1/admin/clients", headers=operator).json()
        assert listed["markup_rate"] == "1.5"
        back = api.patch(f"/api/v1/admin/clients/{CLIENT}", json={"markup_rate": "1.3"}, headers=operator).json()
        assert back["markup_rate"] == "1.3"
        assert [row["markup"] for row in back["markups"]] == ["1.3", "1.5", "1.3"]

    def test_a_time_zone_is_that_of_the_pages_from_the_midnight_from_which_it_counts(
        self, api: TestClient, operator: Headers
    ) -> None:
        api.patch(f"/api/v1/admin/clients/{CLIENT}", json={"timezone": "Asia/Kolkata"}, headers=operator)
        [seen] = api.get("/api/v1/clients", headers=operator).json()
        assert (seen["timezone"], seen["zone_now"]) == ("Asia/Kolkata", "Europe/Warsaw")

    def test_a_null_takes_an_agreement_back(self, api: TestClient, operator: Headers) -> None:
        url = f"/api/v1/admin/clients/{CLIENT}"
        api.patch(url, json={"monthly_limit": 10, "billing_email": "ap@acme.example"}, headers=operator)
        shown = api.patch(url, json={"monthly_limit": None, "markup_rate": None, "name": None}, headers=operator).json()
        assert (shown["monthly_limit"], shown["markup_rate"], shown["billing_email"]) == (None, None, "ap@acme.example")
        assert shown["name"] == "Acme sp. z o.o."

    def test_closing_and_reopening(self, api: TestClient, operator: Headers, installation: Installation) -> None:
        url = f"/api/v1/admin/clients/{CLIENT}"
        assert api.post(f"{url}/close", headers=operator).json()["is_active"] is False
        assert api.post(f"{url}/reopen", headers=operator).json()["is_active"] is True
        assert actions(installation).count("client.update") == 2
        assert api.post("/api/v1/admin/clients/nobody/close", headers=operator).status_code == 404


class TestPeople:
    def test_what_an_operator_writes_stands_against_the_machine(
        self, api: TestClient, operator: Headers, installation: Installation
    ) -> None:
        with installation.store.write() as db:
            people.ensure_mapping(db, NOON, CLIENT, ANNA, "user-1")
        change = {"client_org_id": CLIENT, "user_id": "user-1", "name": "Anna Nowak", "department": "Finanse"}
        assert api.patch("/api/v1/admin/people", json=change, headers=operator).json()["name"] == "Anna Nowak"
        told = {
            "people": [{"user_id": "user-1", "external_user": ANNA, "name": "anna n.", "groups": ["IT"]}],
            "client": CLIENT,
        }
        assert api.post("/api/v1/directory", json=told, headers=operator).json() == {"taken": 1}
        [person] = api.get("/api/v1/people", params={"client": CLIENT}, headers=operator).json()
        assert (person["name"], person["department"], person["external_user"]) == ("Anna Nowak", "Finanse", ANNA)

    def test_an_erased_person_stays_erased_and_the_amounts_stay(
        self, api: TestClient, operator: Headers, installation: Installation, settings: Settings
    ) -> None:
        told = {"people": [{"user_id": "user-1", "external_user": ANNA, "name": "Anna Nowak"}], "client": CLIENT}
        api.post("/api/v1/directory", json=told, headers=operator)
        with installation.store.write() as db:
            book(db, rating_books.load(db, settings), [make_arrival(external_user=ANNA)], NOON, outbox=False)
            before = dicts(db, "SELECT * FROM usage_daily")
        key = {"client_org_id": CLIENT, "user_id": "user-1"}
        assert api.post("/api/v1/admin/people/erase", json=key, headers=operator).status_code == 204
        api.post("/api/v1/directory", json=told, headers=operator)
        [person] = api.get("/api/v1/people", params={"client": CLIENT}, headers=operator).json()
        assert (person["name"], person["external_user"]) == (None, ANNA)
        with installation.store.read() as db:
            assert dicts(db, "SELECT * FROM usage_daily") == before
            assert "Anna" not in str(dicts(db, "SELECT * FROM audit_log"))
        assert api.post("/api/v1/admin/people/erase", json={**key, "user_id": "x"}, headers=operator).status_code == 404


class TestDirectory:
    def test_a_way_in_tells_only_its_own_client(
        self, api: TestClient, operator: Headers, installation: Installation
    ) -> None:
        make_client(installation.store, FOREIGN, name="Foreign")
        made = api.post(
            "/api/v1/admin/webhook-credentials", json={"label": "owui", "client_org_id": CLIENT}, headers=operator
        )
        secret = bearer(made.json()["secret"])
        entry = {
            "user_id": "user-1",
            "external_user": ANNA,
            "name": "Anna",
            "email": "a@acme.example",
            "groups": [" ", "HR"],
        }
        assert api.post("/api/v1/directory", json={"people": [entry]}, headers=secret).status_code == 200
        assert (
            api.post("/api/v1/directory", json={"people": [entry], "client": FOREIGN}, headers=secret).status_code
            == 404
        )
        [person] = api.get("/api/v1/people", params={"client": CLIENT}, headers=operator).json()
        assert person["department"] == "HR"

    def test_a_token_needs_the_scope_by_name(
        self, api: TestClient, operator: Headers, installation: Installation
    ) -> None:
        body = {"people": [{"user_id": "user-1", "external_user": ANNA}]}
        assert api.post("/api/v1/directory", json=body, headers=token_of(installation, "manager")).status_code == 403
        scoped = token_of(installation, "manager", scopes=("directory",))
        assert api.post("/api/v1/directory", json=body, headers=scoped).status_code == 200

    def test_who_belongs_to_nobody_is_refused_and_nothing_is_stored(self, api: TestClient, operator: Headers) -> None:
        body = {"people": [{"user_id": "u", "external_user": ANNA}, {"user_id": "u", "external_user": "stranger"}]}
        answer = api.post("/api/v1/directory", json=body, headers=operator)
        assert answer.status_code == 422
        assert answer.json()["field"] == "people[1].external_user"
        assert api.get("/api/v1/people", params={"client": CLIENT}, headers=operator).json() == []

    def test_the_external_id_is_made_of_a_uuid(self, api: TestClient, operator: Headers) -> None:
        user_id = "7a3f8f1e-54b5-4d44-b3b4-1f35b3e7c001"
        body = {"people": [{"user_id": user_id}], "client": CLIENT}
        assert api.post("/api/v1/directory", json=body, headers=operator).status_code == 200
        [person] = api.get("/api/v1/people", params={"client": CLIENT}, headers=operator).json()
        assert person["external_user"].startswith(f"{CLIENT}_user_")
        body["people"] = [{"user_id": "no uuid"}]
        assert api.post("/api/v1/directory", json=body, headers=operator).status_code == 422


class TestAccounts:
    def test_role_and_client_have_to_fit(self, api: TestClient, operator: Headers, installation: Installation) -> None:
        account = make_account(installation)
        url = f"/api/v1/admin/accounts/{account['id']}"
        for change, field in (
            ({"role": "operator"}, "client_org_id"),
            ({"client_org_id": None}, "client_org_id"),
            ({"client_org_id": "nobody"}, "client_org_id"),
            ({"role": None}, "role"),
            ({"name": "x\ny"}, "name"),
        ):
            answer = api.patch(url, json=change, headers=operator)
            assert (answer.status_code, answer.json()["field"]) == (422, field)
        changed = api.patch(url, json={"role": "accountant", "client_org_id": None}, headers=operator).json()
        assert (changed["role"], changed["client_org_id"]) == ("accountant", None)

    @pytest.mark.parametrize(
        "email", ["", "no-at", "a@b", "a b@c.de", "a@c.de\nBcc: x@y.zz", "<a@c.de>", "=?utf-8?q?x=40y=2ezz=2c?=@c.de"]
    )
    def test_what_is_no_address_is_refused(self, api: TestClient, operator: Headers, email: str) -> None:
        answer = api.post("/api/v1/admin/accounts/invite", json={"email": email, "role": "operator"}, headers=operator)
        assert answer.status_code == 422

    def test_an_account_with_a_password_is_not_invited_again(
        self, api: TestClient, operator: Headers, installation: Installation
    ) -> None:
        make_account(installation)
        body = {"email": "anna@acme.example", "role": "manager", "client_org_id": CLIENT}
        assert api.post("/api/v1/admin/accounts/invite", json=body, headers=operator).status_code == 409

    def test_no_reset_link_for_a_disabled_account(
        self, api: TestClient, operator: Headers, installation: Installation
    ) -> None:
        account = make_account(installation)
        api.patch(f"/api/v1/admin/accounts/{account['id']}", json={"is_active": False}, headers=operator)
        assert api.post(f"/api/v1/admin/accounts/{account['id']}/reset-link", headers=operator).status_code == 422
        assert api.post("/api/v1/admin/accounts/999/reset-link", headers=operator).status_code == 404


class TestTokens:
    def test_a_token_is_shown_once(self, api: TestClient, operator: Headers) -> None:
        body = {"name": "export", "role": "manager", "client_org_id": CLIENT, "scopes": ["read"], "days": 30}
        made = api.post("/api/v1/admin/tokens", json=body, headers=operator).json()
        listed = api.get("/api/v1/admin/tokens", headers=operator)
        assert made["token"] not in listed.text
        assert listed.json()[-1]["scopes"] == ["read"]
        assert api.get("/api/v1/clients", headers=bearer(made["token"])).status_code == 200

    @pytest.mark.parametrize(
        "change",
        [{"scopes": ["everything"]}, {"days": 0}, {"client_org_id": None}, {"role": "operator"}, {"name": " "}],
    )
    def test_a_token_that_makes_no_sense_is_refused(
        self, api: TestClient, operator: Headers, change: dict[str, Any]
    ) -> None:
        body = {"name": "x", "role": "manager", "client_org_id": CLIENT, **change}
        assert api.post("/api/v1/admin/tokens", json=body, headers=operator).status_code == 422

    def test_revoking_what_is_not_there(self, api: TestClient, operator: Headers) -> None:
        assert api.delete("/api/v1/admin/tokens/999", headers=operator).status_code == 404


class TestWaysIn:
    def test_a_webhook_secret_is_shown_once_and_ends_when_revoked(self, api: TestClient, operator: Headers) -> None:
        url = "/api/v1/admin/webhook-credentials"
        made = api.post(url, json={"label": "Broadcast", "client_org_id": CLIENT}, headers=operator).json()
        listed = api.get(url, headers=operator)
        assert [row["label"] for row in listed.json()] == ["Broadcast"]
        assert made["secret"] not in listed.text
        asked = {"external_user": ANNA}
        assert api.post("/api/v1/quota/check", json=asked, headers=bearer(made["secret"])).status_code == 200
        assert api.delete(f"{url}/{made['id']}", headers=operator).status_code == 204
        assert api.post("/api/v1/quota/check", json=asked, headers=bearer(made["secret"])).status_code == 401
        assert api.delete(f"{url}/{made['id']}", headers=operator).status_code == 404
        assert api.post(url, json={"label": "x", "client_org_id": "nobody"}, headers=operator).status_code == 404

    def test_who_is_unknown_is_listed_with_what_waits(
        self, api: TestClient, operator: Headers, installation: Installation
    ) -> None:
        with installation.store.write() as db:
            for number in range(2):
                quarantine.put(
                    db, NOON, source="openrouter", client_org_id=None, reason_code="unrouted", reason="?",
                    sha256=str(number), body='{"observation": {"external_user": "stranger", "api_key_name": "Prod"}}',
                )  # fmt: skip
        [row] = api.get("/api/v1/admin/unrouted", headers=operator).json()
        assert (row["external_user"], row["api_key_name"], row["events"]) == ("stranger", "Prod", 2)

    def test_a_route_is_set_changed_and_removed(self, api: TestClient, operator: Headers) -> None:
        body = {"kind": "api_key_name", "value": "Prod", "client_org_id": CLIENT}
        assert api.put("/api/v1/admin/routes", json=body, headers=operator).json()["route"]["client_org_id"] == CLIENT
        assert [row["value"] for row in api.get("/api/v1/admin/routes", headers=operator).json()] == ["Prod"]
        params = {"kind": "api_key_name", "value": "Prod"}
        assert api.delete("/api/v1/admin/routes", params=params, headers=operator).status_code == 204
        assert api.delete("/api/v1/admin/routes", params=params, headers=operator).status_code == 404
        body["user_id"] = "user-1"
        assert api.put("/api/v1/admin/routes", json=body, headers=operator).status_code == 422

    def test_a_route_books_what_was_waiting_for_it(
        self, api: TestClient, operator: Headers, installation: Installation
    ) -> None:
        for number in range(2):
            kept = kept_observation("unrouted", make_observation(f"gen-{number}", external_user="stranger"))
            with installation.store.write() as db:
                quarantine.put(
                    db, NOON, source="openrouter", client_org_id=None, reason_code="unrouted", reason="?",
                    sha256=kept.sha256, body=kept.body,
                )  # fmt: skip
        body = {"kind": "external_user", "value": "stranger", "client_org_id": CLIENT}
        taken = api.put("/api/v1/admin/routes", json=body, headers=operator).json()
        assert (taken["replayed"], taken["still_waiting"]) == (2, 0)
        with installation.store.read() as db:
            assert ledger.is_known(db, CLIENT, "gen-0")
        assert api.get("/api/v1/admin/unrouted", headers=operator).json() == []

    def test_a_route_for_a_person_names_them(self, api: TestClient, operator: Headers) -> None:
        body = {"kind": "external_user", "value": "stranger", "client_org_id": CLIENT, "user_id": "user-7"}
        api.put("/api/v1/admin/routes", json=body, headers=operator)
        [person] = api.get("/api/v1/people", params={"client": CLIENT}, headers=operator).json()
        assert (person["external_user"], person["user_id"]) == ("stranger", "user-7")


class TestConflicts:
    @pytest.fixture
    def conflict(self, operator: Headers, installation: Installation, settings: Settings) -> dict[str, Any]:
        """Two deliveries of one rank disagree: ten or twelve cents."""
        with installation.store.write() as db:
            rating_book = rating_books.load(db, settings)
            for cost in ("0.10", "0.12"):
                book(db, rating_book, [make_arrival(cost=cost, rank=Rank.BROADCAST)], NOON, outbox=False)
            return dicts(db, "SELECT * FROM conflicts WHERE field = 'reported_pusd'")[0]

    def charged(self, installation: Installation) -> int:
        with installation.store.read() as db:
            event = ledger.find_event(db, CLIENT, "gen-a")
        assert event is not None
        return int(event["charged_pusd"])

    def test_the_smaller_value_stands_until_an_operator_decides(
        self, api: TestClient, operator: Headers, installation: Installation, conflict: dict[str, Any]
    ) -> None:
        [shown] = api.get("/api/v1/admin/conflicts", headers=operator).json()
        assert (shown["field"], len(shown["seen_values"])) == ("reported_pusd", 2)
        assert self.charged(installation) == units_of("0.13")
        url = f"/api/v1/admin/conflicts/{conflict['id']}/decide"
        assert api.post(url, json={"value": "99"}, headers=operator).status_code == 422
        decided = api.post(url, json={"value": str(units_of("0.12"))}, headers=operator)
        assert decided.json()["state"] == "decided"
        assert self.charged(installation) == units_of("0.156")
        assert api.get("/api/v1/admin/conflicts", headers=operator).json() == []
        assert api.post(url, json={}, headers=operator).status_code == 409
        assert "conflict.decide" in actions(installation)

    def test_without_a_value_the_standing_one_is_confirmed(
        self, api: TestClient, operator: Headers, installation: Installation, conflict: dict[str, Any]
    ) -> None:
        answer = api.post(f"/api/v1/admin/conflicts/{conflict['id']}/decide", json={}, headers=operator)
        assert answer.status_code == 200
        assert self.charged(installation) == units_of("0.13")


class TestQuotas:
    def test_set_ask_and_remove(self, api: TestClient, operator: Headers, installation: Installation) -> None:
        body = {"client_org_id": CLIENT, "external_user": ANNA, "currency": "USD", "soft": "0", "hard": "12.5"}
        shown = api.put("/api/v1/admin/quotas", json=body, headers=operator).json()
        assert (shown["soft"], shown["hard"]) == ("0", "12.5")
        manager = token_of(installation, "manager")
        assert api.get("/api/v1/quotas", headers=manager).json() == [shown]
        answer = api.post("/api/v1/quota/check", json={"external_user": ANNA}, headers=manager).json()
        assert (answer["allow"], answer["warning"], answer["decided_by"]) == (True, True, "person")
        assert (answer["limit"], answer["used"], answer["currency"]) == ("0.000000000000", "0.000000000000", "USD")
        assert answer["reason"]["en"].startswith("The warning threshold of")
        params = {"client": CLIENT, "external_user": ANNA}
        assert api.delete("/api/v1/admin/quotas", params=params, headers=operator).status_code == 204
        assert api.post("/api/v1/quota/check", json={}, headers=manager).json()["reason"]["code"] == "quota.none"

    def test_what_is_left_is_told_in_both_languages(
        self, api: TestClient, operator: Headers, installation: Installation
    ) -> None:
        api.put(
            "/api/v1/admin/quotas", json={"client_org_id": CLIENT, "currency": "PLN", "hard": 1000}, headers=operator
        )
        answer = api.post("/api/v1/quota/check", json={}, headers=token_of(installation, "manager")).json()
        assert answer["remaining"] == "1000.000000000000"
        assert "1\u00a0000,00" in answer["reason"]["pl"]
        assert "1,000.00" in answer["reason"]["en"]
        assert answer["resets_at"].endswith("Z")

    def test_a_foreign_client_is_never_asked_about(
        self, api: TestClient, operator: Headers, installation: Installation
    ) -> None:
        make_client(installation.store, FOREIGN, name="Foreign", monthly_limit="777")
        manager = token_of(installation, "manager")
        foreign = api.post("/api/v1/quota/check", json={"client": FOREIGN}, headers=manager)
        missing = api.post("/api/v1/quota/check", json={"client": "nobody"}, headers=manager)
        assert foreign.status_code == 404
        assert foreign.text == missing.text
        assert api.post("/api/v1/quota/check", json={}, headers=token_of(installation, "accountant")).status_code == 403

    def test_an_operator_names_the_client_or_the_person(
        self, api: TestClient, operator: Headers, installation: Installation
    ) -> None:
        with installation.store.write() as db:
            clients.update(db, NOON, CLIENT, {"monthly_limit": "5"})
        for question in ({"client": CLIENT}, {"external_user": ANNA}):
            answer = api.post("/api/v1/quota/check", json=question, headers=operator).json()
            assert (answer["client_org_id"], answer["decided_by"]) == (CLIENT, "client")
        answer = api.post("/api/v1/quota/check", json={"external_user": "stranger"}, headers=operator).json()
        assert (answer["allow"], answer["client_org_id"]) == (True, None)

    def test_a_closed_client_is_told_so(self, api: TestClient, operator: Headers, installation: Installation) -> None:
        api.post(f"/api/v1/admin/clients/{CLIENT}/close", headers=operator)
        answer = api.post("/api/v1/quota/check", json={}, headers=token_of(installation, "manager")).json()
        assert (answer["allow"], answer["reason"]["en"]) == (False, "This organisation is no longer served.")


class TestSettings:
    def test_the_default_markup_counts_where_none_is_agreed(self, api: TestClient, operator: Headers) -> None:
        url = "/api/v1/admin/settings"
        assert api.get(url, headers=operator).json()["effective_markup"] == "1.3"
        changed = api.patch(url, json={"default_markup_rate": 1.4}, headers=operator).json()
        assert (changed["default_markup_rate"], changed["effective_markup"]) == ("1.4", "1.4")
        keyed = api.patch(url, json={"openrouter_provisioning_key": "sk-or-v1-provisioning"}, headers=operator)
        assert (keyed.json()["has_provisioning_key"], keyed.json()["effective_markup"]) == (True, "1.4")
        assert "sk-or" not in keyed.text
        back = api.patch(url, json={"default_markup_rate": None}, headers=operator).json()
        assert (back["effective_markup"], back["has_provisioning_key"]) == ("1.3", True)
        assert api.patch(url, json={"default_markup_rate": 0}, headers=operator).status_code == 422


class TestSavedQueries:
    def test_analysts_share_queries_within_their_client(
        self, api: TestClient, operator: Headers, installation: Installation
    ) -> None:
        make_client(installation.store, FOREIGN, name="Foreign")
        analyst, rival = token_of(installation, "analyst"), token_of(installation, "analyst", FOREIGN)
        url = "/api/v1/saved-queries"
        saved = api.put(url, json={"name": "top", "sql": "SELECT 1"}, headers=analyst).json()
        again = api.put(url, json={"name": "top", "sql": "SELECT 2"}, headers=analyst).json()
        assert (again["id"], again["sql"]) == (saved["id"], "SELECT 2")
        assert api.get(url, headers=rival).json() == []
        assert api.delete(f"{url}/{saved['id']}", headers=rival).status_code == 404
        assert api.get(url, headers=token_of(installation, "manager")).status_code == 403
        assert api.delete(f"{url}/{saved['id']}", headers=analyst).status_code == 204
        assert api.get(url, params={"client": CLIENT}, headers=operator).json() == []


def test_the_trail_is_read_newest_first_page_by_page(api: TestClient, operator: Headers) -> None:
    api.post(f"/api/v1/admin/clients/{CLIENT}/close", headers=operator)
    first = api.get("/api/v1/admin/audit", params={"limit": 1}, headers=operator).json()
    assert (first[0]["action"], first[0]["before"]["is_active"], first[0]["after"]["is_active"]) == (
        "client.update", True, False,
    )  # fmt: skip
    rest = api.get("/api/v1/admin/audit", params={"before_id": first[0]["id"], "client": CLIENT}, headers=operator)
    assert [line["action"] for line in rest.json()] == ["client.create"]
