"""The questions: one line here, one .sql file of the same name in questions/."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

_FOLDER = Path(__file__).parent / "questions"
_PARAMETER = re.compile(r"\$([a-z_]+)")
_INCLUDE = re.compile(r"^\s*-- include (\w+)\n", re.MULTILINE)

Facet = Literal["client", "user", "model"]


@dataclass(frozen=True, slots=True)
class Question:
    name: str
    facets: frozenset[Facet] = frozenset()
    """Which facets of imported history its keys belong to; none means totals of the client."""
    parameters: dict[str, Any] = field(default_factory=dict)
    """Further parameters with their defaults."""
    compares: bool = False
    """Also reads the previous period ($previous_start, $previous_end)."""
    cost_only: bool = False
    """Exists for operators only."""
    relation: Literal["usage", "generations"] = "usage"
    """Which relations it reads; `generations` brings `hours` along."""


def _all(*questions: Question) -> dict[str, Question]:
    return {question.name: question for question in questions}


_USER: frozenset[Facet] = frozenset({"user"})
_MODEL: frozenset[Facet] = frozenset({"model"})

QUESTIONS = _all(
    Question("totals", compares=True),
    Question("by_day"),
    Question("statement_days"),
    Question("by_week"),
    Question("by_month"),
    Question("by_quarter"),
    Question("by_client"),
    Question("by_person", _USER),
    Question("by_external_user", _USER),
    Question("by_department", _USER),
    Question("by_day_person", _USER),
    Question("by_month_person", _USER),
    Question("by_model", _MODEL),
    Question("by_provider", _MODEL),
    Question("by_day_model", _MODEL),
    Question("by_month_model", _MODEL),
    Question("by_model_provider", _MODEL),
    Question("by_person_model", _USER | _MODEL),
    Question("by_day_client"),
    Question("movers_people", _USER, {"most": 10}, compares=True),
    Question("movers_models", _MODEL, {"most": 10}, compares=True),
    Question("unit_costs", _MODEL),
    Question("activity"),
    Question("unused_people", _USER),
    Question("explain_days"),
    Question("explain_rows"),
    Question("heat_map", relation="generations"),
    Question("generations", parameters={"most": 1000, "after": 0}, relation="generations"),
    Question("what_if_markup", parameters={"markup_units": 1_300_000_000_000}, cost_only=True),
    Question("margin", parameters={"last_rate_units": 0}, cost_only=True),
)


@lru_cache(maxsize=256)
def sql_of(name: str, with_cost: bool) -> str:
    """The question's text: includes resolved, and without the lines marked `-- cost` for viewers who see none."""
    text = _with_parts(_read(name))
    if not with_cost:
        text = "\n".join(line for line in text.splitlines() if not line.rstrip().endswith("-- cost"))
    return text


def _with_parts(text: str) -> str:
    """A part may be made of parts."""
    return _INCLUDE.sub(lambda found: _with_parts(_read(f"parts/{found[1]}")), text)


def parameters_of(sql: str) -> set[str]:
    return set(_PARAMETER.findall(sql))


def _read(name: str) -> str:
    return (_FOLDER / f"{name}.sql").read_text(encoding="utf-8")
