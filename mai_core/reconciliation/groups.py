"""Which of OpenRouter's rows are compared with whose ledger: by key where the key is known, the rest together."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date

from mai_core.installation import Installation
from mai_core.model import Client
from mai_core.store import Db, clients
from mai_core.upstream.openrouter_account import Key, ProviderDay
from mai_core.upstream.openrouter_admin import matches_label


@dataclass(frozen=True, slots=True)
class Group:
    """Clients whose ledgers together stand against one set of OpenRouter's rows."""

    client_ids: tuple[str, ...]
    key_hash: str | None
    """None: everything on the account that no other group has."""

    @property
    def client_org_id(self) -> str | None:
        """Whose a generation is that only OpenRouter knows; None: it cannot be said."""
        return self.client_ids[0] if len(self.client_ids) == 1 else None


def groups_of(found: Sequence[Client]) -> list[Group]:
    keyed = [Group((client.id,), client.provider_key_hash) for client in found if client.provider_key_hash]
    rest = tuple(client.id for client in found if not client.provider_key_hash)
    return [*keyed, Group(rest, None)]


def learn_key_hashes(installation: Installation, db: Db, keys: Sequence[Key], now_ms: int) -> None:
    """A client whose key we hold is recognised by the label that OpenRouter shows of it."""
    taken = {client.provider_key_hash for client in clients.list_all(db)}
    for client in clients.list_all(db):
        ciphertext = None if client.provider_key_hash else clients.key_ciphertext(db, client.id)
        if ciphertext is None:
            continue
        api_key = installation.secrets.decrypt(ciphertext)
        matching = [key for key in keys if matches_label(api_key, key.label)]
        if len(matching) == 1 and matching[0].hash not in taken:
            changes = {"provider_key_hash": matching[0].hash}
            clients.update(db, now_ms, client.id, changes, actor="reconciliation")


def rest_of(account: Iterable[ProviderDay], keyed: Iterable[Sequence[ProviderDay]]) -> list[ProviderDay]:
    """The whole account less what its known keys had. Pure."""
    left: dict[tuple[date, str, str], ProviderDay] = {(one.day, one.model, one.provider): one for one in account}
    for rows in keyed:
        for one in rows:
            key = (one.day, one.model, one.provider)
            standing = left.get(key)
            if standing is not None:
                left[key] = replace(
                    standing,
                    requests=standing.requests - one.requests,
                    input_tokens=standing.input_tokens - one.input_tokens,
                    output_tokens=standing.output_tokens - one.output_tokens,
                    cost_pusd=standing.cost_pusd - one.cost_pusd,
                    byok_pusd=standing.byok_pusd - one.byok_pusd,
                )
    return [one for one in left.values() if one.requests or one.cost_pusd]
