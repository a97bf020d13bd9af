"""The usage API of the existing system: the field names of its contract, amounts that agree to the grosz."""

from __future__ import annotations

import json
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from mai_core.conversion import Answered, RateTable
from mai_core.installation import Installation
from mai_core.reports import Reporting, Viewer
from mai_core.settings import Settings, load_settings
from mai_core.store import clients, dicts, people, rates
from tests.builders import CLIENT, make_client
from tests.routers.callers import FOREIGN, Headers, token_of

BASE = "/api/v1/usage-tracking"
READS = ("usage-summary", "usage-by-user", "usage-by-model", "subscription-billing")


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """A Wednesday afternoon in October 2026."""
    environment = {
        "MAI_DATA_DIR": str(tmp_path / "data"),
        "MAI_SECRET_KEY": "a key for tests",
        "MAI_CLOCK": "2026-10-14T13:00:00Z",
    }
    return load_settings(environment, tmp_path / ".env")


@pytest.fixture
def manager(installation: Installation) -> Headers:
    make_client(installation.store)
    return token_of(installation, "manager")


@pytest.fixture
def operator(installation: Installation) -> Headers:
    return token_of(installation, "operator")


def know_rates(installation: Installation) -> None:
    tables = tuple(
        RateTable(date(2026, 10, day), Decimal(rate), f"{number}/A/NBP/2026")
        for number, (day, rate) in enumerate(((1, "3.6543"), (2, "3.6001"), (5, "3.7001"), (14, "3.5")), 190)
    )
    with installation.store.write() as db:
        rates.record(db, installation.now_ms(), Answered(tables, date(2026, 10, 1), date(2026, 10, 14)))
        rates.fix_day_rates(db, installation.now_ms())


def enter(api: TestClient, operator: Headers, **entry: Any) -> Any:
    usual = {
        "client_org_id": CLIENT,
        "model_name": "openai/gpt-4o",
        "provider": "OpenAI",
        "usage_date": "2026-10-05",
        "user_id": "ewa",
        "input_tokens": 100,
        "output_tokens": 50,
        "raw_cost": "0.1",
    }
    return api.post(f"{BASE}/usage/manual-record", json={**usual, **entry}, headers=operator)


def month_of_usage(api: TestClient, installation: Installation, operator: Headers) -> None:
    """Ewa on three days, Jan on one; thirds of a grosz everywhere."""
    enter(api, operator, usage_date="2026-10-01", raw_cost="0.0333")
    enter(api, operator, usage_date="2026-10-02", raw_cost="0.0333", model_name="x-ai/grok-4", provider="xAI")
    enter(api, operator, usage_date="2026-10-05", raw_cost="0.0333")
    enter(api, operator, usage_date="2026-10-05", raw_cost="0.5", user_id="jan", input_tokens=9000)
    enter(api, operator, usage_date="2026-09-30", raw_cost="7")
    with installation.store.write() as db:
        people.put_person(db, 0, CLIENT, "ewa", name="Ewa Żak", email="ewa@acme.pl", source="test")
        people.put_person(db, 0, CLIENT, "ola", name="Ola Bez Użycia", source="test")
    know_rates(installation)


def read(api: TestClient, headers: Headers, what: str, **params: str) -> Any:
    answer = api.get(f"{BASE}/my-organization/{what}", headers=headers, params=params)
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_today_stays_today_until_a_new_time_zone_counts(
    api: TestClient, installation: Installation, operator: Headers
) -> None:
    """15:00 in Warsaw is past midnight in Kiritimati, whose days begin here tomorrow only."""
    make_client(installation.store)
    enter(api, operator, usage_date="2026-10-14")
    with installation.store.write() as db:
        clients.update(db, installation.now_ms(), CLIENT, {"timezone": "Pacific/Kiritimati"})
    told = api.get(f"{BASE}/usage/real-time/{CLIENT}", headers=operator).json()
    assert (told["date"], told["total_requests"]) == ("2026-10-14", 1)


