"""Clients: what was agreed when, and refusals that name the field."""

from __future__ import annotations

from typing import Any

import pytest

from mai_core.days import parse_instant_ms, usage_day
from mai_core.errors import BadValue, Conflict, NotFound
from mai_core.secrets_box import SecretBox
from mai_core.store import Store, clients, rows
from tests.builders import CLIENT, NOON, make_client

SECRETS = SecretBox("a key for tests")


def history(store: Store) -> list[tuple[Any, ...]]:
    with store.read() as db:
        return rows(db, "SELECT effective_from_ms, markup, set_by FROM markup_history ORDER BY effective_from_ms")


def update(store: Store, changes: dict[str, Any], **more: Any) -> None:
    with store.write() as db:
        clients.update(db, NOON, CLIENT, changes, secrets=SECRETS, actor="Ewa", **more)


def test_the_first_markup_counts_from_the_beginning(store: Store) -> None:
    make_client(store, markup_rate=1.45)
    assert history(store) == [(0, "1.45", "system")]


def test_a_new_markup_counts_from_its_instant_and_the_old_one_stays(store: Store) -> None:
    make_client(store)
    update(store, {"markup_rate": "1.5"})
    assert history(store) == [(0, "1.3", "system"), (NOON, "1.5", "Ewa")]


def test_a_markup_for_the_future_is_planned_and_not_shown_yet(store: Store) -> None:
    make_client(store)
    update(store, {"markup_rate": "2"}, markup_from_ms=NOON + 1000)
    with store.read() as db:
        assert clients.require(db, CLIENT).markup_rate == "1.3"
        assert clients.markup_in_force(db, CLIENT, NOON + 1000) == "2"


def test_a_markup_for_the_past_does_not_displace_a_later_one(store: Store) -> None:
    make_client(store)
    update(store, {"markup_rate": "1.5"})
    update(store, {"markup_rate": "1.4"}, markup_from_ms=NOON - 1000)
    assert history(store) == [(0, "1.3", "system"), (NOON - 1000, "1.4", "Ewa"), (NOON, "1.5", "Ewa")]
    with store.read() as db:
        assert clients.require(db, CLIENT).markup_rate == "1.5"


def test_a_markup_agreed_for_later_is_one_line_of_history(store: Store) -> None:
    make_client(store)
    update(store, {"markup_rate": "1.5"}, markup_from_ms=NOON + 86_400_000)
    assert [(since, markup) for since, markup, _ in history(store)] == [(0, "1.3"), (NOON + 86_400_000, "1.5")]


def test_an_update_by_hand_in_sql_becomes_history_too(store: Store) -> None:
    make_client(store)
    with store.write() as db:
        db.execute("UPDATE client_organizations SET markup_rate = '1.7' WHERE id = ?", (CLIENT,))
    assert [markup for _, markup, _ in history(store)] == ["1.3", "1.7"]


def test_a_time_zone_counts_from_the_next_local_midnight(store: Store) -> None:
    make_client(store)
    update(store, {"timezone": "America/New_York"})
    with store.read() as db:
        assert clients.zones(db, CLIENT) == (
            (0, "Europe/Warsaw"),
            (parse_instant_ms("2026-10-14T22:00:00Z"), "America/New_York"),
        )


def test_a_time_zone_taken_back_before_midnight_moves_no_hour(store: Store) -> None:
    """New York by mistake and Warsaw again a minute later: 15 October begins in Warsaw, not six hours late."""
    make_client(store)
    update(store, {"timezone": "America/New_York"})
    update(store, {"timezone": "Europe/Warsaw"})
    with store.read() as db:
        zones = clients.zones(db, CLIENT)
    assert str(usage_day(parse_instant_ms("2026-10-14T22:00:00Z"), zones)) == "2026-10-15"
    assert str(usage_day(parse_instant_ms("2026-10-15T03:59:59Z"), zones)) == "2026-10-15"


@pytest.mark.parametrize(
    ("field", "value", "reason"),
    [
        ("no_such_column", 1, "is not a column"),
        ("name", "", "1 to 500 characters"),
        ("name", "x" * 10_000_000, "1 to 500 characters"),
        ("name", "null\x00byte", "1 to 500 characters"),
        ("markup_rate", 0, "above 0"),
        ("markup_rate", -1.3, "above 0"),
        ("markup_rate", float("nan"), "not a finite number"),
        ("markup_rate", "a lot", "is not a number"),
        ("markup_rate", 1001, "at most 1000"),
        ("monthly_limit", -0.01, "0 or more"),
        ("monthly_limit", float("inf"), "not a finite number"),
        ("monthly_limit", "1e30", "larger than the ledger can hold"),
        ("timezone", "Mars/Olympus", "IANA time zone"),
        ("fx_policy", "monthly", "'daily' or 'period_end'"),
        ("is_active", 2, "true or false"),
        ("billing_email", 17, "must be a text"),
    ],
)
def test_a_bad_value_is_refused_by_name_and_nothing_is_written(
    store: Store, field: str, value: Any, reason: str
) -> None:
    make_client(store)
    with store.read() as db:
        before = clients.require(db, CLIENT)
    with pytest.raises(BadValue, match=reason) as refused:
        update(store, {"billing_email": "a@b.example", field: value})
    assert refused.value.field == field
    with store.read() as db:
        assert clients.require(db, CLIENT) == before


def test_an_unknown_client_is_said(store: Store) -> None:
    with pytest.raises(NotFound, match="no client 'nobody' is known"), store.write() as db:
        clients.update(db, NOON, "nobody", {"name": "x"})


def test_the_same_client_twice_is_refused(store: Store) -> None:
    make_client(store)
    with pytest.raises(Conflict, match="exists already"):
        make_client(store)


def test_a_key_is_stored_as_ciphertext_and_found_by_its_hash(store: Store) -> None:
    make_client(store, api_key="sk-or-v1-secret", secrets=SECRETS)
    with store.read() as db:
        ((stored,),) = rows(db, "SELECT openrouter_api_key FROM client_organizations")
        found = clients.get_by_api_key(db, "sk-or-v1-secret", SECRETS)
        assert clients.get_by_api_key(db, "sk-or-v1-other", SECRETS) is None
    assert "secret" not in stored
    assert SECRETS.decrypt(stored) == "sk-or-v1-secret"
    assert found is not None
    assert found.id == CLIENT


def test_two_clients_cannot_share_a_key(store: Store) -> None:
    make_client(store, api_key="sk-1", secrets=SECRETS)
    with pytest.raises(Conflict, match="belongs to another client"):
        make_client(store, "mai_client_other", api_key="sk-1", secrets=SECRETS)


def test_a_key_needs_the_installations_secret(store: Store) -> None:
    with pytest.raises(BadValue, match="secret key"):
        make_client(store, api_key="sk-1")


def test_the_trail_says_who_changed_what(store: Store) -> None:
    make_client(store)
    update(store, {"is_active": False, "openrouter_api_key": "sk-2"})
    with store.read() as db:
        ((actor, before, after),) = rows(
            db, "SELECT actor, before, after FROM audit_log WHERE action = 'client.update'"
        )
    assert actor == "Ewa"
    assert '"is_active": true' in before
    assert '"is_active": false' in after
    assert "sk-2" not in before + after


def test_closed_clients_are_not_among_the_active(store: Store) -> None:
    make_client(store)
    make_client(store, "mai_client_other", name="Zet")
    update(store, {"is_active": 0})
    with store.read() as db:
        assert [client.name for client in clients.list_active(db)] == ["Zet"]
        assert len(clients.list_all(db)) == 2
