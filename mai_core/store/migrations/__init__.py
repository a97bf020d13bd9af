"""Ordered plain functions; each is applied together with its record in one transaction (see store/connection.py)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from mai_core.store.migrations import (
    m001_clients,
    m002_ledger,
    m003_intake,
    m004_prices_and_rates,
    m005_identity,
    m006_operations,
    m007_legacy_views,
    m008_reconciled_days,
    m009_asked_often,
)

Migration = Callable[[Any], None]

MIGRATIONS: tuple[tuple[str, Migration], ...] = (
    ("001_clients", m001_clients.apply),
    ("002_ledger", m002_ledger.apply),
    ("003_intake", m003_intake.apply),
    ("004_prices_and_rates", m004_prices_and_rates.apply),
    ("005_identity", m005_identity.apply),
    ("006_operations", m006_operations.apply),
    ("007_legacy_views", m007_legacy_views.apply),
    ("008_reconciled_days", m008_reconciled_days.apply),
    ("009_asked_often", m009_asked_often.apply),
)
