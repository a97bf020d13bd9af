"""What the demo's people used, as the observations that OpenRouter's Broadcast would have told."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from hashlib import sha256
from random import Random

from mai_core.days import to_ms, zone
from mai_core.demo.cast import DEMO_SEED, DemoClient, DemoModel
from mai_core.demo.people import DemoPerson
from mai_core.demo.rhythm import growth, intensity, poisson, second_of_day
from mai_core.model import Arrival, Observation, Rank
from mai_core.money import UNITS_PER_ONE, round_half_up

ZONE = "Europe/Warsaw"
BYOK_FEE = Decimal("0.05")
_MILLION = 1_000_000


def day_of_usage(
    client: DemoClient, people: list[DemoPerson], day: date, last_day: date, until_ms: int
) -> Iterator[Arrival]:
    """All generations of one client on one day, those after `until_ms` left out. Every day has its own dice."""
    random = Random(f"{DEMO_SEED}:{client.key}:{day}")
    midnight = datetime.combine(day, time(0), zone(ZONE))
    grown = growth((last_day - day).days)
    for person in people:
        busy = 1.0 if person.is_night_batch else intensity(day) * grown
        if not person.is_night_batch and _is_away(person, day):
            continue
        for _ in range(poisson(random, person.activity * busy)):
            seconds = second_of_day(random, person.is_night_batch)
            at_ms = to_ms(midnight + timedelta(seconds=seconds)) + random.randrange(1000)
            observation = _observation(client, person, at_ms, random)
            if at_ms <= until_ms:
                yield Arrival(
                    client_org_id=person.client_org_id,
                    observation=observation,
                    received_at_ms=at_ms + 1500,
                    historical=True,
                )


def _is_away(person: DemoPerson, day: date) -> bool:
    """Two weeks of summer holiday, at a time of one's own."""
    start = date(day.year, 7, 1) + timedelta(days=int(person.user_id[:4], 16) % 48)
    return start <= day < start + timedelta(days=14)


def _observation(client: DemoClient, person: DemoPerson, at_ms: int, random: Random) -> Observation:
    model = random.choices(person.favourites, person.weights)[0]
    input_tokens = int(random.lognormvariate(10.2, 1.1)) + 20
    output_tokens = int(random.lognormvariate(7.2, 0.9)) + 5
    cached = int(input_tokens * random.uniform(0.3, 0.8)) if random.random() < 0.25 else 0
    reasoning = int(output_tokens * random.uniform(0.3, 0.7)) if model.reasons else 0
    cancelled = random.random() < 0.01
    byok = client.uses_own_key and model.id.startswith("mistralai/")
    cost = model_cost(model, input_tokens, output_tokens, cached)
    digest = sha256(f"{person.user_id}:{at_ms}:{random.random()}".encode()).hexdigest()
    return Observation(
        generation_id=f"gen-{at_ms // 1000}-{digest[:20]}",
        rank=Rank.BROADCAST,
        source="openrouter",
        started_at_ms=at_ms,
        external_user=person.external_user,
        model=model.id,
        provider=random.choice(model.providers),
        input_tokens=input_tokens,
        output_tokens=output_tokens,
        cached_tokens=cached,
        reasoning_tokens=reasoning,
        reported_pusd=round_half_up(cost * BYOK_FEE * UNITS_PER_ONE) if byok else round_half_up(cost * UNITS_PER_ONE),
        upstream_pusd=round_half_up(cost * UNITS_PER_ONE) if byok else None,
        is_byok=byok or None,
        cancelled=cancelled or None,
        streamed=True,
        finish_reason="cancelled" if cancelled else "stop",
        session_id=f"chat-{digest[20:28]}",
        flags=("historical",),
    )


def model_cost(model: DemoModel, input_tokens: int, output_tokens: int, cached: int) -> Decimal:
    return (
        (input_tokens - cached) * model.input_per_million
        + cached * model.cached_per_million
        + output_tokens * model.output_per_million
    ) / _MILLION
