"""The yardstick: a FastAPI route that parses the same body and returns. Nothing is checked, nothing is stored."""

from __future__ import annotations

import msgspec
from fastapi import FastAPI, Request, Response

app = FastAPI()


@app.post("/webhooks/openrouter")
async def bare(request: Request) -> Response:
    msgspec.json.decode(await request.body())
    return Response(b'{"accepted":1}', media_type="application/json")
