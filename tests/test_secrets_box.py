"""Secrets at rest."""

from __future__ import annotations

import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from mai_core.errors import MaiError
from mai_core.secrets_box import SecretBox, open_secret_box
from mai_core.settings import load_settings


def test_what_is_encrypted_comes_back_and_does_not_show() -> None:
    box = SecretBox("key")
    assert "sk-or" not in box.encrypt("sk-or-v1-ż")
    assert box.decrypt(box.encrypt("sk-or-v1-ż")) == "sk-or-v1-ż"
    assert box.decrypt_bytes(box.encrypt_bytes(b"\x00\xff")) == b"\x00\xff"


def test_another_key_says_what_is_wrong() -> None:
    with pytest.raises(MaiError, match="MAI_SECRET_KEY"):
        SecretBox("other").decrypt(SecretBox("key").encrypt("x"))


def test_without_a_key_in_the_environment_one_is_kept_beside_the_data(tmp_path: Path) -> None:
    settings = load_settings({"MAI_DATA_DIR": str(tmp_path / "data")})
    ciphertext = open_secret_box(settings).encrypt("x")
    assert open_secret_box(settings).decrypt(ciphertext) == "x"
    assert stat.S_IMODE((tmp_path / "data" / "secret.key").stat().st_mode) == 0o600
    assert [file.name for file in (tmp_path / "data").iterdir()] == ["secret.key"]


def test_processes_that_start_at_once_agree_on_the_key(tmp_path: Path) -> None:
    settings = load_settings({"MAI_DATA_DIR": str(tmp_path)})
    with ThreadPoolExecutor(8) as pool:
        boxes = list(pool.map(lambda _: open_secret_box(settings), range(8)))
    assert len({box.hash("x") for box in boxes}) == 1