def test_the_month_has_the_contracts_fields(
    api: TestClient, installation: Installation, manager: Headers, operator: Headers
) -> None:
    month_of_usage(api, installation, operator)
    told = read(api, manager, "usage-summary")
    assert (told["success"], told["client_id"]) == (True, CLIENT)
    stats = told["stats"]
    assert set(stats) == {
        "current_month", "daily_breakdown", "monthly_summary", "client_org_name", "pln_conversion_available",
    }  # fmt: skip
    month = stats["current_month"]
    assert list(month) == [
        "month", "total_tokens", "total_cost", "total_cost_pln", "total_requests", "days_with_usage", "days_in_month",
        "usage_percentage", "exchange_rate_info",
    ]  # fmt: skip
    assert (month["total_cost"], month["total_requests"], month["days_with_usage"]) == (0.77987, 4, 3)
    assert (month["exchange_rate_info"]["rate"], month["exchange_rate_info"]["provisional"]) == (3.5, False)
    assert list(stats["daily_breakdown"][0]) == [
        "date", "day_name", "tokens", "cost", "cost_pln", "requests", "primary_model", "last_activity",
    ]  # fmt: skip
    assert list(stats["monthly_summary"]) == [
        "average_daily_tokens", "average_daily_cost", "average_usage_day_tokens", "busiest_day", "highest_cost_day",
        "top_models", "total_unique_users",
    ]  # fmt: skip
    assert stats["monthly_summary"]["top_models"][1] == {"model_name": "x-ai/grok-4", "total_tokens": 150}


def test_every_list_in_zloty_adds_up_to_the_month_rounded_once(
    api: TestClient, installation: Installation, manager: Headers, operator: Headers
) -> None:
    month_of_usage(api, installation, operator)
    stats = read(api, manager, "usage-summary")["stats"]
    total = Decimal(str(stats["current_month"]["total_cost_pln"]))
    exact = (
        Decimal("0.04329") * Decimal("3.6543")
        + Decimal("0.04329") * Decimal("3.6001")
        + Decimal("0.69329") * Decimal("3.7001")
    )
    assert total == exact.quantize(Decimal("0.01"))
    lists = (
        stats["daily_breakdown"],
        read(api, manager, "usage-by-user")["user_usage"],
        read(api, manager, "usage-by-model")["model_usage"],
    )
    for entries in lists:
        assert sum(Decimal(str(entry["cost_pln"])) for entry in entries) == total


def test_the_api_and_the_pages_tell_the_same_amounts(
    api: TestClient, installation: Installation, manager: Headers, operator: Headers
) -> None:
    month_of_usage(api, installation, operator)
    reporting = Reporting.of_store(installation.store, installation.settings)
    (totals,) = reporting.rows("totals", Viewer("manager", CLIENT), date(2026, 10, 1), date(2026, 10, 14))
    month = read(api, manager, "usage-summary")["stats"]["current_month"]
    assert month["total_cost"] == int(totals["charged_pusd"]) / 10**12
    assert month["total_tokens"] == totals["total_tokens"]
    assert round(int(totals["charged_ppln"]) / 10**12, 2) == month["total_cost_pln"]


def test_people_without_usage_are_listed_with_zeros(
    api: TestClient, installation: Installation, manager: Headers, operator: Headers
) -> None:
    month_of_usage(api, installation, operator)
    told = read(api, manager, "usage-by-user")
    assert (told["organization_name"], told["total_users"]) == ("Acme sp. z o.o.", 3)
    jan, ewa, ola = told["user_usage"]
    assert ewa == {
        "user_id": "ewa",
        "user_name": "Ewa Żak",
        "user_email": "ewa@acme.pl",
        "external_user_id": "ewa",
        "total_tokens": 450,
        "total_requests": 3,
        "markup_cost": 0.12987,
        "cost_pln": ewa["cost_pln"],
        "days_active": 3,
        "last_activity": "2026-10-05T12:00:00+02:00",
        "user_mapping_enabled": True,
    }
    assert jan["user_name"].startswith("Osoba ")
    assert (ola["user_name"], ola["markup_cost"], ola["last_activity"]) == ("Ola Bez Użycia", 0, None)
    assert ola["user_mapping_enabled"] is False


def test_models_of_the_month(api: TestClient, installation: Installation, manager: Headers, operator: Headers) -> None:
    month_of_usage(api, installation, operator)
    first, second = read(api, manager, "usage-by-model")["model_usage"]
    assert list(first) == [
        "model_name", "provider", "total_tokens", "total_requests", "markup_cost", "cost_pln", "days_used",
    ]  # fmt: skip
    assert (first["model_name"], first["days_used"]) == ("openai/gpt-4o", 2)
    assert (second["provider"], second["markup_cost"]) == ("xAI", 0.04329)


