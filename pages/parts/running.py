"""An analyst's query while it runs: asked in a thread, so that the page can show the time and a Cancel button."""

from __future__ import annotations

import secrets
import threading
import time
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from mai_core.errors import MaiError
from pages.parts import api

_LONGEST_S = 60.0


@dataclass(slots=True)
class Running:
    """Mutable on purpose: the thread fills in the answer, the page looks at it."""

    sql: str
    token: str
    client: str
    first: date
    last: date
    query_id: str = field(default_factory=lambda: secrets.token_hex(12))
    began: float = field(default_factory=time.monotonic)
    answer: dict[str, Any] | None = None
    refusal: dict[str, Any] | None = None
    trouble: MaiError | None = None
    done: bool = False

    @property
    def seconds(self) -> int:
        return int(time.monotonic() - self.began)

    def start(self) -> Running:
        threading.Thread(target=self._ask, daemon=True).start()
        return self

    def cancel(self) -> None:
        api.send("POST", f"/api/v1/sql/{self.query_id}/cancel", self.token)

    def _ask(self) -> None:
        body = {
            "sql": self.sql, "client": self.client, "query_id": self.query_id,
            "from": self.first.isoformat(), "to": self.last.isoformat(),
        }  # fmt: skip
        try:
            answer = api.send("POST", "/api/v1/sql", self.token, json=body, timeout=_LONGEST_S)
            if answer.is_success:
                self.answer = answer.json()
            elif answer.status_code == 422 and "message" in answer.text:
                refusal = answer.json()
                self.refusal = refusal.get("detail", refusal)
            else:
                self.trouble = api.problem_of(answer)
        except MaiError as error:
            self.trouble = error
        finally:
            self.done = True
