"""Secrets at rest: keys that must be used again are encrypted, those that are only recognised are hashed."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import os
import tempfile
from pathlib import Path

from cryptography.fernet import Fernet, InvalidToken

from mai_core.errors import MaiError
from mai_core.ids import keyed_hash
from mai_core.settings import Settings


class SecretBox:
    """Encrypts and hashes with keys derived from one master key."""

    def __init__(self, master_key: str) -> None:
        self._fernet = Fernet(base64.urlsafe_b64encode(hashlib.sha256(b"encrypt:" + master_key.encode()).digest()))
        self._hash_key = hashlib.sha256(b"hash:" + master_key.encode()).digest()

    def encrypt(self, text: str) -> str:
        return self._fernet.encrypt(text.encode()).decode()

    def decrypt(self, ciphertext: str) -> str:
        try:
            return self._fernet.decrypt(ciphertext.encode()).decode()
        except InvalidToken:
            raise MaiError(
                "a stored key cannot be decrypted: MAI_SECRET_KEY (or secret.key) is not the one it was stored with"
            ) from None

    def encrypt_bytes(self, body: bytes) -> bytes:
        return self._fernet.encrypt(body)

    def decrypt_bytes(self, body: bytes) -> bytes:
        return self._fernet.decrypt(body)

    def hash(self, value: str) -> str:
        return keyed_hash(self._hash_key, value)


def open_secret_box(settings: Settings) -> SecretBox:
    """MAI_SECRET_KEY, else a key generated once in the data folder, readable by its owner only."""
    given = settings.mai_secret_key.get_secret_value()
    return SecretBox(given or _key_file(settings.mai_data_dir / "secret.key"))


def _key_file(path: Path) -> str:
    """Two processes may start at once: the key is written whole beside its place and linked there; the first wins."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor, draft = tempfile.mkstemp(prefix=path.name, dir=path.parent)  # readable by its owner only
        with os.fdopen(descriptor, "w") as file:
            file.write(Fernet.generate_key().decode())
            file.flush()
            os.fsync(file.fileno())
        with contextlib.suppress(FileExistsError):
            os.link(draft, path)
        os.unlink(draft)
    return path.read_text().strip()
