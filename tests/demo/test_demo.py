"""The demo: deterministic, plausible, and booked like real events."""

from __future__ import annotations

from datetime import date

import pytest

from mai_core.days import parse_instant_ms
from mai_core.demo.make import first_day, make_demo
from mai_core.demo.rhythm import easter, growth, intensity
from mai_core.installation import Installation, open_installation
from mai_core.money import units_of
from mai_core.settings import load_settings
from mai_core.store import Store, clients, rows

CLOCK = "2026-10-14T10:00:00Z"


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Installation:
    return _made(tmp_path_factory)


def _made(folders: pytest.TempPathFactory) -> Installation:
    settings = load_settings({"MAI_DATA_DIR": str(folders.mktemp("demo")), "MAI_CLOCK": CLOCK})
    installation = open_installation(settings)
    make_demo(installation, months=2)
    return installation


def test_four_clients_sixty_people_and_one_of_them_left(demo: Installation) -> None:
    with demo.store.read() as db:
        known = clients.list_all(db)
        assert len(known) == 4
        assert [client.name for client in known if not client.is_active] == ["Młyn Pod Lipą sp.j."]
        ((people,),) = rows(db, "SELECT count(*) FROM people WHERE name IS NOT NULL AND department IS NOT NULL")
    assert people == 61


def test_the_same_clock_makes_the_same_events(demo: Installation, tmp_path_factory: pytest.TempPathFactory) -> None:
    again = _made(tmp_path_factory)
    assert _sample(again.store) == _sample(demo.store)
    again.close()


def _sample(store: Store) -> list[tuple[object, ...]]:
    with store.read() as db:
        return rows(
            db, "SELECT generation_id, at_ms, model, charged_pusd FROM usage_events ORDER BY generation_id LIMIT 99"
        )


def test_nothing_happens_after_now(demo: Installation) -> None:
    with demo.store.read() as db:
        ((last,),) = rows(db, "SELECT max(at_ms) FROM usage_events")
    assert last <= parse_instant_ms(CLOCK) + 1000


def test_one_client_is_near_its_limit_and_one_is_well_within(demo: Installation) -> None:
    with demo.store.read() as db:
        used = []
        for client in clients.list_active(db):
            if client.monthly_limit:
                month = "SELECT charged_pusd FROM usage_daily WHERE client_org_id = ? AND usage_date >= '2026-10-01'"
                spent = sum(charged for (charged,) in rows(db, month, (client.id,)))
                used.append(round(100 * spent / units_of(client.monthly_limit)))
    assert sorted(used) == pytest.approx([61, 93], abs=3)


def test_no_page_about_trouble_is_empty(demo: Installation) -> None:
    with demo.store.read() as db:
        waiting = rows(db, "SELECT reason_code, count(*) FROM quarantine WHERE state = 'waiting' GROUP BY 1 ORDER BY 1")
        assert waiting == [("invalid", 1), ("unrouted", 3)]
        assert rows(db, "SELECT field FROM conflicts WHERE state = 'open'") == [("reported_pusd",)]
        assert rows(db, "SELECT count(*) FROM batch_runs WHERE step = 'batch' AND state = 'failed'") == [(1,)]
        assert rows(db, "SELECT max(usage_date) FROM sealed_days") == [("2026-10-13",)]


def test_openrouters_books_were_compared_three_lost_generations_recovered_and_a_cent_is_left(
    demo: Installation,
) -> None:
    with demo.store.read() as db:
        found = dict(rows(db, "SELECT class, count(*) FROM residuals GROUP BY class"))
        assert found == {"recovered": 3, "not_explained": 1}
        assert rows(db, "SELECT count(*) FROM usage_events WHERE flags LIKE '%recovered%'") == [(3,)]
        days = rows(db, "SELECT utc_date, billed_pusd - recorded_pusd FROM reconciled_days")
    assert max(day for day, _ in days) == "2026-10-13"
    assert {day: gap for day, gap in days if gap} == {"2026-09-14": units_of("0.0102")}


def test_own_keys_and_free_models_occur(demo: Installation) -> None:
    with demo.store.read() as db:
        assert rows(db, "SELECT 1 FROM usage_events WHERE is_byok = 1 AND upstream_pusd > 0 LIMIT 1")
        assert rows(db, "SELECT 1 FROM usage_events WHERE model LIKE '%:free' AND charged_pusd = 0 LIMIT 1")


@pytest.mark.parametrize(
    ("year", "sunday"), [(2025, date(2025, 4, 20)), (2026, date(2026, 4, 5)), (2038, date(2038, 4, 25))]
)
def test_easter(year: int, sunday: date) -> None:
    assert easter(year) == sunday


def test_sundays_and_holidays_are_quiet_and_use_grows() -> None:
    assert intensity(date(2026, 10, 18)) < intensity(date(2026, 10, 16)) < intensity(date(2026, 10, 13))
    assert intensity(date(2026, 11, 11)) < 0.1
    assert growth(390) < growth(200) < growth(0)


def test_thirteen_months_begin_on_a_first(demo: Installation) -> None:
    assert first_day(date(2026, 11, 21), 13) == date(2025, 11, 1)
