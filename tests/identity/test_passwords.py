from __future__ import annotations

import pytest
from argon2 import PasswordHasher

from mai_core.errors import BadValue
from mai_core.identity import passwords
from mai_core.identity.passwords import check_rules, hash_password, verify_password


@pytest.mark.parametrize(
    ("password", "reason"),
    [
        ("short", "at least 10"),
        ("x" * 201, "at most 200"),
        ("anna.nowak rules", "e-mail"),
        ("ababababababab", "repeats"),
        ("password123!", "tried first"),
        ("  QWERTY12345", "tried first"),
        ("Hasło1234567", "tried first"),
    ],
)
def test_a_weak_password_is_refused_in_words(password: str, reason: str) -> None:
    with pytest.raises(BadValue, match=reason):
        check_rules(password, "anna.nowak@acme.example")


@pytest.mark.parametrize("password", ["correct horse battery", "zażółć gęślą jaźń", "p4ssw0rd of my cat"])
def test_a_long_phrase_is_all_it_takes(password: str) -> None:
    check_rules(password, "anna.nowak@acme.example")


def test_a_password_is_recognised_and_nothing_else(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(passwords, "_hasher", PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
    stored = hash_password("correct horse battery")
    assert verify_password(stored, "correct horse battery")
    assert not verify_password(stored, "correct horse")
    assert not verify_password("not a hash", "correct horse battery")


def test_no_account_costs_a_hash_too(monkeypatch: pytest.MonkeyPatch) -> None:
    verified: list[str] = []

    class Counting(PasswordHasher):
        def verify(self, hash: str | bytes, password: str | bytes) -> bool:
            verified.append(str(hash))
            return super().verify(hash, password)

    monkeypatch.setattr(passwords, "_hasher", Counting(time_cost=1, memory_cost=8, parallelism=1))
    passwords._dummy_hash.cache_clear()
    assert not verify_password(None, "nobody has this password")
    assert len(verified) == 1


def test_hashing_is_expensive_where_it_counts() -> None:
    assert passwords._hasher.memory_cost >= 19 * 1024
    assert passwords._hasher.type.name == "ID"
