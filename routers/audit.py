"""The trail of what was changed, for operators."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import BaseModel

from mai_core.days import instant_text
from mai_core.store import audit
from routers.access import Opened, Operator

router = APIRouter(tags=["audit"])


class AuditLine(BaseModel):
    id: int
    at: str
    actor: str
    action: str
    subject: str
    client_org_id: str | None
    before: Any
    after: Any


@router.get("/api/v1/admin/audit", summary="Who changed what, newest first")
def audit_log(
    opened: Opened,
    caller: Operator,
    client: str | None = None,
    before_id: int | None = None,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
) -> list[AuditLine]:
    client_org_id = caller.tenant_or_all(client)
    with opened.store.read() as db:
        found = audit.newest(db, client_org_id, before_id, limit)
    return [AuditLine.model_validate({**line, "at": instant_text(line["at_ms"])}) for line in found]
