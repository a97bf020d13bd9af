from __future__ import annotations

from pathlib import Path
from typing import Any

import apsw
import pytest

from mai_core import directory, ids
from mai_core.errors import MaiError
from mai_core.installation import Installation, open_installation
from mai_core.settings import load_settings
from mai_core.store import dicts, people
from tests.builders import CLIENT, make_client

EWA = "0b6f6a1e-36c5-4b4e-9a0e-2f6b6a8c1d55"
JAN = "11111111-36c5-4b4e-9a0e-2f6b6a8c1d55"
PENDING = "22222222-36c5-4b4e-9a0e-2f6b6a8c1d55"


@pytest.fixture
def webui(tmp_path: Path) -> Path:
    path = tmp_path / "webui.db"
    db = apsw.Connection(str(path))
    db.execute(
        'CREATE TABLE "user" (id TEXT PRIMARY KEY, email TEXT, role TEXT, name TEXT, created_at BIGINT);'
        'CREATE TABLE "group" (id TEXT PRIMARY KEY, name TEXT);'
        "CREATE TABLE group_member (group_id TEXT, user_id TEXT);"
        f"INSERT INTO \"user\" VALUES ('{EWA}', 'ewa@acme.pl', 'admin', 'Ewa Żak', 1700000000),"
        f" ('{JAN}', 'jan@acme.pl', 'user', 'Jan Kos', 1700000000000), ('robot', 'r@acme.pl', 'user', 'R', 1),"
        f" ('{PENDING}', 'p@acme.pl', 'pending', 'P', 1);"
        "INSERT INTO \"group\" VALUES ('g1', 'Księgowość'), ('g2', 'Zarząd');"
        f"INSERT INTO group_member VALUES ('g2', '{EWA}'), ('g1', '{EWA}'), ('g9', '{JAN}')"
    )
    db.close()
    return path


def house(tmp_path: Path, **environment: str) -> Installation:
    return open_installation(load_settings({"MAI_DATA_DIR": str(tmp_path / "data"), **environment}, tmp_path / ".env"))


def known(installation: Installation) -> dict[str, dict[str, Any]]:
    with installation.store.read() as db:
        return {row["user_id"]: row for row in people.directory(db, CLIENT)}


def test_names_departments_and_dates_come_from_open_webui(tmp_path: Path, webui: Path) -> None:
    opened = house(tmp_path, CLIENT_ORG_ID=CLIENT, DATABASE_URL=f"sqlite:///{webui}")
    assert directory.refresh(opened) == 2
    assert directory.refresh(opened) == 2
    everybody = known(opened)
    assert set(everybody) == {EWA, JAN}
    ewa = everybody[EWA]
    assert (ewa["name"], ewa["email"], ewa["department"]) == ("Ewa Żak", "ewa@acme.pl", "Księgowość")
    assert (ewa["created_at"], everybody[JAN]["created_at"]) == (1_700_000_000, 1_700_000_000)
    assert everybody[JAN]["department"] is None
    assert ewa["external_user"] == ids.external_user_id(CLIENT, EWA)
    opened.close()


def test_an_erased_person_stays_erased(tmp_path: Path, webui: Path) -> None:
    opened = house(tmp_path, CLIENT_ORG_ID=CLIENT, DATABASE_URL=str(webui))
    directory.refresh(opened)
    with opened.store.write() as db:
        people.erase_person(db, 1, CLIENT, EWA, "test")
    directory.refresh(opened)
    assert known(opened)[EWA]["name"] is None
    opened.close()


def test_without_an_address_nothing_happens(installation: Installation) -> None:
    make_client(installation.store)
    assert directory.refresh(installation) == 0
    with installation.store.read() as db:
        assert dicts(db, "SELECT * FROM people") == []


def test_whose_people_they_are_has_to_be_known(tmp_path: Path, webui: Path) -> None:
    opened = house(tmp_path, DATABASE_URL=str(webui))
    with pytest.raises(MaiError, match="CLIENT_ORG_ID"):
        directory.refresh(opened)
    make_client(opened.store)
    assert directory.refresh(opened, CLIENT) == 2
    opened.close()


def test_a_database_that_is_no_file_is_said(tmp_path: Path) -> None:
    opened = house(tmp_path, CLIENT_ORG_ID=CLIENT, DATABASE_URL="postgresql://db/webui")
    with pytest.raises(MaiError, match="postgresql"):
        directory.refresh(opened)
    opened.close()
