"""NBP's rates: brought in, settled once, and untouched by whatever goes wrong."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from msgspec.structs import replace
from werkzeug import Request, Response

from mai_core.conversion import DayRate, FxPolicy
from mai_core.days import parse_day, parse_instant_ms
from mai_core.errors import Conflict, NotFound
from mai_core.installation import Installation
from mai_core.rate_refresh import refresh_rates
from mai_core.store import clients, dicts, rates, summaries
from mai_core.upstream import nbp as nbp_client
from tests.builders import CLIENT, make_client
from tests.upstream import servers
from tests.upstream.conftest import Opened
from tests.upstream.servers import FakeNbp

FRIDAY_EVENING = "2026-11-20T18:00:00Z"
FRIDAY, THURSDAY = date(2026, 11, 20), date(2026, 11, 19)


def used_on(installation: Installation, *days: str, client: str = CLIENT) -> None:
    """A client with usage on these days."""
    with installation.store.write() as db:
        for day in days:
            db.execute(
                "INSERT INTO usage_daily VALUES (?, ?, '', 'acme/large', '', 1, 1, 1, 0, 0, 0, 1, 1, 0, 0, 1)",
                (client, day),
            )


def rate_of(installation: Installation, day: str, policy: FxPolicy = "daily") -> DayRate:
    with installation.store.read() as db:
        client = replace(clients.require(db, CLIENT), fx_policy=policy)
        return summaries.rates_of_days(db, client, parse_day(day), parse_day(day)).of(day)


def settled(installation: Installation) -> list[tuple[str, str, str]]:
    with installation.store.read() as db:
        rows = dicts(db, "SELECT usage_date, effective_date, rate FROM day_rates ORDER BY client_org_id, usage_date")
    return [(row["usage_date"], row["effective_date"], row["rate"]) for row in rows]


def states(installation: Installation, since: str) -> dict[str, str]:
    with installation.store.read() as db:
        return {row["effective_date"]: row["state"] for row in rates.list_tables(db, since=since)}


def test_the_first_time_three_months_come_and_the_used_days_settle(opened: Opened, nbp: FakeNbp) -> None:
    installation = opened(FRIDAY_EVENING)
    make_client(installation.store)
    used_on(installation, "2026-11-15", "2026-11-20", "2026-11-21")
    result = refresh_rates(installation)
    assert (result.ok, result.fixed, result.held, result.error) == (True, 2, (), None)
    assert nbp.asked == [(date(2026, 8, 20), date(2026, 11, 20))]
    assert settled(installation) == [
        ("2026-11-15", "2026-11-13", "3.6543"),
        ("2026-11-20", "2026-11-20", "3.6543"),
    ]
    assert rate_of(installation, "2026-11-21").provisional


def test_a_zero_at_the_end_of_a_rate_is_shown_as_published(opened: Opened, nbp: FakeNbp) -> None:
    nbp.rates[FRIDAY] = "3.6"
    installation = opened(FRIDAY_EVENING)
    make_client(installation.store)
    refresh_rates(installation)
    assert str(rate_of(installation, "2026-11-20").rate) == "3.6000"


def test_history_is_asked_for_in_pieces_of_93_days_and_only_once(opened: Opened, nbp: FakeNbp) -> None:
    installation = opened(FRIDAY_EVENING)
    make_client(installation.store)
    refresh_rates(installation)
    nbp.asked.clear()
    used_on(installation, "2026-01-04")
    assert refresh_rates(installation).fixed == 1
    asked = list(nbp.asked)
    assert max((end - start).days for start, end in asked) <= 92
    assert min(start for start, _ in asked) == date(2025, 12, 21)
    assert settled(installation) == [("2026-01-04", "2026-01-02", "3.6543")]
    nbp.asked.clear()
    refresh_rates(installation)
    assert nbp.asked == [(date(2026, 11, 16), date(2026, 11, 20))]


def test_today_before_noon_is_provisional_and_settles_with_its_table(opened: Opened, nbp: FakeNbp) -> None:
    nbp.published_through = THURSDAY
    morning = opened("2026-11-20T08:00:00Z")
    make_client(morning.store)
    used_on(morning, "2026-11-20")
    assert refresh_rates(morning).fixed == 0
    found = rate_of(morning, "2026-11-20")
    assert (found.effective_date, found.provisional) == (THURSDAY, True)
    nbp.published_through = FRIDAY
    nbp.rates[FRIDAY] = "3.7000"
    noon = opened("2026-11-20T11:20:00Z")
    assert refresh_rates(noon).fixed == 1
    assert settled(noon) == [("2026-11-20", "2026-11-20", "3.7000")]


def test_a_holiday_settles_when_nbp_was_silent_after_half_past_twelve(opened: Opened, nbp: FakeNbp) -> None:
    holiday = date(2026, 11, 11)
    nbp.silent.add(holiday)
    noon = opened("2026-11-11T11:29:00Z")
    make_client(noon.store)
    used_on(noon, "2026-11-11")
    assert refresh_rates(noon).fixed == 0
    later = opened("2026-11-11T11:31:00Z")
    assert refresh_rates(later).fixed == 1
    assert settled(later) == [("2026-11-11", "2026-11-10", "3.6543")]


def test_a_client_billed_at_the_end_of_the_period_has_one_rate_for_the_month(opened: Opened, nbp: FakeNbp) -> None:
    nbp.rates[date(2026, 10, 30)] = "3.5000"
    installation = opened("2026-10-31T18:00:00Z")
    make_client(installation.store, fx_policy="period_end")
    used_on(installation, "2026-10-01", "2026-10-31", "2026-11-01")
    refresh_rates(installation)
    assert settled(installation) == [
        ("2026-10-01", "2026-10-30", "3.5000"),
        ("2026-10-31", "2026-10-30", "3.5000"),
    ]
    assert rate_of(installation, "2026-11-01", "period_end").provisional


def test_a_settled_rate_never_moves(opened: Opened, nbp: FakeNbp) -> None:
    installation = opened(FRIDAY_EVENING)
    make_client(installation.store)
    used_on(installation, "2026-11-20")
    refresh_rates(installation)
    nbp.rates[FRIDAY] = "3.9000"
    result = refresh_rates(installation)
    assert result.contradicted == (FRIDAY,)
    assert rate_of(installation, "2026-11-20") == DayRate(Decimal("3.6543"), "324/A/NBP/2026", FRIDAY, False)
    with installation.store.write() as db:
        clients.update(db, installation.now_ms(), CLIENT, {"fx_policy": "period_end"})
        assert rates.fix_day_rates(db, installation.now_ms()) == []


def test_a_rate_15_percent_off_waits_for_a_person(opened: Opened, nbp: FakeNbp) -> None:
    nbp.rates[THURSDAY] = "36.543"
    installation = opened(FRIDAY_EVENING)
    make_client(installation.store)
    used_on(installation, "2026-11-19", "2026-11-20")
    result = refresh_rates(installation)
    assert (result.held, result.fixed) == ((THURSDAY,), 1)
    found = rate_of(installation, "2026-11-19")
    assert (found.effective_date, found.provisional) == (date(2026, 11, 18), True)
    with installation.store.write() as db:
        rates.refuse(db, 1, THURSDAY, "anna")
        assert len(rates.fix_day_rates(db, 2)) == 1
    assert settled(installation)[0] == ("2026-11-19", "2026-11-18", "3.6543")
    assert refresh_rates(installation).held == ()
    assert states(installation, "2026-11-19") == {"2026-11-19": "refused", "2026-11-20": "used"}


def test_a_real_jump_is_accepted_with_the_tables_that_follow_it(opened: Opened, nbp: FakeNbp) -> None:
    for day in range(17, 21):
        nbp.rates[date(2026, 11, day)] = "4.4000"
    nbp.rates[FRIDAY] = "9.9999"
    installation = opened(FRIDAY_EVENING)
    assert len(refresh_rates(installation).held) == 4
    with installation.store.write() as db:
        accepted = rates.accept(db, 1, date(2026, 11, 17), "anna")
    assert accepted == [date(2026, 11, day) for day in (17, 18, 19)]
    assert states(installation, "2026-11-16") == {
        "2026-11-16": "used",
        "2026-11-17": "used",
        "2026-11-18": "used",
        "2026-11-19": "used",
        "2026-11-20": "held",
    }
    with installation.store.read() as db:
        trail = dicts(db, "SELECT actor, action FROM audit_log WHERE action LIKE 'rate.%'")
    assert trail == [{"actor": "anna", "action": "rate.accept"}] * 3


def test_a_held_rate_that_nbp_corrects_is_used(opened: Opened, nbp: FakeNbp) -> None:
    nbp.rates[FRIDAY] = "36.543"
    installation = opened(FRIDAY_EVENING)
    make_client(installation.store)
    assert refresh_rates(installation).held == (FRIDAY,)
    nbp.rates[FRIDAY] = "3.6600"
    assert refresh_rates(installation).held == ()
    assert str(rate_of(installation, "2026-11-20").rate) == "3.6600"


def test_only_a_held_rate_can_be_decided_about(opened: Opened, nbp: FakeNbp) -> None:
    installation = opened(FRIDAY_EVENING)
    refresh_rates(installation)
    with installation.store.write() as db:
        with pytest.raises(Conflict, match="is not held: it is used"):
            rates.accept(db, 1, FRIDAY, "anna")
        with pytest.raises(NotFound, match="no USD rate of 2026-11-21 is known"):
            rates.refuse(db, 1, date(2026, 11, 21), "anna")


def nbp_says(**more: Any) -> Callable[[Request], Response]:
    row = {"no": "324/A/NBP/2026", "effectiveDate": "2026-11-20", "mid": 3.65}
    body = {"table": "A", "code": "USD", "rates": [{**row, **more.pop("row", {})}], **more}
    return lambda _: servers.as_json(body)


LIES = [
    (servers.html, "not JSON"),
    (servers.truncated, "not JSON"),
    (servers.redirects_in_circles, "redirects in circles"),
    (servers.broken, "answered 502"),
    (lambda _: Response("<h1>404 Not Found</h1>", 404), "answered 404"),
    (lambda _: Response("400 BadRequest - Błędny zakres dat / Invalid date range", 400), "Błędny zakres dat"),
    (lambda _: servers.raw_json('{"table":"A","code":"USD","rates":[{"mid":NaN}]}'), "not JSON"),
    (nbp_says(code="EUR"), "asked for USD and answered with EUR"),
    (nbp_says(table="C"), "is not table A"),
    (nbp_says(rates="none"), "without a list of rates"),
    (nbp_says(row={"mid": -3.65}), "a rate that is none"),
    (nbp_says(row={"mid": 0}), "a rate that is none"),
    (nbp_says(row={"mid": "3,65"}), "a rate that is none"),
    (nbp_says(row={"mid": True}), "a rate that is none"),
    (nbp_says(row={"mid": 10**9}), "a rate that is none"),
    (nbp_says(row={"effectiveDate": "soon"}), "a rate that is none"),
    (nbp_says(row={"no": "324/C/NBP/2026"}), "a table number that is none"),
    (nbp_says(row={"no": "324/A/NBP/2025"}), "a table number that is none"),
    (nbp_says(row={"effectiveDate": "2019-11-20", "no": "1/A/NBP/2019"}), "answered with 2019-11-20"),
    (
        nbp_says(rates=[{"no": f"{n}/A/NBP/2026", "effectiveDate": "2026-11-20", "mid": 3.6} for n in (1, 2)]),
        "two rates",
    ),
    (lambda _: servers.as_json([1]), "is not table A"),
]


@pytest.mark.parametrize(("lie", "reason"), LIES)
def test_an_answer_that_lies_changes_nothing_and_the_reason_is_kept(
    opened: Opened, nbp: FakeNbp, lie: Callable[[Request], Response], reason: str
) -> None:
    refresh_rates(opened("2026-11-19T18:00:00Z"))
    nbp.answer = lie
    installation = opened(FRIDAY_EVENING)
    before = states(installation, "2026-01-01")
    result = refresh_rates(installation)
    assert not result.ok
    assert reason in str(result.error)
    assert states(installation, "2026-01-01") == before
    with installation.store.read() as db:
        answer = rates.last_answer(db)
    assert answer is not None
    assert (answer["last_error"], answer["through_date"]) == (result.error, "2026-11-19")
    nbp.answer = None
    assert refresh_rates(installation).error is None


def test_nbp_never_reached_leaves_the_reason(opened: Opened) -> None:
    installation = opened(FRIDAY_EVENING, NBP_API_URL="http://127.0.0.1:1")
    make_client(installation.store)
    assert "cannot be reached" in str(refresh_rates(installation).error)
    with installation.store.read() as db:
        answer = rates.last_answer(db)
    assert answer is not None
    assert (answer["from_date"], answer["last_error_at_ms"]) == (None, pytest.approx(installation.now_ms(), abs=60_000))
    with pytest.raises(NotFound, match="no NBP exchange rate is known"):
        rate_of(installation, "2026-11-20")


def test_another_currency(opened: Opened, nbp: FakeNbp) -> None:
    nbp.code = "EUR"
    installation = opened(FRIDAY_EVENING)
    assert refresh_rates(installation, date(2026, 11, 1), date(2026, 11, 10), "EUR").new > 0
    with installation.store.read() as db:
        assert rates.known(db, "EUR").latest() is not None
        assert rates.known(db, "USD").latest() is None
    nbp.asked.clear()
    refresh_rates(installation, date(2026, 11, 5), date(2026, 11, 10), "EUR")
    assert nbp.asked == [(date(2026, 10, 22), date(2026, 11, 10))]


def test_nbp_has_no_tables_before_2002(opened: Opened, nbp: FakeNbp) -> None:
    answer = nbp_client.fetch(nbp.url, "USD", date(2001, 1, 1), date(2002, 1, 5), parse_instant_ms(FRIDAY_EVENING))
    assert (answer.since, answer.through) == (date(2002, 1, 2), date(2002, 1, 5))


@pytest.mark.parametrize(
    "written",
    [
        "https://api.nbp.pl",
        "https://api.nbp.pl/api",
        "https://api.nbp.pl/api/exchangerates/",
        "https://api.nbp.pl/api/exchangerates/rates/a/usd/",
        "https://api.nbp.pl/api/exchangerates/rates/A/USD",
        "https://api.nbp.pl/api/exchangerates/rates",
        "https://api.nbp.pl/api/exchangerates/tables/A/",
    ],
)
def test_the_address_may_be_the_base_or_the_full_one(written: str) -> None:
    assert nbp_client.rates_url(written, "EUR") == "https://api.nbp.pl/api/exchangerates/rates/a/eur"


def test_a_weekend_is_an_answer_without_tables(nbp: FakeNbp) -> None:
    answer = nbp_client.fetch(nbp.url, "USD", date(2026, 11, 14), date(2026, 11, 15), parse_instant_ms(FRIDAY_EVENING))
    assert (answer.tables, answer.since, answer.through) == ((), date(2026, 11, 14), date(2026, 11, 15))


def test_days_to_come_are_not_asked_for(nbp: FakeNbp) -> None:
    now_ms = parse_instant_ms(FRIDAY_EVENING)
    nbp_client.fetch(nbp.url, "USD", THURSDAY, date(2027, 1, 1), now_ms)
    assert nbp.asked == [(THURSDAY, FRIDAY)]
    later = nbp_client.fetch(nbp.url, "USD", date(2026, 12, 1), date(2027, 1, 1), now_ms)
    assert len(nbp.asked) == 1
    assert later.through < later.since


def test_imported_history_settles_by_whichever_summary_brought_it(opened: Opened, nbp: FakeNbp) -> None:
    installation = opened(FRIDAY_EVENING)
    make_client(installation.store)
    with installation.store.write() as db:
        db.execute(
            "INSERT INTO imported_days (facet, client_org_id, usage_date, external_user, user_id, total_tokens,"
            " total_requests, raw_pusd, charged_pusd, raw_cost, markup_cost, created_at, updated_at)"
            " VALUES ('user', ?, '2026-11-19', 'ann', 'ann', 1, 1, 1, 1, '0', '0', 0, 0)",
            (CLIENT,),
        )
    refresh_rates(installation)
    assert settled(installation) == [("2026-11-19", "2026-11-19", "3.6543")]


def test_a_month_is_converted_by_one_policy_and_a_change_counts_from_the_next(opened: Opened, nbp: FakeNbp) -> None:
    """Agreed on 20 November: the month at its last working day's rate. The first days stand at their own rates already,
    so November goes on by days; December is the first month at one rate."""
    installation = opened(FRIDAY_EVENING)
    make_client(installation.store)
    used_on(installation, "2026-11-19")
    refresh_rates(installation)
    with installation.store.write() as db:
        clients.update(db, installation.now_ms(), CLIENT, {"fx_policy": "period_end"})
    used_on(installation, "2026-11-18", "2026-11-20", "2026-12-01")
    refresh_rates(installation)
    assert [day[:2] for day in settled(installation)] == [
        ("2026-11-18", "2026-11-18"),
        ("2026-11-19", "2026-11-19"),
        ("2026-11-20", "2026-11-20"),
    ]
    with installation.store.read() as db:
        assert rates.days_without_rate(db) == [(CLIENT, date(2026, 12, 1), "period_end")]


def test_november_2026_at_period_end_stands_at_friday_the_27th(opened: Opened, nbp: FakeNbp) -> None:
    """30 November is a Monday, so the last working day before it is Friday. Final once the 29th is over."""
    for day, rate in (("2026-11-26", "3.61"), ("2026-11-27", "3.62"), ("2026-11-30", "3.63")):
        nbp.rates[date.fromisoformat(day)] = rate
    saturday = opened("2026-11-28T12:00:00Z")
    make_client(saturday.store, fx_policy="period_end")
    used_on(saturday, "2026-11-02", "2026-11-30")
    refresh_rates(saturday)
    assert settled(saturday) == []
    provisional = rate_of(saturday, "2026-11-02", "period_end")
    assert (provisional.provisional, provisional.effective_date) == (True, date(2026, 11, 27))
    monday = opened("2026-11-30T13:00:00Z")
    refresh_rates(monday)
    assert settled(monday) == [("2026-11-02", "2026-11-27", "3.6200"), ("2026-11-30", "2026-11-27", "3.6200")]
