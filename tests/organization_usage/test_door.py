from __future__ import annotations

from pathlib import Path

import pytest

from mai_core import organization_usage
from mai_core.errors import StoreUnavailable
from mai_core.installation import Installation
from mai_core.organization_usage import ClientOrganizationDB, ProcessedGenerationDB, door
from mai_core.store import Store
from tests.builders import CLIENT


def test_the_environments_installation_is_opened_at_the_first_call(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MAI_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("CLIENT_ORG_ID", CLIENT)
    organization_usage.use_installation(None)
    assert not (tmp_path / "data").exists()
    assert [client.id for client in ClientOrganizationDB.get_all_active_clients()] == [CLIENT]
    door.installation().close()
    organization_usage.use_installation(None)


def test_a_ledger_that_cannot_be_read_raises(house: Installation, monkeypatch: pytest.MonkeyPatch) -> None:
    """'Not processed' would be a lie that bills twice."""

    def locked(store: Store) -> None:
        raise StoreUnavailable("the ledger is locked")

    monkeypatch.setattr(Store, "read", locked)
    with pytest.raises(StoreUnavailable):
        ProcessedGenerationDB.is_generation_processed("gen-1", CLIENT)
