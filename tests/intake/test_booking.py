"""Booking: each generation once, its day's facts beside it, whatever way and order it arrives in."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mai_core.days import parse_instant_ms
from mai_core.errors import NotFound
from mai_core.intake.booking import Outcome, Result, book
from mai_core.model import Arrival, Rank
from mai_core.money import units_of
from mai_core.settings import load_settings
from mai_core.store import Store, clients, dicts, ledger, rating_books, rows
from tests.builders import CLIENT, NOON, make_arrival, make_client

SETTINGS = load_settings({})
DAY = "2026-10-14"


def deliver(store: Store, *arrivals: Arrival, outbox: bool = False) -> list[Outcome]:
    with store.write() as db:
        return book(db, rating_books.load(db, SETTINGS), arrivals, NOON, outbox=outbox)


def results(store: Store, *arrivals: Arrival) -> list[str]:
    return [outcome.result.value for outcome in deliver(store, *arrivals)]


def events(store: Store) -> list[dict[str, Any]]:
    with store.read() as db:
        return dicts(db, "SELECT * FROM usage_events ORDER BY client_org_id, generation_id")


def daily(store: Store) -> list[dict[str, Any]]:
    with store.read() as db:
        return dicts(db, "SELECT * FROM usage_daily ORDER BY client_org_id, usage_date, external_user, model, provider")


def ledger_state(store: Store) -> dict[str, Any]:
    """All that has to be the same in whatever order things arrived."""
    with store.read() as db:
        return {
            "events": [
                {name: value for name, value in event.items() if name not in ("seq", "updated_at_ms")}
                for event in events(store)
            ],
            "daily": daily(store),
            "conflicts": dicts(
                db,
                "SELECT generation_id, field, rank, seen_values FROM conflicts WHERE state = 'open'"
                " ORDER BY generation_id, field",
            ),
        }


@pytest.fixture
def client(store: Store) -> Store:
    make_client(store)
    return store


def test_ten_cents_at_1_3_are_charged_thirteen(client: Store) -> None:
    assert results(client, make_arrival(cost="0.10")) == ["new"]
    (event,) = events(client)
    assert (event["raw_pusd"], event["charged_pusd"]) == (units_of("0.10"), units_of("0.13"))
    assert (event["cost_basis"], event["markup"], event["markup_from"]) == ("reported", "1.3", "client")
    (day,) = daily(client)
    assert (day["requests"], day["usage_date"], day["charged_pusd"]) == (1, DAY, units_of("0.13"))
    assert day["last_at_ms"] == NOON


def test_a_new_default_markup_moves_no_booked_amount(store: Store) -> None:
    """Nothing was agreed with the client. October was booked at the default of 1.3; in November it is raised to 1.5,
    and only then does OpenRouter confirm the October generation."""
    make_client(store, markup_rate=None)
    deliver(store, make_arrival("gen-a", cost="0.10"))
    with store.write() as db:
        dearer = rating_books.load(db, load_settings({"USAGE_MARKUP_MULTIPLIER": "1.5"}))
        book(db, dearer, [make_arrival("gen-a", cost="0.20", rank=Rank.GENERATION, source="generation")], NOON)
        book(db, dearer, [make_arrival("gen-new", cost="0.20")], NOON)
    old, new = events(store)
    assert (old["charged_pusd"], old["markup"], old["markup_from"]) == (units_of("0.26"), "1.3", "default")
    assert (new["charged_pusd"], new["markup"], new["markup_from"]) == (units_of("0.30"), "1.5", "environment")


def test_a_delivery_repeated_changes_nothing(client: Store) -> None:
    deliver(client, make_arrival())
    before = ledger_state(client)
    assert results(client, make_arrival(), make_arrival()) == ["duplicate", "duplicate"]
    assert ledger_state(client) == before


def test_the_same_id_at_another_client_is_another_generation(client: Store) -> None:
    make_client(client, "mai_client_other")
    assert results(client, make_arrival(), make_arrival(client="mai_client_other")) == ["new", "new"]
    assert len(daily(client)) == 2


def test_a_higher_ranked_source_is_believed_and_the_change_is_audited(client: Store) -> None:
    deliver(client, make_arrival(cost="0.10"))
    better = make_arrival(cost="0.20", rank=Rank.GENERATION, source="generation")
    assert results(client, better) == ["changed"]
    (event,) = events(client)
    assert (event["raw_pusd"], event["source"]) == (units_of("0.20"), "generation")
    (day,) = daily(client)
    assert (day["requests"], day["raw_pusd"]) == (1, units_of("0.20"))
    with client.read() as db:
        ((before, after),) = rows(db, "SELECT before, after FROM audit_log WHERE action = 'event.change'")
    assert json.loads(before)["raw_pusd"] == units_of("0.10")
    assert json.loads(after)["raw_pusd"] == units_of("0.20")


def test_a_lower_ranked_source_fills_only_what_is_not_known(client: Store) -> None:
    deliver(client, make_arrival(cost=None, provider=None))
    flat = make_arrival(cost="0.50", provider="Azure", input_tokens=1, rank=Rank.FLAT, source="flat")
    assert results(client, flat) == ["changed"]
    (event,) = events(client)
    assert (event["reported_pusd"], event["provider"], event["input_tokens"]) == (units_of("0.50"), "Azure", 100)
    assert event["source"] == "openrouter"
    with client.read() as db:
        assert rows(db, "SELECT 1 FROM conflicts") == []


def test_sources_of_one_rank_that_disagree_leave_the_smaller_value_and_a_question(client: Store) -> None:
    deliver(client, make_arrival(cost="0.20"))
    (outcome,) = deliver(client, make_arrival(cost="0.10"))
    assert outcome.result is Result.CHANGED
    assert [(d.field, d.values) for d in outcome.disagreements] == [
        ("reported_pusd", (units_of("0.20"), units_of("0.10")))
    ]
    (event,) = events(client)
    assert event["reported_pusd"] == units_of("0.10")
    (conflict,) = ledger_state(client)["conflicts"]
    assert json.loads(conflict["seen_values"]) == sorted([str(units_of("0.10")), str(units_of("0.20"))])


def test_a_higher_rank_settles_what_lower_ones_disagreed_about(client: Store) -> None:
    deliver(client, make_arrival(cost="0.20"), make_arrival(cost="0.10"))
    deliver(client, make_arrival(cost="0.15", rank=Rank.GENERATION, source="generation"))
    assert ledger_state(client)["conflicts"] == []
    assert events(client)[0]["raw_pusd"] == units_of("0.15")


def test_an_event_that_moves_to_another_person_leaves_no_trace_at_the_first(client: Store) -> None:
    deliver(client, make_arrival("gen-a"), make_arrival("gen-b"))
    deliver(client, make_arrival("gen-a", external_user="ext-2", rank=Rank.GENERATION, source="generation"))
    assert [(day["external_user"], day["requests"]) for day in daily(client)] == [
        ("ext-2", 1),
        (f"{CLIENT}_user_11112222", 1),
    ]
    deliver(client, make_arrival("gen-b", external_user="ext-2", rank=Rank.GENERATION, source="generation"))
    assert [(day["external_user"], day["requests"]) for day in daily(client)] == [("ext-2", 2)]


def test_the_time_inside_the_id_decides_the_day(client: Store) -> None:
    midnight = parse_instant_ms("2026-10-13T22:00:00Z")
    before, after = f"gen-{midnight // 1000 - 1}-x", f"gen-{midnight // 1000}-x"
    deliver(client, make_arrival(before), make_arrival(after))
    assert [event["usage_date"] for event in events(client)] == ["2026-10-13", "2026-10-14"]


def test_without_a_time_anywhere_the_receipt_decides(client: Store) -> None:
    deliver(client, make_arrival(started_at_ms=None))
    assert events(client)[0]["at_ms"] == NOON


def test_a_time_in_the_future_is_not_believed(client: Store) -> None:
    deliver(
        client,
        make_arrival("gen-a", started_at_ms=NOON + 300_000),
        make_arrival("gen-b", started_at_ms=NOON + 300_001),
    )
    early, future = events(client)
    assert (early["at_ms"], early["flags"]) == (NOON + 300_000, "")
    assert (future["at_ms"], future["flags"]) == (NOON, "future_time")


def test_a_sealed_day_is_opened_by_a_late_event_in_its_own_transaction(client: Store) -> None:
    with client.write() as db:
        db.execute("INSERT INTO sealed_days VALUES (?, ?, 'f', 1, 1, '0', '0', 0)", (CLIENT, DAY))
    deliver(client, make_arrival())
    with client.read() as db:
        assert rows(db, "SELECT 1 FROM sealed_days") == []


def test_a_generation_that_was_marked_as_processed_is_a_duplicate(client: Store) -> None:
    with client.write() as db:
        ledger.remember(db, "gen-a", CLIENT, DAY, NOON, "0.1", 150)
    assert results(client, make_arrival()) == ["duplicate"]
    assert events(client) == []


def test_an_unknown_client_is_refused(client: Store) -> None:
    with pytest.raises(NotFound, match="no client 'nobody'"):
        deliver(client, make_arrival(client="nobody"))


def test_no_cost_and_no_price_is_zero_and_says_so(client: Store) -> None:
    deliver(client, make_arrival(cost=None, model="acme/unheard-of"))
    (event,) = events(client)
    assert (event["charged_pusd"], event["cost_basis"], event["flags"]) == (0, "unpriced", "unpriced")
    assert daily(client)[0]["unpriced_requests"] == 1


def test_a_total_that_nobody_split_is_flagged_until_somebody_does(client: Store) -> None:
    total = make_arrival("gen-a", input_tokens=150, output_tokens=None, rank=Rank.FLAT, source="flat")
    deliver(client, total)
    assert events(client)[0]["flags"] == "tokens_not_split"
    deliver(client, make_arrival("gen-a", input_tokens=100, output_tokens=50))
    assert (events(client)[0]["input_tokens"], events(client)[0]["flags"]) == (100, "")


def test_the_markup_in_force_at_the_events_time_is_used(client: Store) -> None:
    with client.write() as db:
        clients.update(db, NOON, CLIENT, {"markup_rate": "2"}, markup_from_ms=NOON)
    deliver(
        client,
        make_arrival("gen-a", cost="1", started_at_ms=NOON - 1),
        make_arrival("gen-b", cost="1", started_at_ms=NOON),
    )
    assert [event["charged_pusd"] for event in events(client)] == [units_of("1.3"), units_of("2")]


def test_the_outbox_gets_the_event_in_the_same_commit(client: Store) -> None:
    deliver(client, make_arrival(), outbox=True)
    with client.read() as db:
        assert rows(db, "SELECT client_org_id, generation_id FROM outbox") == [(CLIENT, "gen-a")]


def test_a_persons_first_event_makes_the_mapping_row(client: Store) -> None:
    deliver(client, make_arrival("gen-a", external_user="ext-1"), make_arrival("gen-b", external_user="ext-1"))
    with client.read() as db:
        assert rows(db, "SELECT openrouter_user_id FROM user_client_mapping") == [("ext-1",)]


class TestAnInvoicedMonth:
    @pytest.fixture
    def invoiced(self, client: Store) -> Store:
        deliver(client, make_arrival("gen-a", cost="0.10"))
        with client.write() as db:
            db.execute("INSERT INTO invoiced_months VALUES (?, '2026-10', 'FV/2026/10/0001', 0)", (CLIENT,))
        return client

    def corrections(self, store: Store) -> list[tuple[Any, ...]]:
        with store.read() as db:
            return rows(db, "SELECT generation_id, delta_raw_pusd, delta_charged_pusd FROM corrections ORDER BY 1")

    def test_a_late_event_waits_as_a_correction_and_the_day_stays(self, invoiced: Store) -> None:
        before = daily(invoiced)
        assert results(invoiced, make_arrival("gen-late", cost="1")) == ["held"]
        assert daily(invoiced) == before
        assert self.corrections(invoiced) == [("gen-late", units_of("1"), units_of("1.3"))]

    def test_a_better_cost_waits_and_neither_event_nor_day_is_touched(self, invoiced: Store) -> None:
        before = ledger_state(invoiced)
        deliver(invoiced, make_arrival("gen-a", cost="0.30", rank=Rank.GENERATION, source="generation"))
        assert ledger_state(invoiced) == before
        assert self.corrections(invoiced) == [("gen-a", units_of("0.20"), units_of("0.26"))]

    def test_later_news_of_the_same_generation_amend_the_one_correction(self, invoiced: Store) -> None:
        better = make_arrival("gen-a", cost="0.30", rank=Rank.GENERATION, source="generation")
        deliver(invoiced, better)
        assert results(invoiced, better) == ["duplicate"]
        deliver(invoiced, make_arrival("gen-a", cost="0.25", rank=Rank.GENERATION, source="generation"))
        assert self.corrections(invoiced) == [("gen-a", units_of("0.15"), units_of("0.195"))]

    def test_a_held_event_is_amended_in_place(self, invoiced: Store) -> None:
        deliver(invoiced, make_arrival("gen-late", cost="1"))
        deliver(invoiced, make_arrival("gen-late", cost="2", rank=Rank.GENERATION, source="generation"))
        assert self.corrections(invoiced) == [("gen-late", units_of("2"), units_of("2.6"))]
        assert [event["held"] for event in events(invoiced)] == [0, 1]

    def put_on_an_invoice(self, store: Store) -> None:
        with store.write() as db:
            db.execute("UPDATE corrections SET state = 'invoiced'")

    def waiting(self, store: Store) -> list[tuple[Any, ...]]:
        with store.read() as db:
            return rows(db, "SELECT generation_id, delta_charged_pusd FROM corrections WHERE state = 'waiting'")

    def test_a_correction_that_was_invoiced_is_not_proposed_again(self, invoiced: Store) -> None:
        """0.10 was invoiced, then the difference to 0.30; the same news once more is worth nothing."""
        better = make_arrival("gen-a", cost="0.30", rank=Rank.GENERATION, source="generation")
        deliver(invoiced, better)
        self.put_on_an_invoice(invoiced)
        assert results(invoiced, better) == ["duplicate"]
        assert self.waiting(invoiced) == []

    def test_the_next_correction_starts_where_the_invoiced_one_ended(self, invoiced: Store) -> None:
        """0.10, then +0.20 on a correction; OpenRouter ends at 0.25: 0.05 x 1.3 goes back, not 0.15 x 1.3 more."""
        deliver(invoiced, make_arrival("gen-a", cost="0.30", rank=Rank.GENERATION, source="generation"))
        self.put_on_an_invoice(invoiced)
        deliver(invoiced, make_arrival("gen-a", cost="0.25", rank=Rank.GENERATION, source="generation"))
        assert self.waiting(invoiced) == [("gen-a", units_of("-0.065"))]

    def test_a_held_event_whose_correction_was_invoiced_is_charged_once(self, invoiced: Store) -> None:
        deliver(invoiced, make_arrival("gen-late", cost="1"))
        self.put_on_an_invoice(invoiced)
        deliver(invoiced, make_arrival("gen-late", cost="2", rank=Rank.GENERATION, source="generation"))
        assert self.waiting(invoiced) == [("gen-late", units_of("1.3"))]


SOURCES = {
    Rank.BROADCAST: "openrouter",
    Rank.COMPLETION: "completion",
    Rank.FLAT: "flat",
    Rank.GENERATION: "generation",
    Rank.LITELLM: "litellm",
}

deliveries = st.lists(
    st.builds(
        lambda generation, rank, **told: make_arrival(generation, rank=rank, source=SOURCES[rank], **told),
        generation=st.sampled_from(["gen-a", "gen-b", "gen-1791972000-c"]),
        rank=st.sampled_from(list(SOURCES)),
        cost=st.sampled_from([None, "0.1", "0.2", "0.000000000001"]),
        model=st.sampled_from([None, "openai/gpt-4o", "openai/gpt-4o-mini"]),
        external_user=st.sampled_from([None, "ext-1", "ext-2"]),
        input_tokens=st.sampled_from([None, 0, 7, 100]),
        started_at_ms=st.sampled_from([None, NOON, NOON - 20 * 3600 * 1000]),
        is_byok=st.sampled_from([None, True, False]),
    ),
    min_size=1,
    max_size=8,
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(arrivals=deliveries, data=st.data())
def test_any_order_any_repetition_any_batching_gives_the_same_ledger(
    tmp_path_factory: pytest.TempPathFactory, arrivals: list[Arrival], data: st.DataObject
) -> None:
    shuffled = data.draw(st.permutations(arrivals + arrivals[: data.draw(st.integers(0, len(arrivals)))]))
    cut = data.draw(st.integers(0, len(shuffled)))
    folder = tmp_path_factory.mktemp("ledgers")
    with Store(folder / "one.db") as one, Store(folder / "other.db") as other:
        make_client(one)
        make_client(other)
        deliver(one, *arrivals)
        deliver(other, *shuffled[:cut])
        deliver(other, *shuffled[cut:])
        assert ledger_state(one) == ledger_state(other)
        for store in (one, other):
            assert sum(day["charged_pusd"] for day in daily(store)) == sum(e["charged_pusd"] for e in events(store))
            assert sum(day["requests"] for day in daily(store)) == len(events(store))
