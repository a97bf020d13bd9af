"""`python -m mai_core backup`, `alerts`, `reconcile`."""

from __future__ import annotations

from pathlib import Path

import pytest

from mai_core.cli import main
from tests.batch.conftest import NOBODY, deliver, opened_at
from tests.builders import make_arrival, make_client


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder whose environment names its own ledger, with three generations in it."""
    monkeypatch.chdir(tmp_path)
    for name, value in {
        "MAI_DATA_DIR": str(tmp_path / "data"),
        "MAI_SECRET_KEY": "a key for tests",
        "MAI_CLOCK": "2026-10-15T11:30:00Z",
        "OPENROUTER_API_URL": NOBODY,
        "NBP_API_URL": NOBODY,
    }.items():
        monkeypatch.setenv(name, value)
    opened = opened_at(tmp_path)
    make_client(opened.store, monthly_limit="0.01")
    deliver(opened, [make_arrival(f"gen-{n}") for n in range(3)])
    opened.close()
    return tmp_path


def test_backups_from_the_command_line(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["backup", "list"]) == 0
    assert "no backups yet" in capsys.readouterr().out
    assert main(["backup", "verify"]) == 1
    assert main(["backup", "now"]) == 0
    file = capsys.readouterr().out.split(":")[0]
    assert main(["backup", "list"]) == 0
    assert f"{file}  2026-10-15" in capsys.readouterr().out
    assert main(["backup", "verify"]) == 0
    assert main(["backup", "restore", file]) == 1
    assert "--force" in capsys.readouterr().err
    assert main(["backup", "restore", file, "--force"]) == 0
    assert "before-restore" in capsys.readouterr().out
    (folder / "data" / "backups" / file).write_bytes(b"harmed")
    assert main(["backup", "verify", file]) == 1
    assert main(["backup", "restore", "nowhere"]) == 1


def test_alerts_from_the_command_line(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["alerts"]) == 0
    assert "nothing needs attention" in capsys.readouterr().out
    assert main(["alerts", "check", "--dry-run"]) == 0
    assert "$0.01 spent" in capsys.readouterr().out.replace("of $0.01", "$0.01")
    assert main(["alerts", "check"]) == 0
    assert main(["alerts", "--language", "pl", "list"]) == 0
    assert "próg 100% przekroczony" in capsys.readouterr().out
    assert main(["alerts", "digest"]) == 0


def test_reconciling_without_the_key_says_so(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["reconcile"]) == 0
    assert "OPENROUTER_MANAGEMENT_KEY" in capsys.readouterr().out
    assert main(["reconcile", "--show"]) == 0
