from __future__ import annotations

from typing import Any

from mai_core.installation import Installation


def reconcile(installation: Installation) -> dict[str, Any]:
    return {"skipped": "not yet"}
