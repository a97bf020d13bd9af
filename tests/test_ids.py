"""Identifiers in the formats of the existing mAI system."""

from __future__ import annotations

import hashlib

import pytest

from mai_core.errors import BadValue
from mai_core.ids import anonymous_label, client_org_id, external_user_id, generation_time_ms, keyed_hash


def test_an_organisation_is_named_after_the_md5_of_its_name() -> None:
    expected = hashlib.md5("Łódź & Co".encode()).hexdigest()[:8]
    assert client_org_id("Łódź & Co") == f"mai_client_{expected}"


def test_an_organisation_without_a_name_is_refused() -> None:
    with pytest.raises(BadValue):
        client_org_id("  ")


def test_an_external_user_is_the_prefix_and_the_sha256_of_the_uuid() -> None:
    user = "3f9c1a52-0000-4000-8000-000000000001"
    assert (
        external_user_id("mai_client_x", user) == f"mai_client_x_user_{hashlib.sha256(user.encode()).hexdigest()[:8]}"
    )


@pytest.mark.parametrize("user_id", ["", "adam", "3f9c1a52", None])
def test_an_empty_or_malformed_user_id_is_refused(user_id: str) -> None:
    with pytest.raises(BadValue, match="UUID"):
        external_user_id("mai_client_x", user_id)


@pytest.mark.parametrize(
    ("generation_id", "expected"),
    [
        ("gen-1795176000-EXAMPLEaaaaaaaaaaaa1", 1_795_176_000_000),
        ("gen-1795176000123-x", 1_795_176_000_123),
        ("gen-3bhGkxlo4XFrqiabUM7NDtwDzWwG", None),
        ("chatcmpl-1", None),
        ("gen-99-x", None),
    ],
)
def test_the_time_inside_a_generation_id(generation_id: str, expected: int | None) -> None:
    assert generation_time_ms(generation_id) == expected


def test_hashes_depend_on_the_secret() -> None:
    assert keyed_hash(b"a", "x") == keyed_hash(b"a", "x") != keyed_hash(b"b", "x")


def test_unnamed_people_are_told_apart() -> None:
    assert len(anonymous_label("ext-1")) == 4
    assert anonymous_label("ext-1") != anonymous_label("ext-2")
