"""A `.env` says the same to Python, to a shell and to docker compose."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import pytest
from dotenv import dotenv_values
from hypothesis import given, settings, strategies
from pydantic_settings import BaseSettings

from mai_core.errors import BadValue
from mai_core.onboarding import env_file
from mai_core.settings import load_settings

AWKWARD = 'O\'Neil "AI" $HOME #1 Łódź'

AWKWARD_VALUES = [
    AWKWARD,
    "plain",
    "",
    " spaces at both ends ",
    "${HOME} and $(id) and `id`",
    "it's ${HOME} `id` \\ \\\\ \\n \\$ \\' \\\"",
    "ends with a backslash\\",
    "C:\\new\\table",
    "#not a comment",
    "a=b=c",
    "!history",
    "~/home",
    "*?[a]",
    "100 % zażółć gęślą jaźń 😀",
    "$",
    "'",
    '"',
    "''\"\"",
    "MAI_DOLLAR ${MAI_DOLLAR} ${MAI_BACKTICK:-x}",
]


def as_a_shell_reads(path: Path, names: list[str]) -> dict[str, str]:
    script = f"""set -a; . "{path}"; for name in {" ".join(names)}; do eval "printf '%s\\0' \\"\\${{$name}}\\""; done"""
    environment = {"PATH": os.defpath, "HOME": "/h"}
    answer = subprocess.run(["sh", "-c", script], env=environment, capture_output=True, check=True)
    return dict(zip(names, answer.stdout.decode().split("\0")[:-1], strict=True))


def as_compose_reads(path: Path) -> dict[str, str]:
    """The rules of docker compose's reader (compose-go, `dotenv`) for the lines that we write: single quotes are
    literal, double quotes take `\\\\` and `\\"` and then expand `${X}` from lines above."""
    values: dict[str, str] = {}
    for line in path.read_text().splitlines():
        if not line or line.startswith("#"):
            continue
        name, text = line.split("=", 1)
        if text.startswith("'"):
            assert re.fullmatch(r"'[^'\\]*'", text)
            text = text[1:-1]
        elif text.startswith('"'):
            assert re.fullmatch(r'"(\\[\\"]|\$\{[A-Z_]+\}|[^"\\$`])*"', text)
            unescaped = re.sub(r'\\([\\"])', r"\1", text[1:-1])
            text = re.sub(r"\$\{([A-Z_]+)\}", lambda match: values[match[1]], unescaped)
        else:
            assert "#" not in text
            assert "$" not in text
        values[name] = text
    return values


def written(folder: Path, values: dict[str, str]) -> Path:
    path = folder / ".env"
    env_file.write(path, env_file.rendered({"Test": values}))
    return path


def test_every_reader_sees_what_was_meant(tmp_path: Path) -> None:
    meant = {f"VALUE_{number}": value for number, value in enumerate(AWKWARD_VALUES)}
    path = written(tmp_path, meant)
    python = dotenv_values(path)
    assert {name: python[name] for name in meant} == meant
    assert as_a_shell_reads(path, list(meant)) == meant
    compose = as_compose_reads(path)
    assert {name: compose[name] for name in meant} == meant
    assert env_file.read(path) == meant


def test_settings_and_pydantic_settings_read_the_organisation_as_it_is_called(tmp_path: Path) -> None:
    path = written(tmp_path, {"ORGANIZATION_NAME": AWKWARD})

    class Container(BaseSettings, extra="ignore"):
        organization_name: str

    assert load_settings({}, path).organization_name == AWKWARD
    assert Container(_env_file=path, _env_file_encoding="utf-8").organization_name == AWKWARD  # type: ignore[call-arg]


@given(
    strategies.text(
        strategies.characters(codec="utf-8", categories=("L", "N", "P", "S", "Zs"))
        | strategies.sampled_from("'\"\\$`{}#"),
        max_size=30,
    )
)
@settings(max_examples=300, deadline=None)
def test_any_one_line_text_survives(tmp_path_factory: pytest.TempPathFactory, value: str) -> None:
    path = written(tmp_path_factory.mktemp("env", numbered=True), {"A": value})
    assert dotenv_values(path)["A"] == value
    assert as_compose_reads(path)["A"] == value


@pytest.mark.parametrize("value", ["two\nlines", "nul\0", "carriage\rreturn", "tab\there", "lone \ud800 surrogate"])
def test_a_line_break_or_control_character_is_refused(value: str) -> None:
    with pytest.raises(BadValue, match="ORGANIZATION_NAME"):
        env_file.rendered({"Client": {"ORGANIZATION_NAME": value}})


def test_only_the_owner_may_read_the_file(tmp_path: Path) -> None:
    path = written(tmp_path, {"A": "1"})
    assert path.stat().st_mode & 0o777 == 0o600
    path.chmod(0o644)
    assert not env_file.write(path, path.read_text())
    assert path.stat().st_mode & 0o777 == 0o600


def test_writing_the_same_twice_leaves_the_file_alone(tmp_path: Path) -> None:
    path = written(tmp_path, {"A": AWKWARD})
    before = path.stat().st_ino
    assert not env_file.write(path, env_file.rendered({"Test": {"A": AWKWARD}}))
    assert path.stat().st_ino == before
