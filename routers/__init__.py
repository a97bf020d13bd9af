"""The API's endpoints, one module per subject. A new one is a module with `router` and one line here."""

from __future__ import annotations

from fastapi import APIRouter

from routers import (
    admin_accounts,
    admin_clients,
    admin_people,
    admin_settings,
    admin_ways_in,
    alerts,
    audit,
    auth,
    batch,
    directory,
    events,
    explanations,
    health,
    lake,
    prices,
    quarantine,
    quota,
    reports,
    saved_queries,
    sql,
    sync,
    usage_tracking,
    webhooks,
)

ROUTERS: tuple[APIRouter, ...] = (
    health.router,
    webhooks.router,
    events.router,
    quarantine.router,
    auth.router,
    admin_accounts.router,
    admin_clients.router,
    admin_people.router,
    admin_settings.router,
    directory.router,
    quota.router,
    reports.router,
    admin_ways_in.router,
    audit.router,
    saved_queries.router,
    sql.router,
    lake.router,
    prices.router,
    explanations.router,
    alerts.router,
    batch.router,
    usage_tracking.router,
    sync.router,
)
