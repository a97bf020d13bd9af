"""External ids, mappings and the erasable directory."""

from __future__ import annotations

from typing import Any

import pytest

from mai_core.errors import BadValue, NotFound
from mai_core.store import Store, people
from tests.builders import CLIENT, NOON, make_client


@pytest.fixture
def client(store: Store) -> Store:
    make_client(store)
    return store


def put(store: Store, user_id: str = "u1", **known: Any) -> None:
    with store.write() as db:
        people.put_person(db, NOON, CLIENT, user_id, **{"source": "filter", **known})


def directory(store: Store) -> list[dict[str, Any]]:
    with store.read() as db:
        return people.directory(db, CLIENT)


def test_the_first_event_makes_a_mapping_under_the_external_id(client: Store) -> None:
    with client.write() as db:
        people.ensure_mapping(db, NOON, CLIENT, "ext-1")
        people.ensure_mapping(db, NOON, CLIENT, "ext-1")
    with client.read() as db:
        (mapping,) = people.mappings(db, CLIENT)
    assert (mapping["id"], mapping["user_id"]) == (f"ext-1_{CLIENT}", "ext-1")


def test_the_real_user_id_replaces_it_when_it_is_known(client: Store) -> None:
    with client.write() as db:
        people.ensure_mapping(db, NOON, CLIENT, "ext-1")
        people.ensure_mapping(db, NOON, CLIENT, "ext-1", "u1")
        people.ensure_mapping(db, NOON, CLIENT, "ext-1")
    with client.read() as db:
        (mapping,) = people.mappings(db, CLIENT)
    assert (mapping["id"], mapping["user_id"]) == (f"u1_{CLIENT}", "u1")


def test_a_person_may_have_two_external_ids(client: Store) -> None:
    with client.write() as db:
        people.ensure_mapping(db, NOON, CLIENT, "ext-1", "u1")
        people.ensure_mapping(db, NOON, CLIENT, "ext-2", "u1")
    with client.read() as db:
        assert [m["id"] for m in people.mappings(db, CLIENT)] == [f"u1_{CLIENT}", f"u1_{CLIENT}:ext-2"]


def test_no_external_id_makes_no_mapping(client: Store) -> None:
    with client.write() as db:
        people.ensure_mapping(db, NOON, CLIENT, "")
    with client.read() as db:
        assert people.mappings(db, CLIENT) == []


def test_the_directory_lists_people_with_and_without_usage(client: Store) -> None:
    with client.write() as db:
        people.ensure_mapping(db, NOON, CLIENT, "ext-1", "u1")
    put(client, "u1", name="Łucja Żak", department="IT")
    put(client, "u2", name="Adam Nowak")
    assert [(p["external_user"], p["name"], p["department"]) for p in directory(client)] == [
        (None, "Adam Nowak", None),
        ("ext-1", "Łucja Żak", "IT"),
    ]


def test_what_a_source_does_not_know_stays(client: Store) -> None:
    put(client, name="Łucja", email="l@x.example", department="IT")
    put(client, name="Łucja Żak", email="")
    (person,) = directory(client)
    assert (person["name"], person["email"], person["department"]) == ("Łucja Żak", "l@x.example", "IT")


def test_an_erased_person_has_no_name_and_no_source_brings_it_back(client: Store) -> None:
    put(client, name="Łucja Żak", email="l@x.example")
    with client.write() as db:
        people.erase_person(db, NOON, CLIENT, "u1", actor="Ewa")
    put(client, name="Łucja Żak")
    (person,) = directory(client)
    assert (person["name"], person["email"], person["department"]) == (None, None, None)


def test_erasing_a_stranger_is_refused(client: Store) -> None:
    with pytest.raises(NotFound), client.write() as db:
        people.erase_person(db, NOON, CLIENT, "nobody", actor="Ewa")


@pytest.mark.parametrize(
    ("field", "value"),
    [("name", "x" * 501), ("email", "a\x00b"), ("department", 7), ("user_id", "")],
)
def test_a_bad_value_is_refused_by_name(client: Store, field: str, value: Any) -> None:
    with pytest.raises(BadValue) as refused:
        put(client, **{field: value})
    assert refused.value.field == field
    assert directory(client) == []
