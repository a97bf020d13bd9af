"""Bodies of a hostile sender that are full of what is no event: refused before they cost memory or minutes."""

from __future__ import annotations

import pytest

from mai_core.intake import exact_json, parsed
from mai_core.intake.exact_json import Unreadable
from mai_core.intake.parsed import MOST_REFUSED
from mai_core.intake.sources import SOURCES

JUNK = {
    "cloudevents": b"[%s]",
    "completions": b"[%s]",
    "flat": b"[%s]",
    "litellm": b"[%s]",
    "openrouter": b'{"resourceSpans":[%s]}',
}


@pytest.mark.parametrize("source", JUNK)
def test_items_are_refused_one_by_one_up_to_a_number(source: str) -> None:
    most = b",".join([b"1"] * MOST_REFUSED)
    assert len(SOURCES[source].parse(JUNK[source] % most, {}).refusals) == MOST_REFUSED
    with pytest.raises(Unreadable) as refused:
        SOURCES[source].parse(JUNK[source] % (most + b",1"), {})
    assert refused.value.code == "too_many_refused"


@pytest.mark.parametrize("source", JUNK)
def test_of_refused_items_no_more_is_kept_than_so_many_values(source: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Thirty megabytes of short texts would become a gigabyte in memory, and hundreds of megabytes in quarantine."""
    monkeypatch.setattr(parsed, "MOST_REFUSED_VALUES", 200)
    items = [b'{"startTimeUnixNano":%d,"x":[%s]}' % (10**30 + place, b"1," * 80 + b"1") for place in range(5)]
    if source == "openrouter":
        items = [b'{"scopeSpans":[{"spans":[{"attributes":%s}]}]}' % item for item in items]
    refusals = SOURCES[source].parse(JUNK[source] % b",".join(items), {}).refusals
    kept = [exact_json.encode(refusal.item) for refusal in refusals]
    assert [b"[1,1" in item for item in kept] == [True, True, False, False, False]
    assert len(set(kept)) == 5


SMALLEST = {
    "litellm": b'{"id":"gen-1","model":"m"}',
    "openrouter": b'{"scopeSpans":[{"spans":[{"attributes":[{"key":"gen_ai.response.id",'
    b'"value":{"stringValue":"g"}}]}]}]}',
}


@pytest.mark.parametrize("source", SMALLEST)
def test_a_body_has_only_so_many_events(source: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of the smallest, a million fit into 32 MB: they would take a gigabyte, and everybody's turn."""
    monkeypatch.setattr(parsed, "MOST_OBSERVED", 20)
    most = [SMALLEST[source]] * 20
    assert len(SOURCES[source].parse(JUNK[source] % b",".join(most), {}).observations) == 20
    with pytest.raises(Unreadable) as refused:
        SOURCES[source].parse(JUNK[source] % b",".join([*most, SMALLEST[source]]), {})
    assert refused.value.code == "too_many_events"


@pytest.mark.parametrize("source", ["litellm", "openrouter"])
def test_a_large_body_of_values_becomes_no_objects(source: str) -> None:
    junk = b",".join([b'"a,b"', b"1"] * (exact_json.MOST_VALUES // 2) + [b"1"])
    with pytest.raises(Unreadable) as refused:
        SOURCES[source].parse(JUNK[source] % junk, {})
    assert refused.value.code == "too_many_values"


@pytest.mark.parametrize("prompt", [b"," * 3_000_000, rb"\"," * 3_000_000, rb"\\" * 9 + b"," * 3_000_000])
def test_commas_of_a_prompt_are_no_values(prompt: bytes) -> None:
    span = b'{"attributes":[{"key":"gen_ai.prompt","value":{"stringValue":"%s"}}]}' % prompt
    body = b'{"resourceSpans":[{"scopeSpans":[{"spans":[%s]}]}]}' % span
    assert SOURCES["openrouter"].parse(body, {}).ignored == 1
