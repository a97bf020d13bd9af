"""Why an entry is in quarantine and why a step failed: said in the reader's language where the words are ours."""

from __future__ import annotations

from pathlib import Path

import pytest

from mai_core.intake import delivery
from mai_core.language.catalogue import MESSAGES
from mai_core.language.reasons import REASONS, reason
from tests.language.test_refusals import ROOT, refusals_in

OF_EVENTS = [
    *ROOT.glob("mai_core/intake/sources/*.py"),
    *(ROOT / "mai_core/intake" / f"{name}.py" for name in ("exact_json", "fields", "items", "parsed")),
]
OF_STEPS = [
    *ROOT.glob("mai_core/upstream/*.py"),
    *(
        ROOT / "mai_core" / f"{name}.py"
        for name in ("archive", "archive_file", "backup", "cleanup", "influx/server", "rebuilding", "reports/bucket")
    ),
]
BY_HAND = {
    "is not restored, because": "a person restores a backup, no step does",
    "then say --force": "a person restores a backup, no step does",
    "its archive": "inside of what clean-up says, which names the day",
    "of its events are not in": "inside of what clean-up says, which names the day",
}
"""Parts of English sentences that no step reports as they are."""


@pytest.mark.parametrize("path", [*OF_EVENTS, *OF_STEPS], ids=lambda path: f"{path.parent.name}/{path.name}")
def test_every_reason_of_ours_is_said_in_polish(path: Path) -> None:
    for text in refusals_in(path):
        if not any(part in text for part in BY_HAND):
            assert reason("pl", text).said, f"add it to mai_core/language/reasons.py: {text}"


@pytest.mark.parametrize("code", delivery.REASONS)
def test_a_reason_that_has_a_code_is_in_the_catalogue(code: str) -> None:
    assert f"ops.reason.{code}" in MESSAGES


@pytest.mark.parametrize(
    ("english", "said", "original"),
    [
        ("gen_ai.usage.input_tokens: is not a whole number", "gen_ai.usage.input_tokens: to nie liczba całkowita", ""),
        ("https://api.nbp.pl cannot be reached: the connection timed out",
         "nie udało się połączyć z https://api.nbp.pl", "the connection timed out"),
        ("https://a.example/x did not answer within 10 s", "https://a.example/x nie odpowiada w ciągu 10 s", ""),
        ("https://a.example answered 503: 'Bad: <html>'", "https://a.example odpowiada 503", "'Bad: <html>'"),
        ("the body is not JSON (12 bytes)", "treść nie jest w formacie JSON (12 B)", ""),
        ("OSError: [Errno 28] No space left on device", "", "OSError: [Errno 28] No space left on device"),
        ("NBP answered 500 for 2026-11-01 to 2026-11-07: 'x'",
         "NBP odpowiada 500 na pytanie o dni od 2026-11-01 do 2026-11-07", "'x'"),
    ],
)  # fmt: skip
def test_what_another_program_said_stays_apart(english: str, said: str, original: str) -> None:
    assert reason("pl", english) == (said, original)
    assert reason("en", english) == (english, "")


def test_no_reason_is_left_in_english() -> None:
    assert all(english != polish for english, polish in REASONS.items())