def test_without_any_rate_zloty_are_unknown_and_not_dollars(
    api: TestClient, installation: Installation, manager: Headers, operator: Headers
) -> None:
    enter(api, operator)
    with installation.store.write() as db:
        db.execute("DELETE FROM exchange_rates")
    stats = read(api, manager, "usage-summary")["stats"]
    assert stats["pln_conversion_available"] is False
    assert (stats["current_month"]["total_cost_pln"], stats["current_month"]["exchange_rate_info"]) == (None, None)
    assert read(api, manager, "usage-by-user")["user_usage"][0]["cost_pln"] is None


@pytest.mark.parametrize(("people_count", "price"), [(1, 79.0), (3, 79.0), (4, 69.0), (10, 59.0), (20, 54.0)])
def test_the_tiers_price_counts_for_all_people(
    api: TestClient, installation: Installation, manager: Headers, people_count: int, price: float
) -> None:
    september = 1_788_000_000_000
    with installation.store.write() as db:
        for number in range(people_count):
            people.put_person(db, september, CLIENT, f"person-{number}", source="test")
    month = read(api, manager, "subscription-billing")["subscription_data"]["current_month"]
    assert (month["month"], month["year"], month["total_users"]) == (10, 2026, people_count)
    assert (month["current_tier_price_pln"], month["total_cost_pln"]) == (price, price * people_count)
    assert [tier["is_current_tier"] for tier in month["tier_breakdown"]].count(True) == 1


def test_who_joined_this_month_pays_the_remaining_days(
    api: TestClient, installation: Installation, manager: Headers
) -> None:
    with installation.store.write() as db:
        people.put_person(db, installation.now_ms(), CLIENT, "new", name="Nowy", source="test")
    month = read(api, manager, "subscription-billing")["subscription_data"]["current_month"]
    (seat,) = month["user_details"]
    assert seat == {
        "user_id": "new",
        "user_name": "Nowy",
        "user_email": None,
        "created_date": "2026-10-14",
        "days_remaining_when_added": 18,
        "billing_proportion": 0.5806,
        "monthly_cost_pln": 45.87,
    }


def test_who_had_usage_before_has_joined_before(
    api: TestClient, installation: Installation, manager: Headers, operator: Headers
) -> None:
    enter(api, operator, usage_date="2026-09-30")
    month = read(api, manager, "subscription-billing")["subscription_data"]["current_month"]
    (seat,) = month["user_details"]
    assert (seat["created_date"], seat["monthly_cost_pln"]) == ("2026-09-30", 79.0)


def test_today_so_far(api: TestClient, installation: Installation, manager: Headers, operator: Headers) -> None:
    enter(api, operator, usage_date="2026-10-14")
    enter(api, operator, usage_date="2026-10-13")
    told = api.get(f"{BASE}/usage/real-time/{CLIENT}", headers=manager).json()
    assert (told["date"], told["total_requests"], told["total_cost"], told["active_users"]) == (
        "2026-10-14",
        1,
        0.13,
        1,
    )


def test_an_amount_before_todays_table_is_provisional_in_every_list(
    api: TestClient, installation: Installation, manager: Headers, operator: Headers
) -> None:
    """14 October has no table of its own yet and stands at the one of the 13th."""
    enter(api, operator, usage_date="2026-10-14")
    tables = (RateTable(date(2026, 10, 13), Decimal("3.6543"), "199/A/NBP/2026"),)
    with installation.store.write() as db:
        rates.record(db, installation.now_ms(), Answered(tables, date(2026, 10, 1), date(2026, 10, 13)))
    today = api.get(f"{BASE}/usage/real-time/{CLIENT}", headers=manager).json()
    lists = [read(api, manager, what) for what in ("usage-by-user", "usage-by-model")]
    for told in (today, *lists):
        info = told["exchange_rate_info"]
        assert (info["provisional"], info["table_no"]) == (True, "199/A/NBP/2026")
    assert (today["total_cost_pln"], lists[1]["model_usage"][0]["cost_pln"]) == (0.48, 0.48)


