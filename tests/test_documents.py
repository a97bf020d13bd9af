"""What the documents say is what the code does."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from mai_core.cli import build_parser
from mai_core.cli.settings import markdown_table

ROOT = Path(__file__).parent.parent
DOCUMENTS = (
    "README.md",
    "ARCHITECTURE.md",
    "CHANGELOG.md",
    "deploy/OPERATIONS.md",
    "deploy/CLOCK.md",
    "docs/ways-in.md",
)


def text_of(name: str) -> str:
    return (ROOT / name).read_text()


def test_the_readmes_table_of_settings_is_the_generated_one() -> None:
    """Mend it with: python -m tools.settings_table"""
    between = text_of("README.md").split("<!-- settings -->\n")[1].split("\n<!-- end of settings -->")[0]
    assert between == markdown_table()


@pytest.mark.parametrize("name", DOCUMENTS)
def test_every_file_that_a_document_names_is_there(name: str) -> None:
    named = re.findall(r"`((?:[\w.-]+/)*[\w.-]+\.(?:py|md|sql|txt|toml|sh))(?:::\w+)?`", text_of(name))
    links = re.findall(r"\]\(((?!http)[^)#]+)\)", text_of(name))
    missing = [
        path
        for path in {*named, *links}
        if not ((ROOT / path).exists() or (ROOT / Path(name).parent / path).exists() or list(ROOT.glob(f"*/**/{path}")))
    ]
    assert [path for path in missing if not path.startswith("docs/pictures/")] == []


@pytest.mark.parametrize("name", DOCUMENTS)
def test_every_test_that_a_document_names_is_there(name: str) -> None:
    for file, test in re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", text_of(name)):
        assert f"def {test}(" in text_of(file), f"{file} has no {test}"


@pytest.mark.parametrize("name", DOCUMENTS)
def test_every_command_that_a_document_names_exists(name: str) -> None:
    (commands,) = [action for action in build_parser()._actions if action.choices]
    named = set(re.findall(r"python -m mai_core ([a-z][a-z-]+)", text_of(name)))
    assert named <= set(commands.choices or ())


@pytest.mark.parametrize("name", DOCUMENTS)
def test_every_make_target_that_a_document_names_exists(name: str) -> None:
    targets = set(re.findall(r"^([a-z0-9-]+):", text_of("Makefile"), re.MULTILINE))
    assert set(re.findall(r"`make ([a-z0-9-]+)", text_of(name))) <= targets
