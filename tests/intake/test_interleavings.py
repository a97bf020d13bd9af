"""Shuffled, repeated, late, split, over several ways in: the ledger ends the same."""

from __future__ import annotations

import random
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mai_core.installation import Installation, open_installation
from mai_core.intake.desk import Desk
from mai_core.model import Observation, Rank
from mai_core.settings import load_settings
from mai_core.store import rating_books
from tests.builders import NOON, make_client, make_observation
from tests.intake.ledgers import delivery, drafted, environment, fresh_installation, ledger_of

HOUR = 3_600_000
SOURCES = {
    "openrouter": Rank.BROADCAST,
    "completions": Rank.COMPLETION,
    "litellm": Rank.LITELLM,
    "cloudevents": Rank.CLOUD_EVENT,
    "flat": Rank.FLAT,
    "generation": Rank.GENERATION,
}


@pytest.fixture(scope="module")
def template() -> Iterator[Path]:
    with TemporaryDirectory() as folder:
        opened = open_installation(load_settings(environment(Path(folder)), Path(folder) / ".env"))
        make_client(opened.store)
        opened.close()
        yield Path(folder)


def observations() -> st.SearchStrategy[Observation]:
    """Only Broadcast may name a generation and tell nothing else. Few generations, so that they meet;
    values that may be absent or disagree, also across midnight."""
    tokens = st.none() | st.integers(0, 3)

    def build(source: str, told: dict[str, Any]) -> Observation:
        if source != "openrouter":
            told["model"] = told["model"] or "openai/gpt-4o"
        return make_observation(told.pop("generation_id"), rank=SOURCES[source], source=source, cost=None, **told)

    told = st.fixed_dictionaries(
        {
            "generation_id": st.sampled_from(["gen-a", "gen-b", f"gen-{NOON // 1000}-c"]),
            "started_at_ms": st.none() | st.sampled_from([NOON, NOON + 13 * HOUR - 24 * HOUR, NOON - 30 * HOUR]),
            "external_user": st.none() | st.sampled_from(["anna", "jan"]),
            "model": st.none() | st.sampled_from(["openai/gpt-4o", "openai/gpt-4.1"]),
            "provider": st.none() | st.sampled_from(["OpenAI", "Azure"]),
            "input_tokens": tokens,
            "output_tokens": tokens,
            "reported_pusd": st.none() | st.sampled_from([0, 10**9, 3 * 10**9 + 7]),
            "is_byok": st.none() | st.booleans(),
            "cancelled": st.none() | st.booleans(),
        }
    )
    return st.builds(build, st.sampled_from(sorted(SOURCES)), told)


def deliver(installation: Installation, told: list[Observation], dice: random.Random) -> None:
    """In bodies of random size, several of them sharing a commit, some of them with drafts of their rows."""
    desk = Desk(installation)
    with installation.store.read() as db:
        book = rating_books.load(db, installation.settings)
    remaining = list(told)
    while remaining:
        group = []
        for _ in range(dice.randint(1, 3)):
            size = dice.randint(1, 3)
            if remaining[:size]:
                group.append(dice.choice([delivery, partial(drafted, book)])(*remaining[:size]))
            remaining = remaining[size:]
        desk.deliver(group)


@settings(max_examples=40, deadline=None)
@given(told=st.lists(observations(), min_size=1, max_size=8), seed=st.integers(0, 2**32))
def test_any_interleaving_of_deliveries_gives_the_same_ledger(
    template: Path, told: list[Observation], seed: int
) -> None:
    dice = random.Random(seed)
    with fresh_installation(template) as installation:
        deliver(installation, told, random.Random(0))
        expected = ledger_of(installation.store)
    again = told + dice.choices(told, k=dice.randint(0, 5))
    dice.shuffle(again)
    with fresh_installation(template) as installation:
        deliver(installation, again, dice)
        assert ledger_of(installation.store) == expected