class TestByHand:
    def test_an_entry_is_rated_by_agreement_and_audited(
        self, api: TestClient, installation: Installation, manager: Headers, operator: Headers
    ) -> None:
        answer = enter(api, operator, generation_id="gen-hand")
        assert (answer.status_code, answer.json()) == (
            201,
            {"success": True, "generation_id": "gen-hand", "result": "new"},
        )
        with installation.store.read() as db:
            (event,) = dicts(db, "SELECT * FROM usage_events")
            (entry,) = dicts(db, "SELECT * FROM audit_log WHERE action = 'usage.manual_record'")
        assert (event["charged_pusd"], event["cost_basis"]) == (130_000_000_000, "reported")
        assert (entry["actor"].endswith("operator of mai_client_63a4eb6d"), entry["subject"]) == (True, "gen-hand")

    def test_a_charge_that_is_given_is_final(
        self, api: TestClient, installation: Installation, manager: Headers, operator: Headers
    ) -> None:
        enter(api, operator, markup_cost="0.5")
        with installation.store.read() as db:
            (event,) = dicts(db, "SELECT * FROM usage_events")
        assert (event["charged_pusd"], event["cost_basis"]) == (500_000_000_000, "given")

    def test_the_same_entry_counts_once(
        self, api: TestClient, installation: Installation, manager: Headers, operator: Headers
    ) -> None:
        enter(api, operator, generation_id="gen-hand")
        assert enter(api, operator, generation_id="gen-hand").json()["result"] == "duplicate"
        with installation.store.write() as db:
            db.execute("INSERT INTO processed_generations VALUES ('gen-old', ?, '2026-10-01', 0, '0', 0)", (CLIENT,))
        assert enter(api, operator, generation_id="gen-old").status_code == 409
        with installation.store.read() as db:
            assert len(dicts(db, "SELECT * FROM audit_log WHERE action = 'usage.manual_record'")) == 1

    @pytest.mark.parametrize(
        ("entry", "status"),
        [
            ({"input_tokens": -1}, 422),
            ({"raw_cost": "NaN"}, 422),
            ({"raw_cost": -1}, 422),
            ({"raw_cost": "1e999999"}, 422),
            ({"usage_date": "2026-02-30"}, 422),
            ({"usage_date": "2027-01-01"}, 422),
            ({"model_name": "x" * 10_000}, 422),
            ({"surprise": 1}, 422),
            ({"client_org_id": "mai_client_00000000"}, 404),
        ],
    )
    def test_a_bad_entry_is_refused_and_nothing_is_written(
        self,
        api: TestClient,
        installation: Installation,
        manager: Headers,
        operator: Headers,
        entry: dict[str, Any],
        status: int,
    ) -> None:
        assert enter(api, operator, **entry).status_code == status
        with installation.store.read() as db:
            assert dicts(db, "SELECT * FROM usage_events") == []
            assert dicts(db, "SELECT * FROM user_client_mapping") == []

    @pytest.mark.parametrize("field", ["client_org_id", "model_name", "user_id", "provider", "generation_id"])
    def test_half_a_character_is_refused(
        self, api: TestClient, manager: Headers, operator: Headers, field: str
    ) -> None:
        entry = {"client_org_id": CLIENT, "model_name": "m/a", "usage_date": "2026-10-05", field: "\ud800"}
        answer = api.post(f"{BASE}/usage/manual-record", content=json.dumps(entry), headers=operator)
        assert answer.status_code == 422

    def test_only_operators_enter_by_hand(self, api: TestClient, installation: Installation, manager: Headers) -> None:
        assert enter(api, manager).status_code == 403
        assert enter(api, token_of(installation, "accountant")).status_code == 403


@pytest.mark.parametrize("what", READS)
def test_nothing_of_another_client_is_told(
    api: TestClient, installation: Installation, manager: Headers, operator: Headers, what: str
) -> None:
    make_client(installation.store, FOREIGN, name="Foreign canary-name")
    enter(api, operator, client_org_id=FOREIGN, user_id="canary-user", model_name="canary-model")
    own = api.get(f"{BASE}/my-organization/{what}", headers=manager)
    assert "canary" not in own.text
    for headers in (manager, token_of(installation, "analyst")):
        foreign = api.get(f"{BASE}/my-organization/{what}", params={"client": FOREIGN}, headers=headers)
        missing = api.get(f"{BASE}/my-organization/{what}", params={"client": "no-such"}, headers=headers)
        assert foreign.status_code == missing.status_code == 404
        assert foreign.text == missing.text
    assert api.get(f"{BASE}/usage/real-time/{FOREIGN}", headers=manager).status_code == 404
    assert api.get(f"{BASE}/my-organization/{what}").status_code == 401
    assert read(api, operator, what, client=FOREIGN)["success"] is True
    assert api.get(f"{BASE}/my-organization/{what}", headers=operator).status_code == 422


def test_raw_cost_and_markup_are_nowhere(
    api: TestClient, installation: Installation, manager: Headers, operator: Headers
) -> None:
    enter(api, operator, raw_cost="0.123456789")
    for what in READS:
        text = api.get(f"{BASE}/my-organization/{what}", headers=manager).text
        assert "0.123456789" not in text
        assert "raw_cost" not in text
