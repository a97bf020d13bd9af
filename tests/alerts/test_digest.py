"""The summary by e-mail: when, to whom, and what it says."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pytest

from mai_core.alerts import digests
from mai_core.alerts.digest import DigestFacts, Due, OddDay, compose, due_digests, odd_day
from mai_core.alerts.digests import send_due_digests
from mai_core.days import parse_instant_ms
from mai_core.language import Words
from mai_core.money import units_of
from mai_core.store import accounts
from tests.alerts.test_delivery import Outbox, account
from tests.batch.conftest import deliver, opened_at
from tests.builders import CLIENT, NOON, make_arrival, make_client

WARSAW = "Europe/Warsaw"
WEEK = Due("week", date(2026, 10, 12), date(2026, 10, 18))


@pytest.mark.parametrize(
    ("now", "due"),
    [
        ("2026-10-19T05:29:59Z", []),
        ("2026-10-19T05:30:00Z", [WEEK]),
        ("2026-10-20T05:29:59Z", [WEEK]),
        ("2026-10-20T05:30:00Z", []),
        ("2026-10-01T05:30:00Z", [Due("month", date(2026, 9, 1), date(2026, 9, 30))]),
        # 1 June 2026 is a Monday: both.
        (
            "2026-06-01T06:00:00Z",
            [
                Due("week", date(2026, 5, 25), date(2026, 5, 31)),
                Due("month", date(2026, 5, 1), date(2026, 5, 31)),
            ],
        ),
    ],
)
def test_monday_at_half_past_seven_and_the_first_of_the_month(now: str, due: list[Due]) -> None:
    assert due_digests(parse_instant_ms(now), WARSAW) == due


def facts(**told: object) -> DigestFacts:
    values: dict[str, object] = {
        "due": WEEK,
        "name": "Acme",
        "charged_pusd": units_of("1234.5"),
        "charged_ppln": units_of("4511.23"),
        "previous_pusd": units_of("1000"),
        "expected_pusd": units_of("5000"),
        "limit_pusd": units_of("4000"),
        "people": [("Anna", units_of("700")), ("Osoba 1a2b", units_of("300"))],
        "models": [("openai/gpt-4o", units_of("900"))],
        "odd": OddDay(date(2026, 10, 15), units_of("600"), units_of("120")),
        "link": "https://mai.example/?from=2026-10-12&to=2026-10-18",
        "opt_out_link": "https://mai.example/account",
    }
    return DigestFacts(**{**values, **told})  # type: ignore[arg-type]


def test_it_says_amount_change_outlook_top_and_what_stands_out() -> None:
    subject, text = compose(Words("en"), facts())
    assert subject == "Acme, 12–18 October 2026: $1,234.50"
    for said in ("$1,234.50", "PLN 4,511.23", "+23%", "$5,000.00", "125%", "1. Anna: $700.00", "2. Osoba 1a2b",
                 "1. openai/gpt-4o: $900.00", "Thu", "$120.00", "/?from=2026-10-12"):  # fmt: skip
        assert said in text, (said, text)


def test_zloty_that_are_not_final_name_their_table() -> None:
    _, text = compose(Words("pl"), facts(provisional_table="199/A/NBP/2026"))
    assert "4 511,23 zł, wstępnie, kurs 199/A/NBP/2026)" in text
    assert "wstępnie" not in compose(Words("pl"), facts())[1]


def test_it_speaks_polish() -> None:
    _, text = compose(Words("pl"), facts())
    assert "względem poprzedniego okresu" in text
    assert "Najwięcej zużyli:" in text


def test_what_is_not_known_is_left_out() -> None:
    bare = facts(
        charged_ppln=None, previous_pusd=0, expected_pusd=None, limit_pusd=None, people=[], models=[], odd=None
    )
    _, text = compose(Words("en"), bare)
    assert "PLN" not in text
    assert "Forecast" not in text
    assert "Stands out" not in text
    assert (
        "Forecast for the end of this month: $9.00."
        in compose(Words("en"), facts(expected_pusd=units_of("9"), limit_pusd=None))[1]
    )


def test_the_day_that_stands_out() -> None:
    last = date(2026, 10, 18)
    amounts = {last - timedelta(days=n): units_of("10") for n in range(40)}
    assert odd_day(amounts, WEEK.first, WEEK.last) is None
    amounts[date(2026, 10, 14)] = units_of("30")
    amounts[date(2026, 10, 16)] = units_of("80")
    assert odd_day(amounts, WEEK.first, WEEK.last) == OddDay(date(2026, 10, 16), units_of("80"), units_of("10"))


def test_a_young_installation_has_no_usual_day() -> None:
    amounts = {date(2026, 10, 14) + timedelta(days=n): units_of("10") for n in range(4)}
    amounts[date(2026, 10, 18)] = units_of("500")
    assert odd_day(amounts, WEEK.first, WEEK.last) is None


@pytest.fixture
def outbox(monkeypatch: pytest.MonkeyPatch) -> Outbox:
    box = Outbox()
    monkeypatch.setattr(digests.mail, "send", box.send)
    return box


def test_each_person_gets_theirs_once_unless_they_opted_out(tmp_path: Path, outbox: Outbox) -> None:
    opened = opened_at(tmp_path, "2026-10-19T06:00:00Z", SMTP_HOST="127.0.0.1", SMTP_FROM="mai@example.com")
    make_client(opened.store)
    make_client(opened.store, "mai_client_bolt0000", name="Bolt")
    deliver(
        opened,
        [
            make_arrival("gen-a", cost="10", started_at_ms=NOON),
            make_arrival("gen-b", cost="7", started_at_ms=NOON, client="mai_client_bolt0000"),
        ],
    )
    account(opened, "anna@acme.example", "manager", CLIENT)
    account(opened, "operator@example.com", "operator", language="en")
    account(opened, "quiet@acme.example", "manager", CLIENT)
    with opened.store.write() as db:
        quiet = accounts.find(db, "quiet@acme.example")
        assert quiet is not None
        accounts.update(db, 0, quiet["id"], {"digest": 0})
    assert send_due_digests(opened) == 2
    assert send_due_digests(opened) == 0
    by_address = {to: (subject, text) for to, subject, text in outbox}
    assert sorted(by_address) == ["anna@acme.example", "operator@example.com"]
    subject, text = by_address["anna@acme.example"]
    assert subject.startswith("Acme sp. z o.o., 12–18 października 2026: 13,00")
    assert "Bolt" not in text
    assert "22,1" in by_address["operator@example.com"][0] or "22.10" in by_address["operator@example.com"][0]
    opened.close()


@pytest.mark.parametrize(
    ("sent", "before", "week"),
    [
        ("2026-10-19T06:00:00Z", "2026-10-07T10:00:00Z", "2026-10-14T10:00:00Z"),
        # 1 June 2026 is a Monday: its week is compared with the week before, and not with the first days of May.
        ("2026-06-08T06:00:00Z", "2026-05-27T10:00:00Z", "2026-06-03T10:00:00Z"),
    ],
)
def test_a_week_is_compared_with_the_week_before(
    tmp_path: Path, outbox: Outbox, sent: str, before: str, week: str
) -> None:
    opened = opened_at(tmp_path, sent, SMTP_HOST="127.0.0.1", SMTP_FROM="mai@example.com")
    make_client(opened.store)
    used = {"gen-a": ("10", before), "gen-b": ("15", week)}
    deliver(opened, [
        make_arrival(name, cost=cost, started_at_ms=parse_instant_ms(at), received_at_ms=parse_instant_ms(at))
        for name, (cost, at) in used.items()
    ])  # fmt: skip
    account(opened, "anna@acme.example", "manager", CLIENT, language="en")
    assert send_due_digests(opened) == 1
    assert "Amount: $19.50, +50% against the period before." in outbox[0][2]
    opened.close()


def test_nothing_used_nothing_sent(tmp_path: Path, outbox: Outbox) -> None:
    opened = opened_at(tmp_path, "2026-10-19T06:00:00Z", SMTP_HOST="127.0.0.1", SMTP_FROM="mai@example.com")
    make_client(opened.store)
    account(opened, "anna@acme.example", "manager", CLIENT)
    assert send_due_digests(opened) == 0
    assert outbox == []
    opened.close()


def test_without_a_mail_server_nothing_is_noted(tmp_path: Path) -> None:
    opened = opened_at(tmp_path, "2026-10-19T06:00:00Z")
    account(opened, "operator@example.com", "operator")
    assert send_due_digests(opened) == 0
    opened.close()


def test_names_are_text_in_a_mail_too() -> None:
    """A line break in a name would make a header of it, a turning mark would turn the amount that follows."""
    hostile = "\u202eAcme\r\nBcc: x@evil.example"
    subject, text = compose(Words("en"), facts(name=hostile, people=[(hostile, units_of("700"))]))
    assert "Acme Bcc: x@evil.example" in subject
    assert "\n" not in subject
    assert "  1. Acme Bcc: x@evil.example: $700.00" in text.splitlines()
    assert "\u202e" not in subject + text
