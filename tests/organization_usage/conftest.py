from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from mai_core import organization_usage
from mai_core.clock import Clock
from mai_core.days import parse_instant_ms
from mai_core.installation import Installation
from tests.builders import make_client

NOW = parse_instant_ms("2026-10-14T13:00:00Z")


@pytest.fixture
def house(installation: Installation) -> Iterator[Installation]:
    """An installation on a Wednesday afternoon in October 2026, with one client, opened by the contract's callers."""
    wednesday = replace(installation, clock=Clock.starting_at(NOW))
    make_client(wednesday.store)
    organization_usage.use_installation(wednesday)
    yield wednesday
    organization_usage.use_installation(None)
