"""What the command line cannot do it says in one line."""

from __future__ import annotations

from pathlib import Path

import pytest

from mai_core.cli import main


def test_a_file_that_cannot_be_written_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MAI_DATA_DIR", str(tmp_path / "data"))
    out = tmp_path / "nowhere" / "usage.csv"
    assert main(["export", "--from", "2026-10-01", "--to", "2026-10-14", "--out", str(out)]) == 1
    told = capsys.readouterr().err.splitlines()[-1]
    assert told.startswith("error: ")
    assert "nowhere" in told
    assert told.endswith("No such file or directory")
