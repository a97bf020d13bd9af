"""Sealed or open, the same figures; and what a late event, a second run and a damaged file do."""

from __future__ import annotations

from datetime import date

from mai_core.installation import Installation
from mai_core.money import units_of
from mai_core.reports import Reporting, upkeep
from mai_core.reports.sealing import compact, rebuild_file, seal, unsealed_days
from mai_core.store import sealing
from mai_core.store.ledger import reopen_day
from tests.builders import CLIENT, make_client
from tests.reports.conftest import MANAGER, OCTOBER, OPERATOR, OTHER, add_usage, fix_rate

QUESTIONS = ("totals", "by_day", "by_month", "by_person", "by_model", "by_provider", "by_department", "by_client")
OCT_14, OCT_15, SEP_14 = date(2026, 10, 14), date(2026, 10, 15), date(2026, 9, 14)


def everything(reporting: Reporting) -> list[object]:
    return [reporting.rows(question, viewer, *OCTOBER) for question in QUESTIONS for viewer in (OPERATOR, MANAGER)]


def test_sealing_changes_no_figure(house: Installation, reporting: Reporting) -> None:
    fix_rate(house.store, "2026-10-15", "3.6543", "199/A/NBP/2026")
    fix_rate(house.store, "2026-10-15", "3.6543", "199/A/NBP/2026", OTHER)
    before = everything(reporting)
    for client in (CLIENT, OTHER):
        with house.store.read() as db:
            days = unsealed_days(db, client, date(2026, 11, 1))
        assert seal(house, client, days).days
        with house.store.read() as db:
            assert unsealed_days(db, client, date(2026, 11, 1)) == []
    assert everything(reporting) == before


def test_a_day_without_a_fixed_rate_waits(house: Installation) -> None:
    done = seal(house, CLIENT, [OCT_14, OCT_15])
    assert OCT_14 in done.days
    assert done.waiting == {OCT_15: "its exchange rate is not fixed yet"}


def test_a_day_that_is_not_over_waits(house: Installation) -> None:
    assert seal(house, CLIENT, [date(2099, 1, 1)]).waiting == {date(2099, 1, 1): "the day is not over"}


def test_sealing_twice_writes_nothing_the_second_time(house: Installation) -> None:
    assert seal(house, CLIENT, [OCT_14]).files
    assert seal(house, CLIENT, [OCT_14]).files == []


def test_a_late_event_is_read_at_once_and_sealed_again(house: Installation, reporting: Reporting) -> None:
    seal(house, CLIENT, [OCT_14])
    with house.store.write() as db:
        db.execute(
            "UPDATE usage_daily SET charged_pusd = charged_pusd + 1 WHERE usage_date = '2026-10-14' "
            "AND external_user = 'ann'"
        )
        reopen_day(db, CLIENT, "2026-10-14")
    (row,) = reporting.rows("totals", MANAGER, OCT_14, OCT_14)
    assert row["charged_pusd"] == units_of("1.40") + 1
    assert seal(house, CLIENT, [OCT_14]).days == [OCT_14]
    (row,) = reporting.rows("totals", MANAGER, OCT_14, OCT_14)
    assert row["charged_pusd"] == units_of("1.40") + 1


def test_a_closed_year_becomes_one_file_with_the_same_figures(house: Installation, reporting: Reporting) -> None:
    seal(house, CLIENT, [SEP_14])
    seal(house, CLIENT, [OCT_14])
    before = everything(reporting)
    compact(house, CLIENT, 2026)
    with house.store.read() as db:
        assert [row["period"] for row in sealing.files(db, CLIENT)] == ["2026"]
    assert everything(reporting) == before
    add_usage(house.store, "2026-10-16", "1")
    fix_rate(house.store, "2026-10-16", "3.7", "200/A/NBP/2026")
    seal(house, CLIENT, [date(2026, 10, 16)])
    with house.store.read() as db:
        assert [row["period"] for row in sealing.files(db, CLIENT)] == ["2026"]
    (row,) = reporting.rows("totals", MANAGER, date(2026, 10, 16), date(2026, 10, 16))
    assert row["charged_ppln"] == units_of("3.7")


def test_a_rebuilt_file_has_the_same_bytes(house: Installation) -> None:
    seal(house, CLIENT, [OCT_14])
    with house.store.read() as db:
        (before,) = sealing.files(db, CLIENT)
    rebuild_file(house, CLIENT, "2026-10")
    with house.store.read() as db:
        (after,) = sealing.files(db, CLIENT)
    assert after["sha256"] == before["sha256"]
    assert after["version"] == before["version"] + 1


def test_years_that_closed_a_month_ago_are_compacted_with_the_daily_batch(house: Installation) -> None:
    add_usage(house.store, "2025-11-03", "1")
    fix_rate(house.store, "2025-11-03", "3.7", "211/A/NBP/2025")
    seal(house, CLIENT, [date(2025, 11, 3)])
    seal(house, CLIENT, [SEP_14])
    assert upkeep.tidy(house)["compacted"] == 1
    with house.store.read() as db:
        assert [row["period"] for row in sealing.files(db, CLIENT)] == ["2025", "2026-09"]
    assert upkeep.tidy(house) == {"compacted": 0, "deleted": 0}


def test_a_client_that_left_holds_the_freshness_of_the_others_back_no_longer(installation: Installation) -> None:
    store = installation.store
    for client, day in ((CLIENT, "2026-10-13"), (OTHER, "2026-07-24")):
        make_client(store, client)
        add_usage(store, day, "1", client=client)
        fix_rate(store, day, "3.6", "200/A/NBP/2026", client=client)
        seal(installation, client, [date.fromisoformat(day)])
    add_usage(store, "2026-10-15", "1")
    reporting = Reporting.of_store(store, installation.settings)
    with reporting.open(OPERATOR, date(2026, 7, 1), date(2026, 10, 15)) as page:
        assert page.freshness.sealed_through == date(2026, 10, 13)


def test_freshness_is_told_when_every_day_is_sealed(house: Installation, reporting: Reporting) -> None:
    seal(house, CLIENT, [OCT_14])
    with reporting.open(MANAGER, OCT_14, OCT_14) as page:
        assert page.freshness.last_event_ms == 1_760_000_000_000
        assert page.freshness.sealed_through == OCT_14
    with reporting.open(MANAGER, date(2020, 1, 1), date(2020, 1, 1)) as page:
        assert page.freshness.last_event_ms is None
