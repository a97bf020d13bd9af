"""Ways in for programs that read their answers."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from mai_core.intake.delivery import Receipt
from mai_core.intake.sources import SOURCES
from routers.intake_contract import CLOUD_EVENTS, PUSHED, TOLD, body_of
from routers.intake_door import pushed, take_in, told_item_by_item

router = APIRouter(prefix="/api/v1", tags=["ways in"])

_EVENT = {
    "specversion": "1.0",
    "type": "completion",
    "id": "gen-1795176000-abc",
    "source": "my-gateway",
    "time": "2026-11-20T12:00:00Z",
    "subject": "mai_client_63a4eb6d_user_11112222",
    "data": {
        "model": "openai/gpt-4o",
        "provider": "OpenAI",
        "prompt_tokens": 194,
        "completion_tokens": 2,
        "cost": 0.00095,
    },
}
_COMPLETION = {
    "id": "gen-1795176000-abc",
    "model": "openai/gpt-4o",
    "created": 1795176000,
    "external_user": "mai_client_63a4eb6d_user_11112222",
    "usage": {"prompt_tokens": 10, "completion_tokens": 4, "total_tokens": 14, "cost": 0.00014},
}


@router.post(
    "/events",
    summary="CloudEvents, as OpenMeter takes them",
    description="One event or a batch. `id` is the generation, `subject` the person, `data` the usage.",
    status_code=204,
    response_class=Response,
    responses=CLOUD_EVENTS,
    openapi_extra=body_of(
        _EVENT, "application/cloudevents+json", "application/cloudevents-batch+json", "application/json"
    ),
)
async def events(request: Request) -> Response:
    return await take_in(request, SOURCES["cloudevents"], _no_content_when_all_is_well)


def _no_content_when_all_is_well(receipt: Receipt) -> Response:
    return Response(status_code=204) if not receipt.refused and not receipt.quarantined else told_item_by_item(receipt)


@router.post(
    "/completions",
    summary="Usage of completions, and turns of a chat",
    description="A completion (or the last chunk of its stream), a turn with its generation ids, or a list of these.",
    response_class=Response,
    responses=TOLD,
    openapi_extra=body_of(_COMPLETION),
)
async def completions(request: Request) -> Response:
    return await take_in(request, SOURCES["completions"], told_item_by_item)


@router.post(
    "/litellm",
    summary="LiteLLM's generic_api callback",
    description="`json_array`, `ndjson` or `single`.",
    response_class=Response,
    responses=PUSHED,
    openapi_extra=body_of(
        [{"id": "gen-1795176000-abc", "status": "success"}], "application/json", "application/x-ndjson"
    ),
)
async def litellm(request: Request) -> Response:
    return await take_in(request, SOURCES["litellm"], pushed)
