"""Polish and English are complete: every key in both, every form of every plural, the same values in both."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from string import Formatter

import pytest

from mai_core.language.catalogue import MESSAGES, MODULES
from mai_core.language.plurals import FORMS

ROOT = Path(__file__).parents[2]
SPEAKING = ("app.py", "pages", "mai_core", "routers", "jobs", "integrations")
KEY = re.compile(r"^[a-z_]+(\.[a-z0-9_]+)+$")


def texts(entry: object) -> list[str]:
    return list(entry.values()) if isinstance(entry, dict) else [str(entry)]


def names_in(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name}


def python_files() -> Iterator[Path]:
    for name in SPEAKING:
        path = ROOT / name
        yield from [path] if path.is_file() else sorted(path.rglob("*.py"))


def keys_asked_for() -> dict[str, str]:
    """Literal keys given to `words(...)`, `view.words(...)` or `t(language, ...)`, and where."""
    found = {}
    for path in python_files():
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if not isinstance(node, ast.Call) or not node.args:
                continue
            called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            place = 1 if called == "t" else 0
            if called not in ("words", "t", "self") or len(node.args) <= place:
                continue
            given = node.args[place]
            if isinstance(given, ast.Constant) and isinstance(given.value, str):
                found[given.value] = f"{path.relative_to(ROOT)}:{node.lineno}"
    return found


@pytest.mark.parametrize("key", sorted(MESSAGES))
def test_a_text_is_whole_in_both_languages(key: str) -> None:
    polish, english = MESSAGES[key]
    for language, entry in (("pl", polish), ("en", english)):
        if isinstance(entry, dict):
            assert set(entry) == set(FORMS[language]), f"{key}: {language} needs the forms {FORMS[language]}"
        assert all(text.strip() for text in texts(entry)), f"{key}: {language} is empty"
    assert isinstance(polish, dict) == isinstance(english, dict), f"{key}: a plural in one language only"
    values = [names_in(text) for entry in (polish, english) for text in texts(entry)]
    assert all(names == values[0] for names in values), f"{key}: the texts do not name the same values"


def test_every_key_that_is_asked_for_exists() -> None:
    missing = {key: place for key, place in keys_asked_for().items() if KEY.match(key) and key not in MESSAGES}
    assert missing == {}


def test_a_key_belongs_to_one_module() -> None:
    keys = [key for module in MODULES for key in getattr(module, "MESSAGES", {})]
    assert sorted(keys) == sorted(set(keys))


def test_keys_made_from_names_exist() -> None:
    """Those that the test above cannot see, because a part of them is a variable."""
    families = {
        "role": ("operator", "accountant", "manager", "analyst"),
        "period": ("month", "last_month", "7d", "30d", "90d", "year", "custom"),
        "users.sort": ("amount", "name", "requests", "change"),
        "billing.by": ("model", "person", "department", "day"),
        "billing.policy": ("daily", "period_end"),
        "clients.fx": ("daily", "period_end"),
        "column": ("model", "person", "department", "day"),
        "forecast.method": ("seasonal", "mean", "none"),
        "forecast.horizon": ("month", "90"),
        "ops.state": ("running", "ok", "failed", "skipped"),
        "ops.class": (
            "missing_generation", "cost_drift", "price_drift", "late", "unrouted", "not_explained", "recovered",
        ),
        "explain.basis": ("reported", "price_book", "given", "unpriced"),
        "explain.markup": ("client", "environment", "global", "default", "sale_price", "given"),
    }  # fmt: skip
    wanted = {f"{family}.{name}" for family, names in families.items() for name in names}
    assert wanted - set(MESSAGES) == set()
