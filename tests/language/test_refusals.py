from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from mai_core.language.refusals import FIELDS, REFUSALS, refusal

ROOT = Path(__file__).parents[2]
MET_BY_FORMS = sorted(
    [
        *ROOT.glob("routers/*.py"),
        *ROOT.glob("mai_core/identity/*.py"),
        *(
            ROOT / "mai_core" / "store" / f"{name}.py"
            for name in ("accounts", "clients", "conflicts", "credentials", "global_settings", "people", "quarantine",
                         "quotas", "rates", "routes", "sale_prices", "saved_queries", "tokens")
        ),
        *(ROOT / "mai_core" / f"{name}.py" for name in ("days", "money", "ids", "intake/decisions", "intake/replay")),
    ]
)  # fmt: skip
KINDS = {
    "ArchiveBroken", "BackupBroken", "BadValue", "BucketUnavailable", "Conflict", "HTTPException", "MaiError",
    "NotFound", "Unavailable", "Unreachable", "Unreadable", "UpstreamError", "WrongLogin",
}  # fmt: skip
READ_BY_PROGRAMS = {"bodies.py", "intake_door.py"}
"""Their callers are ways in, not forms."""


def text_of(node: ast.expr) -> str | None:
    if isinstance(node, ast.Constant):
        return node.value if isinstance(node.value, str) else None
    if isinstance(node, ast.JoinedStr):
        return "".join(part.value if isinstance(part, ast.Constant) else "7" for part in node.values)  # type: ignore[misc]
    return None


def refusals_in(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call) and node.exc.args:
            kind = getattr(node.exc.func, "id", "")
            if kind in KINDS:
                text = text_of(node.exc.args[-1])
                if text:
                    yield text


@pytest.mark.parametrize("path", MET_BY_FORMS, ids=lambda path: path.name)
def test_every_refusal_that_a_form_can_meet_is_said_in_polish(path: Path) -> None:
    if path.name in READ_BY_PROGRAMS:
        assert path.is_file()
        return
    for text in refusals_in(path):
        assert refusal("pl", text) != text, f"add it to mai_core/language/refusals.py: {text}"


@pytest.mark.parametrize(
    ("english", "polish"),
    [
        ("markup_rate: must be above 0 and at most 1000", "Narzut: musi być większy od 0 i nie większy niż 1000"),
        ("people[3].email: is not an e-mail address", "people[3] Adres e-mail: to nie jest adres e-mail"),
        ("name: Field required; days: Input should be greater than or equal to 1",
         "Nazwa: pole jest wymagane; Liczba dni: musi wynosić co najmniej 1"),
        ("password: must have at least 10 characters; several words make a good one",
         "Hasło: musi mieć co najmniej 10 znaków; kilka słów to dobre hasło"),
        ("role: Input should be 'operator' or 'manager'", "Rola: do wyboru: 'operator' or 'manager'"),
        ("something new", "something new"),
        ("there is an account with the address a@b.pl already", "konto o adresie a@b.pl już istnieje"),
    ],
)  # fmt: skip
def test_a_refusal_keeps_its_field_and_its_values(english: str, polish: str) -> None:
    assert refusal("pl", english) == polish
    assert refusal("en", english) == english


def test_nothing_is_left_in_english() -> None:
    assert all(english != polish for english, polish in REFUSALS.items())
    assert all(FIELDS.values())
