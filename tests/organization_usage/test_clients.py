from __future__ import annotations

from typing import Any

import pytest

from mai_core.installation import Installation
from mai_core.organization_usage import (
    ClientOrganizationDB,
    ClientOrganizationForm,
    GlobalSettingsDB,
    GlobalSettingsForm,
    UserClientMappingDB,
    UserClientMappingForm,
)
from mai_core.store import dicts
from tests.builders import CLIENT

KEY = "sk-or-v1-0123456789abcdef"


def make(name: str = "Zakład Ślusarski", **other: Any) -> Any:
    return ClientOrganizationDB.create_client(ClientOrganizationForm(name=name, **other), KEY, "hash-at-openrouter")


def test_a_client_is_named_after_its_organisation_and_found_by_id_and_key(house: Installation) -> None:
    made = make(monthly_limit=250.5, billing_email="faktury@zaklad.pl")
    assert made == ClientOrganizationDB.get_client_by_id(made.id)
    assert made == ClientOrganizationDB.get_client_by_api_key(KEY)
    assert (made.openrouter_api_key, made.openrouter_key_hash) == (KEY, "hash-at-openrouter")
    assert (made.markup_rate, made.monthly_limit, made.is_active) == (1.3, 250.5, True)


def test_the_key_is_stored_encrypted_and_shown_in_no_log(house: Installation) -> None:
    made = make()
    with house.store.read() as db:
        stored = dicts(db, "SELECT * FROM client_organizations WHERE id = ?", (made.id,))[0]
    assert KEY not in repr(stored)
    assert KEY not in repr(made)


def test_without_an_agreed_markup_the_one_in_force_is_shown(house: Installation) -> None:
    assert make(markup_rate=None).markup_rate == 1.3
    GlobalSettingsDB.create_or_update_settings(GlobalSettingsForm(default_markup_rate=1.45))
    assert ClientOrganizationDB.get_client_by_api_key(KEY).markup_rate == 1.45  # type: ignore[union-attr]


def test_an_update_changes_known_columns_only(house: Installation) -> None:
    updated = ClientOrganizationDB.update_client(
        CLIENT, {"markup_rate": 1.5, "openrouter_key_hash": "h2", "updated_at": 1}
    )
    assert updated is not None
    assert (updated.markup_rate, updated.openrouter_key_hash) == (1.5, "h2")
    assert updated.updated_at == house.now_ms() // 1000


@pytest.mark.parametrize(
    ("updates", "field"),
    [
        ({"markup": 2}, "markup"),
        ({"id": "mai_client_other"}, "id"),
        ({"markup_rate": 0}, "markup_rate"),
        ({"markup_rate": -1.3}, "markup_rate"),
        ({"markup_rate": float("nan")}, "markup_rate"),
        ({"monthly_limit": -5}, "monthly_limit"),
        ({"name": "x" * 10_000_000}, "name"),
        ({"name": ""}, "name"),
        ({"timezone": "Mars/Olympus"}, "timezone"),
        ({"is_active": "perhaps"}, "is_active"),
        (["markup_rate"], "updates"),
    ],
)
def test_a_bad_update_is_refused_and_changes_nothing(
    house: Installation, caplog: pytest.LogCaptureFixture, updates: Any, field: str
) -> None:
    before = ClientOrganizationDB.get_client_by_id(CLIENT)
    assert ClientOrganizationDB.update_client(CLIENT, updates) is None
    assert ClientOrganizationDB.get_client_by_id(CLIENT) == before
    assert [record.getMessage().startswith(f"update_client refused: {field}") for record in caplog.records] == [True]


@pytest.mark.parametrize(
    "form",
    [
        {"name": "x" * 10_000_000},
        {"name": "  "},
        {"name": "Acme", "markup_rate": 0.0},
        {"name": "Acme", "markup_rate": float("inf")},
        {"name": "Acme", "timezone": "Nowhere"},
        {"name": "Acme", "monthly_limit": -1.0},
    ],
)
def test_a_bad_client_is_not_created(house: Installation, form: dict[str, Any]) -> None:
    assert ClientOrganizationDB.create_client(ClientOrganizationForm(**form), "sk-new") is None
    assert [client.id for client in ClientOrganizationDB.get_all_active_clients()] == [CLIENT]


def test_one_key_belongs_to_one_client(house: Installation) -> None:
    make()
    assert make(name="Somebody Else") is None
    assert make() is None


