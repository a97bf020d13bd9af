"""Who reads: the role and tenant that decide which rows and which columns exist."""

from __future__ import annotations

from dataclasses import dataclass

from mai_core.errors import NotFound
from mai_core.identity.callers import ROLES_OF_ALL_CLIENTS, Role


@dataclass(frozen=True, slots=True)
class Viewer:
    role: Role
    client_org_id: str | None = None

    def __post_init__(self) -> None:
        if (self.role in ROLES_OF_ALL_CLIENTS) != (self.client_org_id is None):
            raise ValueError("managers and analysts belong to one client, operators and accountants to none")

    @property
    def sees_cost(self) -> bool:
        """Raw cost, markup and margin exist for operators only."""
        return self.role == "operator"

    def client(self, asked: str | None) -> str | None:
        """The client that is read; None is all. Another client's existence is not told."""
        if self.client_org_id is None:
            return asked
        if asked not in (None, self.client_org_id):
            raise NotFound(f"there is no client {asked!r}")
        return self.client_org_id
