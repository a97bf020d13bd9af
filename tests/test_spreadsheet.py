"""Names and models must reach a spreadsheet as text, amounts as numbers."""

from __future__ import annotations

import pytest

from mai_core.spreadsheet import harmless


@pytest.mark.parametrize("text", ["=1+1", "+48 22 000", "-1+cmd()", "@SUM(A1)", "\tx", "\rx", "\nx", "=", "-"])
def test_what_begins_like_a_formula_gets_an_apostrophe(text: str) -> None:
    assert harmless(text) == f"'{text}"


@pytest.mark.parametrize("value", ["Ewa", "", "openai/gpt-4o", "-1.25", "+3", -5, 0.5, None, True])
def test_everything_else_stays(value: object) -> None:
    assert harmless(value) is value