def test_a_client_that_left_is_no_longer_active_nor_found_by_key(house: Installation) -> None:
    made = make()
    assert ClientOrganizationDB.deactivate_client(made.id)
    assert [client.id for client in ClientOrganizationDB.get_all_active_clients()] == [CLIENT]
    assert ClientOrganizationDB.get_client_by_api_key(KEY) is None
    assert not ClientOrganizationDB.deactivate_client("mai_client_00000000")
    assert ClientOrganizationDB.get_client_by_id(7) is None  # type: ignore[arg-type]


def test_global_settings_keep_a_key_that_is_not_given_again(house: Installation) -> None:
    assert GlobalSettingsDB.get_settings() is None
    GlobalSettingsDB.create_or_update_settings(GlobalSettingsForm(openrouter_provisioning_key="sk-prov"))
    second = GlobalSettingsDB.create_or_update_settings(GlobalSettingsForm(default_markup_rate=1.4))
    assert second == GlobalSettingsDB.get_settings()
    assert second is not None
    assert (second.openrouter_provisioning_key, second.default_markup_rate) == ("sk-prov", 1.4)
    assert GlobalSettingsDB.create_or_update_settings(GlobalSettingsForm(billing_currency="PLN")) is None
    assert GlobalSettingsDB.create_or_update_settings(GlobalSettingsForm(openrouter_provisioning_key="k" * 501)) is None


class TestMappings:
    def make(self, user: str = "user-1", external: str = "ext-1", client: str = CLIENT) -> Any:
        return UserClientMappingDB.create_mapping(
            UserClientMappingForm(user_id=user, client_org_id=client, openrouter_user_id=external)
        )

    def test_a_mapping_has_the_id_of_the_existing_system(self, house: Installation) -> None:
        made = self.make()
        assert made.id == f"user-1_{CLIENT}"
        assert made == UserClientMappingDB.get_mapping_by_user_id("user-1")
        assert UserClientMappingDB.get_mappings_by_client_id(CLIENT) == [made]

    def test_a_mapping_can_be_made_again_but_not_for_another_person(self, house: Installation) -> None:
        assert self.make() == self.make()
        assert self.make(user="user-2") is None
        assert self.make(external="ext-2") is None
        assert self.make(user="", external="ext-3") is None
        assert self.make(user="user-3", external="ext-3", client="mai_client_00000000") is None

    def test_a_person_who_left_has_no_mapping(self, house: Installation) -> None:
        self.make()
        assert UserClientMappingDB.deactivate_mapping("user-1")
        assert UserClientMappingDB.get_mapping_by_user_id("user-1") is None
        assert UserClientMappingDB.get_mappings_by_client_id(CLIENT) == []
        assert not UserClientMappingDB.deactivate_mapping("user-1")

    def test_an_update_changes_known_columns_only(self, house: Installation) -> None:
        self.make()
        self.make(user="user-2", external="ext-2")
        assert UserClientMappingDB.update_mapping("user-1", {"user_id": "user-9", "openrouter_user_id": "ext-9"})
        moved = UserClientMappingDB.get_mapping_by_user_id("user-9")
        assert moved is not None
        assert (moved.id, moved.openrouter_user_id) == (f"user-9_{CLIENT}", "ext-9")
        for updates in ({"email": "a@b.pl"}, {"openrouter_user_id": "ext-2"}, {"is_active": 7}, {"user_id": ""}, None):
            assert not UserClientMappingDB.update_mapping("user-9", updates)  # type: ignore[arg-type]
        assert not UserClientMappingDB.update_mapping("nobody", {"is_active": False})
        assert not UserClientMappingDB.update_mapping("user-9", {"client_org_id": "mai_client_00000000"})
        assert moved == UserClientMappingDB.get_mapping_by_user_id("user-9")

    def test_taking_over_a_person_id_that_is_taken_gets_its_own_row_id(self, house: Installation) -> None:
        self.make()
        self.make(user="user-2", external="ext-2")
        assert UserClientMappingDB.update_mapping("user-2", {"user_id": "user-1"})
        ids = {mapping.id for mapping in UserClientMappingDB.get_mappings_by_client_id(CLIENT)}
        assert ids == {f"user-1_{CLIENT}", f"user-1_{CLIENT}:ext-2"}
