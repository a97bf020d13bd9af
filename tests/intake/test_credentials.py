"""Headers and the credential behind them."""

from __future__ import annotations

import pytest

from mai_core.intake.credentials import Credential, bearer, by_secret

POLISH = Credential("first", "mai_client_a", "sekret-żółwia-0123".encode())
OTHER = Credential("second", None, b"another-secret-0123")


@pytest.mark.parametrize(
    ("headers", "found"),
    [
        ({"authorization": "Bearer another-secret-0123"}, OTHER),
        ({"authorization": "bearer  another-secret-0123 "}, OTHER),
        ({"x-webhook-signature": "another-secret-0123"}, OTHER),
        ({"authorization": "Bearer wrong", "x-webhook-signature": "another-secret-0123"}, OTHER),
        ({"x-webhook-signature": "sekret-żółwia-0123".encode().decode("latin-1")}, POLISH),
        ({"authorization": "Bearer another-secret-012"}, None),
        ({"authorization": "Bearer "}, None),
        ({"authorization": "another-secret-0123"}, None),
        ({"x-webhook-signature": "zł"}, None),
        ({}, None),
    ],
)
def test_a_secret_is_recognised_byte_by_byte(headers: dict[str, str], found: Credential | None) -> None:
    assert by_secret([POLISH, OTHER], headers) == found


def test_only_bearer_is_a_bearer() -> None:
    assert bearer({"authorization": "Basic abc"}) is None
    assert bearer({}) is None
