"""The trail of what was changed, for operators."""

from __future__ import annotations

import json
from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import BaseModel

from mai_core.days import instant_text
from mai_core.store import dicts
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
        found = dicts(
            db,
            "SELECT * FROM audit_log WHERE (?1 IS NULL OR client_org_id = ?1) AND (?2 IS NULL OR id < ?2)"
            " ORDER BY id DESC LIMIT ?3",
            (client_org_id, before_id, limit),
        )
    return [_line(row) for row in found]


def _line(row: dict[str, Any]) -> AuditLine:
    told = {side: None if row[side] is None else json.loads(row[side]) for side in ("before", "after")}
    return AuditLine.model_validate({**row, **told, "at": instant_text(row["at_ms"])})
