"""A month's total counts imported history once."""

from __future__ import annotations

from mai_core.money import units_of
from mai_core.store import Store, months
from tests.builders import CLIENT, make_client
from tests.reports.conftest import add_usage


def import_day(store: Store, facet: str, charged: str, **key: str) -> None:
    told = {"external_user": "", "model": "", "user_id": "", **key}
    with store.write() as db:
        db.execute(
            "INSERT INTO imported_days (facet, client_org_id, usage_date, external_user, model, user_id, total_tokens,"
            " total_requests, raw_pusd, charged_pusd, raw_cost, markup_cost, created_at, updated_at)"
            " VALUES (?, ?, '2026-10-01', ?, ?, ?, 10, 3, ?, ?, '0', '0', 0, 0)",
            (facet, CLIENT, told["external_user"], told["model"], told["user_id"], units_of("2"), units_of(charged)),
        )


def test_events_and_imported_days_make_one_month(store: Store) -> None:
    """2.60 USD on the old system, told by client, person and model; 1.30 here: 3.90, and not 9.10."""
    make_client(store)
    import_day(store, "client", "2.60")
    import_day(store, "user", "2.60", external_user="ann", user_id="ann")
    import_day(store, "model", "2.60", model="openai/gpt-4o")
    add_usage(store, "2026-10-14", "1.30", raw="1.00")
    with store.read() as db:
        total = months.totals(db, CLIENT, "2026-10")
    assert (total.days, total.requests) == (2, 4)
    assert (total.raw_pusd, total.charged_pusd) == (units_of("3"), units_of("3.90"))
