"""The authenticated caller, as every door and report sees it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

from mai_core.errors import BadValue, NotFound

Role = Literal["operator", "accountant", "manager", "analyst"]
ROLES: tuple[Role, ...] = get_args(Role)
ROLES_OF_ALL_CLIENTS: frozenset[Role] = frozenset({"operator", "accountant"})

Scope = Literal["read", "write", "quota", "directory", "lake"]
SCOPES: tuple[Scope, ...] = get_args(Scope)


@dataclass(frozen=True, slots=True)
class Caller:
    kind: Literal["session", "token", "environment"]
    role: Role
    client_org_id: str | None
    """The only client whose data this caller may see; None for operator and accountant, who see all."""
    account_id: int | None
    name: str
    """Who did it, in the audit log: the account's e-mail or the token's name."""
    scopes: frozenset[str] = frozenset()
    """Empty: all that the role may do."""
    language: str | None = None
    home_client_org_id: str | None = None
    """The container's client: what operator and accountant mean when they name none."""

    @property
    def sees_all_clients(self) -> bool:
        return self.role in ROLES_OF_ALL_CLIENTS

    def may_see(self, client_org_id: str) -> bool:
        return self.sees_all_clients or client_org_id == self.client_org_id

    def may(self, scope: str) -> bool:
        return not self.scopes or scope in self.scopes

    def tenant(self, client_param: str | None = None) -> str:
        """The client that a read is for. A foreign client's name gets the answer of one that does not exist."""
        named = self.tenant_or_all(client_param) or self.home_client_org_id
        if named is None:
            raise BadValue("client", "is missing: name the client")
        return named

    def tenant_or_all(self, client_param: str | None = None) -> str | None:
        """Like `tenant`; None means all clients, and only for those who may see all."""
        if self.sees_all_clients:
            return client_param or None
        if self.client_org_id is None or client_param not in (None, "", self.client_org_id):
            raise NotFound(NO_SUCH_CLIENT)
        return self.client_org_id


NO_SUCH_CLIENT = "there is no such client"
