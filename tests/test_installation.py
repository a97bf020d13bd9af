"""Start-up: the environment's client is created once, and never reset against an operator."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from mai_core.days import parse_instant_ms
from mai_core.ids import client_org_id
from mai_core.installation import initialise_client, open_installation
from mai_core.model import Client
from mai_core.settings import load_settings
from mai_core.store import clients, rows

PREFIX = "mai_client_63a4eb6d"


def started(tmp_path: Path, **environment: str) -> Client:
    """The environment's client after one more start."""
    settings = load_settings(
        {"MAI_DATA_DIR": str(tmp_path), "OPENROUTER_EXTERNAL_USER": PREFIX, "ORGANIZATION_NAME": "Acme", **environment}
    )
    installation = open_installation(settings)
    try:
        with installation.store.read() as db:
            return clients.require(db, PREFIX)
    finally:
        installation.close()


def change(tmp_path: Path, **changes: object) -> None:
    installation = open_installation(load_settings({"MAI_DATA_DIR": str(tmp_path)}))
    with installation.store.write() as db:
        clients.update(db, installation.now_ms(), PREFIX, changes, actor="Ewa")
    installation.close()


def test_the_first_start_creates_the_client_and_its_markup(tmp_path: Path) -> None:
    client = started(tmp_path, USAGE_MARKUP_MULTIPLIER="1.45", SPENDING_LIMIT="200", OPENROUTER_API_KEY="sk-1")
    assert (client.name, client.markup_rate, client.monthly_limit) == ("Acme", "1.45", "200")


def test_a_changed_environment_is_followed(tmp_path: Path) -> None:
    started(tmp_path, USAGE_MARKUP_MULTIPLIER="1.45")
    assert started(tmp_path, USAGE_MARKUP_MULTIPLIER="1.5").markup_rate == "1.5"


def test_what_an_operator_changed_later_is_never_reset(tmp_path: Path) -> None:
    started(tmp_path, USAGE_MARKUP_MULTIPLIER="1.45", SPENDING_LIMIT="200")
    change(tmp_path, markup_rate="1.6", name="Acme sp. z o.o.")
    client = started(tmp_path, USAGE_MARKUP_MULTIPLIER="1.5", SPENDING_LIMIT="300")
    assert (client.markup_rate, client.name, client.monthly_limit) == ("1.6", "Acme sp. z o.o.", "300")


def test_what_an_operator_agreed_for_a_later_day_is_not_reset_when_that_day_has_come(tmp_path: Path) -> None:
    started(tmp_path, USAGE_MARKUP_MULTIPLIER="1.45", MAI_CLOCK="2026-11-01T10:00:00Z")
    installation = open_installation(load_settings({"MAI_DATA_DIR": str(tmp_path)}))
    agreed_ms, since_ms = parse_instant_ms("2026-11-02T10:00:00Z"), parse_instant_ms("2026-11-05T00:00:00Z")
    with installation.store.write() as db:
        clients.update(db, agreed_ms, PREFIX, {"markup_rate": "1.6"}, actor="Ewa", markup_from_ms=since_ms)
    installation.close()
    december = "2026-12-01T10:00:00Z"
    started(tmp_path, USAGE_MARKUP_MULTIPLIER="1.5", MAI_CLOCK=december)
    installation = open_installation(load_settings({"MAI_DATA_DIR": str(tmp_path)}))
    with installation.store.read() as db:
        assert clients.markup_in_force(db, PREFIX, parse_instant_ms(december) + 60_000) == "1.6"
    installation.close()


def test_a_rotated_key_is_stored(tmp_path: Path) -> None:
    started(tmp_path, OPENROUTER_API_KEY="sk-1")
    started(tmp_path, OPENROUTER_API_KEY="sk-2")
    installation = open_installation(load_settings({"MAI_DATA_DIR": str(tmp_path)}))
    with installation.store.read() as db:
        assert clients.get_by_api_key(db, "sk-1", installation.secrets) is None
        assert clients.get_by_api_key(db, "sk-2", installation.secrets) is not None
    installation.close()


def test_starting_again_changes_nothing(tmp_path: Path) -> None:
    first = started(tmp_path, OPENROUTER_API_KEY="sk-1", USAGE_MARKUP_MULTIPLIER="1.30")
    assert started(tmp_path, OPENROUTER_API_KEY="sk-1", USAGE_MARKUP_MULTIPLIER="1.30") == first
    installation = open_installation(load_settings({"MAI_DATA_DIR": str(tmp_path)}))
    with installation.store.read() as db:
        assert rows(db, "SELECT action FROM audit_log") == [("client.create",)]
    installation.close()


def test_api_and_jobs_may_start_at_the_same_moment(tmp_path: Path) -> None:
    settings = load_settings({"MAI_DATA_DIR": str(tmp_path), "ORGANIZATION_NAME": "Acme", "OPENROUTER_API_KEY": "sk-1"})
    with ThreadPoolExecutor(6) as pool:
        installations = list(pool.map(lambda _: open_installation(settings), range(6)))
    with installations[0].store.read() as db:
        assert [client.id for client in clients.list_all(db)] == [client_org_id("Acme")]
    for installation in installations:
        installation.close()


def test_a_missing_name_is_warned_about_and_the_id_serves(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    assert started(tmp_path, ORGANIZATION_NAME="").name == PREFIX
    assert "ORGANIZATION_NAME is not set" in caplog.text


def test_without_a_client_in_the_environment_nothing_is_created(tmp_path: Path) -> None:
    installation = open_installation(load_settings({"MAI_DATA_DIR": str(tmp_path)}))
    initialise_client(installation)
    with installation.store.read() as db:
        assert clients.list_all(db) == []
    installation.close()
