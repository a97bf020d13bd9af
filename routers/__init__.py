"""The API's endpoints, one module per subject. A new one is a module with `router` and one line here."""

from __future__ import annotations

from fastapi import APIRouter

from routers import (
    admin_accounts,
    admin_clients,
    admin_people,
    auth,
    batch,
    directory,
    events,
    health,
    prices,
    quota,
    sql,
    webhooks,
)

ROUTERS: tuple[APIRouter, ...] = (
    health.router,
    webhooks.router,
    events.router,
    auth.router,
    admin_accounts.router,
    admin_clients.router,
    admin_people.router,
    directory.router,
    quota.router,
    sql.router,
    prices.router,
    batch.router,
)
