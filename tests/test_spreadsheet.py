"""Names and models must reach a spreadsheet as text, amounts as numbers."""

from __future__ import annotations

import pytest

from mai_core.spreadsheet import harmless


@pytest.mark.parametrize("text", ["=1+1", "+48 22 000", "-1+cmd()", "@SUM(A1)", "\tx", "\rx", "\nx", "=", "-"])
def test_what_begins_like_a_formula_gets_an_apostrophe(text: str) -> None:
    assert harmless(text) == f"'{text}"


@pytest.mark.parametrize(
    ("text", "defused"),
    [
        (" =1+1", "' =1+1"),
        ("\u00a0@x", "'\u00a0@x"),
        ("\n=1", "'\n=1"),
        ("\uff1d1+1", "'\uff1d1+1"),
        ("Ewa;=1+cmd|' /C calc'!A0;x", "Ewa;'=1+cmd|' /C calc'!A0;x"),
        ("Ewa, -2+3+cmd()", "Ewa,' -2+3+cmd()"),
        ("Ewa\t@x\r\n+y", "Ewa\t'@x\r'\n+y"),
    ],
)
def test_nor_is_one_hidden_behind_blanks_or_behind_what_parts_cells_elsewhere(text: str, defused: str) -> None:
    """A spreadsheet set to Polish parts a line at `;`, quoted or not, where the file meant `,`; and the other way."""
    assert harmless(text) == defused


@pytest.mark.parametrize(
    "value",
    ["Ewa", "", "openai/gpt-4o", "-1.25", "+3", "[1, -2, +3.5]", "a-b;c=d", "e@f.example", -5, 0.5, None, True],
)
def test_everything_else_stays(value: object) -> None:
    assert harmless(value) is value
