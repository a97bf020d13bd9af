"""The door for machines: `uvicorn api:app`. Nothing is opened at import, but when the server starts."""

from __future__ import annotations

import gc
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI
from fastapi.routing import APIRoute
from fastapi_offline import FastAPIOffline

from mai_core import __version__
from mai_core.allocator import give_large_buffers_back
from mai_core.influx.sending import sender_for
from mai_core.installation import open_installation
from mai_core.settings import Settings, load_settings
from routers import ROUTERS, events, webhooks
from routers.errors import PROBLEMS, answer_errors_as_json
from routers.fast_lane import FastLane
from routers.intake_door import IntakeDoor
from routers.small_bodies import SmallBodies
from routers.turns import Turns
from routers.webhooks import openrouter_webhook

DESCRIPTION = 'Meter, ledger and billing desk for resold LLM usage. Errors are JSON: `{"error": "..."}`.'


def create_app(settings: Settings | None = None) -> FastAPI:
    @asynccontextmanager
    async def opened(app: FastAPI) -> AsyncIterator[None]:
        give_large_buffers_back()
        installation = open_installation(settings or load_settings())
        app.state.installation = installation
        app.state.intake = IntakeDoor(installation)
        app.state.turns = Turns()
        influx_sender = sender_for(installation)
        if influx_sender is not None:
            influx_sender.start()
        try:
            yield
        finally:
            app.state.intake.close()
            if influx_sender is not None:
                influx_sender.stop()
            installation.close()

    # /docs with assets of our own: a browser that opens it speaks to nobody else
    app = FastAPIOffline(
        title="mAI Usage",
        version=__version__,
        description=DESCRIPTION,
        lifespan=opened,
        redoc_url=None,
        static_url="/docs/assets",
    )
    answer_errors_as_json(app)
    for router in ROUTERS:
        app.include_router(router, responses=PROBLEMS)
    ways_in = [
        route.path
        for router in (webhooks.router, events.router)
        for route in router.routes
        if isinstance(route, APIRoute)
    ]
    app.add_middleware(SmallBodies, except_for=ways_in)
    app.add_middleware(FastLane, ways={"/webhooks/openrouter": openrouter_webhook})
    return app


app = create_app()

gc.freeze()
"""What was imported stays for ever; walking all of it held every request up for 160 ms now and then (measured)."""

sys.setswitchinterval(0.001)
"""The writer's thread and the loop hand the interpreter over often; at the usual 5 ms each waited for the other, and
batches came in a quarter slower (measured)."""
