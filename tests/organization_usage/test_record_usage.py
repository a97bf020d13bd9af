from __future__ import annotations

import logging
from datetime import date, datetime
from typing import Any

import pytest

from mai_core.days import from_ms
from mai_core.installation import Installation
from mai_core.intake import booking
from mai_core.intake.booking import Result
from mai_core.organization_usage import ClientUsageDB, ProcessedGenerationDB
from mai_core.store import dicts, rating_books
from tests.builders import CLIENT, make_arrival, make_client

EWA = "0b6f6a1e-36c5-4b4e-9a0e-2f6b6a8c1d55"
EWA_OUTSIDE = f"{CLIENT}_user_aaaa1111"

USUAL: dict[str, Any] = {
    "client_org_id": CLIENT,
    "user_id": EWA,
    "openrouter_user_id": EWA_OUTSIDE,
    "model_name": "openai/gpt-4o",
    "usage_date": date(2026, 10, 13),
    "input_tokens": 1200,
    "output_tokens": 300,
    "raw_cost": 0.1,
    "markup_cost": 0.13,
    "provider": "OpenAI",
}


def record(**other: Any) -> bool:
    return ClientUsageDB.record_usage(**{**USUAL, **other})


def events(house: Installation) -> list[dict[str, Any]]:
    with house.store.read() as db:
        return dicts(db, "SELECT * FROM usage_events ORDER BY seq")


def tables(house: Installation) -> list[int]:
    names = ("usage_events", "usage_daily", "processed_generations", "user_client_mapping", "outbox")
    with house.store.read() as db:
        return [dicts(db, f"SELECT count(*) AS n FROM {name}")[0]["n"] for name in names]


def test_a_record_is_an_event_at_local_noon_with_the_amounts_given(house: Installation) -> None:
    assert record()
    (event,) = events(house)
    assert event["generation_id"].startswith("manual-")
    assert from_ms(event["at_ms"]).isoformat() == "2026-10-13T10:00:00+00:00"
    assert (event["raw_pusd"], event["charged_pusd"]) == (100_000_000_000, 130_000_000_000)
    assert (event["cost_basis"], event["markup_from"]) == ("given", "given")
    assert tables(house) == [1, 1, 1, 1, 0]


def test_a_float_counts_as_its_shortest_decimal(house: Installation) -> None:
    for _ in range(3):
        record(raw_cost=0.1, markup_cost=0.1 + 0.2)
    assert sum(event["charged_pusd"] for event in events(house)) == 3 * 300_000_000_000
    assert sum(event["raw_pusd"] for event in events(house)) == 300_000_000_000


def test_the_person_behind_the_external_id_becomes_known(house: Installation) -> None:
    record()
    with house.store.read() as db:
        (mapping,) = dicts(db, "SELECT * FROM user_client_mapping")
    assert (mapping["id"], mapping["openrouter_user_id"]) == (f"{EWA}_{CLIENT}", EWA_OUTSIDE)


@pytest.mark.parametrize("key", ["generation_id", "id"])
def test_a_generation_with_an_identity_counts_once(house: Installation, key: str) -> None:
    assert record(request_metadata={key: "gen-x1"})
    assert record(request_metadata={key: "gen-x1"})
    (event,) = events(house)
    assert event["generation_id"] == "gen-x1"


def test_what_was_marked_elsewhere_is_not_recorded(house: Installation, caplog: pytest.LogCaptureFixture) -> None:
    assert ProcessedGenerationDB.mark_generation_processed("gen-m", CLIENT, date(2026, 10, 13), 0.2, 10)
    assert not record(request_metadata={"generation_id": "gen-m"})
    assert events(house) == []
    assert "generation_id" in caplog.text


def test_a_marked_generation_that_arrives_by_webhook_is_a_duplicate(house: Installation) -> None:
    ProcessedGenerationDB.mark_generation_processed("gen-w", CLIENT, date(2026, 10, 14), 0.2, 10)
    with house.store.write() as db:
        book = rating_books.load(db, house.settings)
        (outcome,) = booking.book(db, book, [make_arrival("gen-w")], house.now_ms())
    assert outcome.result is Result.DUPLICATE
    assert events(house) == []


def test_today_before_noon_stays_today(house: Installation) -> None:
    assert record(usage_date=date(2026, 10, 14))
    assert record(usage_date=datetime(2026, 10, 14, 9, 30))  # noqa: DTZ001
    assert {event["usage_date"] for event in events(house)} == {"2026-10-14"}


def test_history_of_years_ago_can_be_recorded(house: Installation) -> None:
    assert record(usage_date=date(2019, 2, 28))
    assert events(house)[0]["usage_date"] == "2019-02-28"


BAD = {
    "unknown client": ({"client_org_id": "mai_client_00000000"}, "client_org_id"),
    "no client": ({"client_org_id": None}, "client_org_id"),
    "negative tokens": ({"input_tokens": -1}, "input_tokens"),
    "tokens with a fraction": ({"output_tokens": 1.5}, "output_tokens"),
    "tokens that are a truth value": ({"output_tokens": True}, "output_tokens"),
    "tokens of 400 digits": ({"input_tokens": 10**400}, "input_tokens"),
    "negative cost": ({"raw_cost": -0.01}, "raw_cost"),
    "negative charge": ({"markup_cost": -0.01}, "markup_cost"),
    "NaN": ({"raw_cost": float("nan")}, "raw_cost"),
    "infinity": ({"markup_cost": float("inf")}, "markup_cost"),
    "more money than there is": ({"markup_cost": 1e30}, "markup_cost"),
    "a cost that is a text": ({"raw_cost": "a lot"}, "raw_cost"),
    "a date that is none": ({"usage_date": "2026-02-30"}, "usage_date"),
    "a number as date": ({"usage_date": 20261013}, "usage_date"),
    "no date": ({"usage_date": None}, "usage_date"),
    "a day of next year": ({"usage_date": date(2027, 1, 1)}, "usage_date"),
    "a day before all computers": ({"usage_date": date(1, 1, 1)}, "usage_date"),
    "a 10 MB model name": ({"model_name": "x" * 10_000_000}, "model_name"),
    "a 10 MB person": ({"user_id": "x" * 10_000_000}, "user_id"),
    "no model": ({"model_name": " "}, "model_name"),
    "a model that is a list": ({"model_name": ["gpt"]}, "model_name"),
    "a NUL byte": ({"provider": "Open\x00AI"}, "provider"),
    "half a character": ({"provider": "\ud800"}, "provider"),
    "metadata that is a list": ({"request_metadata": ["gen-1"]}, "request_metadata"),
    "an identity that is a number": ({"request_metadata": {"generation_id": 7}}, "generation_id"),
}


@pytest.mark.parametrize(("given", "field"), BAD.values(), ids=BAD.keys())
def test_bad_values_are_refused_in_one_log_line_and_nothing_is_written(
    house: Installation, caplog: pytest.LogCaptureFixture, given: dict[str, Any], field: str
) -> None:
    before = tables(house)
    with caplog.at_level(logging.WARNING):
        assert record(**given) is False
    assert tables(house) == before
    (line,) = caplog.records
    assert line.getMessage().startswith("record_usage refused: ")
    assert field in line.getMessage()
    assert len(line.getMessage()) < 300


def test_another_clients_record_stays_apart(house: Installation) -> None:
    make_client(house.store, "mai_client_other", name="Other")
    record(request_metadata={"id": "gen-1"})
    record(request_metadata={"id": "gen-1"}, client_org_id="mai_client_other")
    assert [event["client_org_id"] for event in events(house)] == [CLIENT, "mai_client_other"]
