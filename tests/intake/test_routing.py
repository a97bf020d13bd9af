"""Whose is an event of a credential of many clients: no client can claim another's people."""

from __future__ import annotations

import pytest

from mai_core.installation import Installation
from mai_core.intake.desk import Desk
from mai_core.intake.routing import client_of
from mai_core.store import routes, rows
from tests.builders import CLIENT, NOON, make_client, make_observation
from tests.intake.ledgers import delivery

OTHER = "mai_client_other"
VICTIM = f"{CLIENT}_user_11112222"


@pytest.fixture
def two(installation: Installation) -> Installation:
    make_client(installation.store)
    make_client(installation.store, OTHER, name="Other")
    return installation


def claim(two: Installation, external_user: str, client: str = OTHER) -> None:
    """A client's own secret tells an event of a person; the person then has a mapping in that client."""
    observation = make_observation(f"gen-{client}-{external_user}", external_user=external_user)
    Desk(two).deliver([delivery(observation, client=client)])


def whose(two: Installation, external_user: str | None, key_name: str | None = None) -> str | None:
    with two.store.read() as db:
        return client_of(db, external_user, key_name)


@pytest.mark.parametrize("external_user", [VICTIM, f"{CLIENT}_user_a_user_b"])
def test_a_client_named_in_the_id_is_not_outvoted_by_who_claims_the_person(
    two: Installation, external_user: str
) -> None:
    claim(two, external_user)
    assert whose(two, external_user) == CLIENT
    claim(two, external_user, CLIENT)
    assert whose(two, external_user) == CLIENT


def test_what_comes_with_the_operators_secret_goes_to_the_client_it_names(two: Installation) -> None:
    claim(two, VICTIM)
    Desk(two).deliver([delivery(make_observation("gen-a", external_user=VICTIM), client=None)])
    with two.store.read() as db:
        assert rows(db, "SELECT client_org_id FROM usage_events WHERE generation_id = 'gen-a'") == [(CLIENT,)]


def test_an_operators_word_comes_before_everything(two: Installation) -> None:
    claim(two, "bob", CLIENT)
    with two.store.write() as db:
        routes.put(db, NOON, "test", "external_user", "bob", OTHER)
        routes.put(db, NOON, "test", "external_user", VICTIM, OTHER)
    assert whose(two, "bob") == OTHER
    assert whose(two, VICTIM) == OTHER


def test_of_two_clients_that_fit_the_longer_name_counts(two: Installation) -> None:
    make_client(two.store, f"{CLIENT}_user_eu", name="Acme EU")
    assert whose(two, f"{CLIENT}_user_eu_user_1") == f"{CLIENT}_user_eu"
    assert whose(two, f"{CLIENT}_user_eu") == CLIENT


def test_a_person_whom_two_clients_claim_belongs_to_neither(two: Installation) -> None:
    claim(two, "bob")
    assert whose(two, "bob") == OTHER
    claim(two, "bob", CLIENT)
    assert whose(two, "bob") is None
    with two.store.write() as db:
        routes.put(db, NOON, "test", "api_key_name", "Prod", CLIENT)
    assert whose(two, "bob", "Prod") == CLIENT
