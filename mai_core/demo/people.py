"""Sixty people with Polish names, stable ids and habits."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from random import Random

from mai_core.demo.cast import (
    FEMALE_NAMES,
    FEMALE_SURNAMES,
    MALE_NAMES,
    MALE_SURNAMES,
    MODELS,
    DemoClient,
    DemoModel,
)
from mai_core.ids import client_org_id, external_user_id

_PLAIN = str.maketrans("ąćęłńóśźżĄĆĘŁŃÓŚŹŻ", "acelnoszzACELNOSZZ")


@dataclass(frozen=True, slots=True)
class DemoPerson:
    client_org_id: str
    user_id: str
    external_user: str
    name: str
    email: str
    department: str
    activity: float
    favourites: tuple[DemoModel, ...]
    weights: tuple[float, ...]
    is_night_batch: bool = False


def people_of(client: DemoClient, random: Random) -> list[DemoPerson]:
    organisation = client_org_id(client.name)
    taken: set[str] = set()
    people = [_person(client, organisation, random, taken, number) for number in range(client.people)]
    if client.has_night_batch:
        people.append(_night_batch(client, organisation))
    return people


def _person(client: DemoClient, organisation: str, random: Random, taken: set[str], number: int) -> DemoPerson:
    while True:
        names, surnames = (FEMALE_NAMES, FEMALE_SURNAMES) if random.random() < 0.5 else (MALE_NAMES, MALE_SURNAMES)
        first, last = random.choice(names), random.choice(surnames)
        if f"{first} {last}" not in taken:
            taken.add(f"{first} {last}")
            break
    user_id = _user_id(client.key, number)
    favourites = tuple(random.sample(MODELS, k=random.randint(2, 5), counts=[round(2 * m.share) for m in MODELS]))
    favourites = tuple(dict.fromkeys(favourites))
    return DemoPerson(
        client_org_id=organisation,
        user_id=user_id,
        external_user=external_user_id(organisation, user_id),
        name=f"{first} {last}",
        email=f"{first}.{last}@{client.key}.example".translate(_PLAIN).lower(),
        department=client.departments[number % len(client.departments)],
        activity=client.activity * random.lognormvariate(-0.25, 0.7),
        favourites=favourites,
        weights=tuple(model.share * random.uniform(0.5, 1.5) for model in favourites),
    )


def _night_batch(client: DemoClient, organisation: str) -> DemoPerson:
    """A script that summarises documents while everybody sleeps."""
    user_id = _user_id(client.key, 900)
    cheap = tuple(model for model in MODELS if model.id in ("google/gemini-2.5-flash", "deepseek/deepseek-chat-v3.1"))
    return DemoPerson(
        client_org_id=organisation,
        user_id=user_id,
        external_user=external_user_id(organisation, user_id),
        name="Nocny Robot Dokumentów",
        email=f"robot@{client.key}.example",
        department="IT",
        activity=14.0,
        favourites=cheap,
        weights=(3.0, 1.0),
        is_night_batch=True,
    )


def _user_id(key: str, number: int) -> str:
    return str(uuid.uuid5(uuid.NAMESPACE_DNS, f"{number}.{key}.example"))
