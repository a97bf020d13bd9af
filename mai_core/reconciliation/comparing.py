"""OpenRouter's day beside ours, line by line, and what a difference is called. Pure.

Every difference gets a class, and the classes of a line add up to its difference: what no generation explains is a
line of its own, `not_explained`, and never a made-up entry in the books.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Literal

from mai_core.upstream.openrouter_account import Billed, ProviderDay

ResidualClass = Literal[
    "missing_generation", "cost_drift", "price_drift", "late", "unrouted", "not_explained", "recovered"
]

TOLERANCE_PUSD = 10_000
"""10^-8 dollars: OpenRouter computes in binary floating point."""

Canonical = Callable[[str], str]


@dataclass(frozen=True, slots=True)
class Recorded:
    """One generation as the ledger has it."""

    generation_id: str
    client_org_id: str
    utc_day: date
    model: str
    provider: str
    cost_pusd: int
    """What OpenRouter is known to have taken; where nobody told, what the price book says."""
    is_estimate: bool


@dataclass(frozen=True, slots=True)
class Line:
    """One model (and provider, where both sides name it) of one UTC day."""

    day: date
    model: str
    provider: str
    billed_pusd: int = 0
    recorded_pusd: int = 0
    billed_requests: int = 0
    recorded_requests: int = 0
    estimates: int = 0

    @property
    def difference_pusd(self) -> int:
        return self.billed_pusd - self.recorded_pusd

    @property
    def agrees(self) -> bool:
        return abs(self.difference_pusd) <= TOLERANCE_PUSD and self.billed_requests == self.recorded_requests


@dataclass(frozen=True, slots=True)
class Residual:
    """A difference with its name."""

    day: date
    model: str
    provider: str
    residual_class: ResidualClass
    billed_pusd: int
    recorded_pusd: int
    generation_id: str | None = None

    @property
    def difference_pusd(self) -> int:
        return self.billed_pusd - self.recorded_pusd


def base_model(model: str) -> str:
    """Without the routing variant, which Broadcast leaves out too."""
    return model.partition(":")[0].lower()


def compare(
    billed: Iterable[ProviderDay], recorded: Iterable[Recorded], canonical: Canonical = base_model
) -> list[Line]:
    """One line per day and model; per provider only where both sides use the same names for them."""
    theirs: dict[tuple[date, str], list[ProviderDay]] = defaultdict(list)
    ours: dict[tuple[date, str], list[Recorded]] = defaultdict(list)
    for row in billed:
        theirs[row.day, canonical(row.model)].append(row)
    for event in recorded:
        ours[event.utc_day, canonical(event.model)].append(event)
    lines: list[Line] = []
    for day, model in sorted(theirs.keys() | ours.keys()):
        lines += _lines_of_model(day, model, theirs[day, model], ours[day, model])
    return lines


def _lines_of_model(day: date, model: str, theirs: Sequence[ProviderDay], ours: Sequence[Recorded]) -> list[Line]:
    named = {plain(row.provider): row.provider for row in theirs}
    by_provider = {plain(event.provider) for event in ours} <= named.keys()
    lines: dict[str, Line] = {}
    for row in theirs:
        key = plain(row.provider) if by_provider else ""
        line = lines.get(key) or Line(day, model, named[key] if by_provider else "")
        lines[key] = replace(
            line,
            billed_pusd=line.billed_pusd + row.cost_pusd,
            billed_requests=line.billed_requests + row.requests,
        )
    for event in ours:
        key = plain(event.provider) if by_provider else ""
        line = lines.get(key) or Line(day, model, event.provider if by_provider else "")
        lines[key] = replace(
            line,
            recorded_pusd=line.recorded_pusd + event.cost_pusd,
            recorded_requests=line.recorded_requests + 1,
            estimates=line.estimates + event.is_estimate,
        )
    return [lines[key] for key in sorted(lines)]


def plain(provider: str) -> str:
    """'Google AI Studio' and 'google-ai-studio' are one provider."""
    return "".join(letter for letter in provider.lower() if letter.isalnum())


def explain_by_generation(
    day: date,
    billed: Iterable[Billed],
    known: Mapping[str, Recorded],
    on_the_day: Iterable[Recorded],
    unrouted: Collection[str],
    canonical: Canonical = base_model,
) -> list[Residual]:
    """What single generations explain: `known` are ours by id, of whatever day; `unrouted` wait or stand elsewhere."""
    residuals: list[Residual] = []
    listed: set[str] = set()
    for one in billed:
        listed.add(one.generation_id)
        event = known.get(one.generation_id)
        model = canonical(one.model or (event.model if event else ""))
        provider = event.provider if event else ""
        if event is None:
            kind: ResidualClass = "unrouted" if one.generation_id in unrouted else "missing_generation"
            residuals.append(Residual(day, model, provider, kind, one.cost_pusd, 0, one.generation_id))
        elif event.utc_day != day:
            residuals.append(Residual(day, model, provider, "late", one.cost_pusd, 0, one.generation_id))
        elif abs(event.cost_pusd - one.cost_pusd) > TOLERANCE_PUSD:
            kind = "price_drift" if event.is_estimate else "cost_drift"
            residuals.append(Residual(day, model, provider, kind, one.cost_pusd, event.cost_pusd, one.generation_id))
    for event in on_the_day:
        if event.generation_id not in listed and event.cost_pusd:
            kind = "late" if event.generation_id.startswith("gen-") else "not_explained"
            residuals.append(
                Residual(day, canonical(event.model), event.provider, kind, 0, event.cost_pusd, event.generation_id)
            )
    return residuals


def explain_without_generations(lines: Sequence[Line], unrouted_days: Collection[date] = ()) -> list[Residual]:
    """The likeliest name for each line that differs, when OpenRouter does not tell ids."""
    differing = [line for line in lines if abs(line.difference_pusd) > TOLERANCE_PUSD]
    by_day: dict[tuple[date, str], list[Line]] = defaultdict(list)
    for line in differing:
        by_day[line.day, line.model].append(line)
    return [
        Residual(
            line.day,
            line.model,
            line.provider,
            "late" if _is_next_door(line, by_day) else _likeliest(line, unrouted_days),
            line.billed_pusd,
            line.recorded_pusd,
        )
        for line in differing
    ]


def _is_next_door(line: Line, by_day: Mapping[tuple[date, str], Sequence[Line]]) -> bool:
    """The same amount is missing on one side of midnight and too much on the other."""
    return any(
        abs(other.difference_pusd + line.difference_pusd) <= TOLERANCE_PUSD
        for neighbour in (line.day - timedelta(days=1), line.day + timedelta(days=1))
        for other in by_day.get((neighbour, line.model), ())
    )


def _likeliest(line: Line, unrouted_days: Collection[date]) -> ResidualClass:
    if line.billed_requests > line.recorded_requests and line.difference_pusd > 0:
        return "unrouted" if line.day in unrouted_days else "missing_generation"
    if line.billed_requests == line.recorded_requests:
        return "price_drift" if line.estimates else "cost_drift"
    return "not_explained"


def with_remainder(lines: Iterable[Line], explained: Sequence[Residual]) -> list[Residual]:
    """The explained differences, and per day and model one line for what they leave over."""
    left: dict[tuple[date, str], int] = defaultdict(int)
    for line in lines:
        left[line.day, line.model] += line.difference_pusd
    for residual in explained:
        left[residual.day, residual.model] -= residual.difference_pusd
    rest = [
        Residual(day, model, "", "not_explained", max(amount, 0), max(-amount, 0))
        for (day, model), amount in sorted(left.items())
        if abs(amount) > TOLERANCE_PUSD
    ]
    return [*explained, *rest]
