"""Ways in that OpenRouter and older systems push to: 200 once what came is durable, quarantine included."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request, Response

from mai_core.intake.sources import SOURCES
from routers.intake_contract import PUSHED, body_of
from routers.intake_door import pushed, take_in

router = APIRouter(tags=["ways in"])


_BROADCAST: dict[str, Any] = {
    "summary": "OpenRouter Broadcast (OTLP/JSON)",
    "description": "Bearer secret, `X-Webhook-Signature` (static) or `X-OpenRouter-Signature: t=,v1=` (HMAC, 300 s).",
    "response_class": Response,
    "responses": PUSHED,
    "openapi_extra": body_of({"resourceSpans": []}),
}


@router.post("/webhooks/openrouter", operation_id="post_broadcast", **_BROADCAST)
@router.put("/webhooks/openrouter", operation_id="put_broadcast", **_BROADCAST)
async def openrouter_webhook(request: Request) -> Response:
    return await take_in(request, SOURCES["openrouter"], pushed)


@router.post(
    "/api/v1/usage-tracking/webhook/openrouter-usage",
    summary="Flat webhook of the existing mAI system",
    description="Any webhook credential, or the client's own provider key as `api_key` in the body.",
    response_class=Response,
    responses=PUSHED,
    openapi_extra=body_of(
        {
            "api_key": "sk-or-...",
            "model": "openai/gpt-4o",
            "tokens_used": 330,
            "cost": 0.0011,
            "timestamp": "2026-11-20T12:00:00Z",
            "external_user": "mai_client_63a4eb6d_user_11112222",
            "request_id": "gen-1795176000-abc",
        }
    ),
)
async def flat_webhook(request: Request) -> Response:
    return await take_in(request, SOURCES["flat"], pushed)
