"""The API's endpoints, one module per subject. A new one is a module with `router` and one line here."""

from __future__ import annotations

from fastapi import APIRouter

from routers import auth

ROUTERS: tuple[APIRouter, ...] = (auth.router,)
