from __future__ import annotations

import asyncio
from datetime import date
from typing import Any

from mai_core.installation import Installation
from mai_core.organization_usage import ClientUsageDB
from tests.builders import CLIENT, make_client


def spend(day: date, cost: float, *, user: str = "ewa", model: str = "openai/gpt-4o", **other: Any) -> None:
    values: dict[str, Any] = {"client_org_id": CLIENT, "input_tokens": 100, "output_tokens": 10, "provider": "OpenAI"}
    assert ClientUsageDB.record_usage(
        user_id=user,
        openrouter_user_id=f"ext-{user}",
        model_name=model,
        usage_date=day,
        raw_cost=cost,
        markup_cost=cost * 2,
        **{**values, **other},
    )


def spend_a_little(house: Installation) -> None:
    """September: 1.00. October: Ewa 0.30 on two days, Jan 0.50 on one."""
    spend(date(2026, 9, 30), 1.0)
    spend(date(2026, 10, 1), 0.1)
    spend(date(2026, 10, 5), 0.2, model="x-ai/grok-4", provider="xAI")
    spend(date(2026, 10, 5), 0.5, user="jan", input_tokens=5000)


def test_people_of_the_month_so_far_the_dearest_first(house: Installation) -> None:
    spend_a_little(house)
    jan, ewa = ClientUsageDB.get_usage_by_user(CLIENT)
    assert jan == {
        "user_id": "jan",
        "openrouter_user_id": "ext-jan",
        "total_tokens": 5010,
        "total_requests": 1,
        "raw_cost": 0.5,
        "markup_cost": 1.0,
        "days_active": 1,
    }
    assert (ewa["user_id"], ewa["raw_cost"], ewa["markup_cost"], ewa["days_active"]) == ("ewa", 0.3, 0.6, 2)


def test_models_of_a_period(house: Installation) -> None:
    spend_a_little(house)
    models = ClientUsageDB.get_usage_by_model(CLIENT, date(2026, 9, 1), date(2026, 10, 31))
    assert [
        (m["model_name"], m["provider"], m["total_requests"], m["markup_cost"], m["days_used"]) for m in models
    ] == [
        ("openai/gpt-4o", "OpenAI", 3, 3.2, 3),
        ("x-ai/grok-4", "xAI", 1, 0.4, 1),
    ]


def test_all_clients_with_profit(house: Installation) -> None:
    make_client(house.store, "mai_client_quiet", name="Quiet")
    spend_a_little(house)
    acme, quiet = ClientUsageDB.get_all_clients_usage_stats()
    assert (acme.client_name, acme.raw_cost, acme.markup_cost, acme.profit_margin) == ("Acme sp. z o.o.", 0.8, 1.6, 0.8)
    assert (acme.total_requests, acme.days_active) == (3, 2)
    assert (quiet.client_org_id, quiet.markup_cost) == ("mai_client_quiet", 0.0)


def test_the_month_in_figures(house: Installation) -> None:
    spend_a_little(house)
    stats = asyncio.run(ClientUsageDB.get_usage_stats_by_client(CLIENT))
    assert stats.client_org_name == "Acme sp. z o.o."
    month = stats.current_month
    assert (month["month"], month["total_cost"], month["total_requests"]) == ("October 2026", 1.6, 3)
    assert (month["days_with_usage"], month["days_in_month"], month["usage_percentage"]) == (2, 31, 6.5)
    first, second = stats.daily_breakdown
    assert (first["date"], first["day_name"], first["cost"]) == ("2026-10-01", "Thursday", 0.2)
    assert (second["primary_model"], second["last_activity"]) == ("openai/gpt-4o", "2026-10-05T12:00:00+02:00")
    summary = stats.monthly_summary
    assert (summary["busiest_day"], summary["highest_cost_day"]) == ("2026-10-05", "2026-10-05")
    assert summary["top_models"][0] == {"model_name": "openai/gpt-4o", "total_tokens": 5120}
    assert summary["average_daily_cost"] == round(1.6 / 14, 12)
    assert (summary["average_usage_day_tokens"], summary["total_unique_users"]) == (2615, 2)


def test_an_unknown_client_has_an_empty_month(house: Installation) -> None:
    stats = asyncio.run(ClientUsageDB.get_usage_stats_by_client("mai_client_00000000"))
    assert (stats.client_org_name, stats.daily_breakdown) == ("", [])
    assert stats.current_month["total_cost"] == 0
    assert asyncio.run(ClientUsageDB.get_usage_stats_by_client(CLIENT, False)).monthly_summary["busiest_day"] is None


def test_a_period_that_is_none_is_empty(house: Installation) -> None:
    spend_a_little(house)
    assert ClientUsageDB.get_usage_by_user(CLIENT, "2026-10-01") == []  # type: ignore[arg-type]
    assert ClientUsageDB.get_usage_by_model("mai_client_00000000") == []
    assert ClientUsageDB.get_usage_by_user(CLIENT, date(2026, 10, 6), date(2026, 10, 5)) == []
