"""OpenRouter's books of the demo: what it billed, three generations more than its webhooks brought, and a cent that
nobody can explain. The real reconciliation reads them, recovers the three and names the cent."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import date, timedelta

from mai_core.days import from_ms, utc_day
from mai_core.demo.cast import CLIENTS
from mai_core.ids import client_org_id
from mai_core.installation import Installation
from mai_core.intake import exact_json
from mai_core.model import Arrival
from mai_core.money import decimal_text, units_of
from mai_core.reconciliation.run import look
from mai_core.upstream.openrouter_account import ACTIVITY_DAYS, Account, Billed, Credits, Key, ProviderDay

_BOUGHT_PUSD = units_of("2500")
_UNEXPLAINED_PUSD = units_of("0.0102")
_LOST_DAYS_AGO = {CLIENTS[0].key: 2, CLIENTS[1].key: 4, CLIENTS[2].key: 5}


def key_hash_of(client_key: str) -> str:
    return f"demo-key-{client_key}"


@dataclass(frozen=True, slots=True)
class Books(Account):
    """Answers as OpenRouter would, from what it was seen to bill."""

    today: date
    """UTC; its own day is not told yet."""
    billed: list[Arrival] = field(default_factory=list)

    def passing(self, arrivals: Iterable[Arrival]) -> Iterator[Arrival]:
        """Everything is billed; of some days' first generations the webhook never comes."""
        lost = {
            (client_org_id(client.name), self.today - timedelta(days=_LOST_DAYS_AGO[client.key]))
            for client in CLIENTS
            if client.key in _LOST_DAYS_AGO
        }
        for arrival in arrivals:
            day = _day(arrival)
            if self.today - timedelta(days=ACTIVITY_DAYS) <= day < self.today:
                self.billed.append(arrival)
                if (arrival.client_org_id, day) in lost and arrival.observation.reported_pusd:
                    lost.discard((arrival.client_org_id, day))
                    continue
            yield arrival

    def activity(self, key_hash: str | None = None) -> list[ProviderDay]:
        sums: dict[tuple[date, str, str], ProviderDay] = {}
        for arrival in self._of_key(key_hash):
            one = arrival.observation
            key = (_day(arrival), one.model or "", one.provider or "")
            known = sums.get(key) or ProviderDay(*key, 0, 0, 0, 0, 0)
            sums[key] = replace(
                known,
                requests=known.requests + 1,
                input_tokens=known.input_tokens + (one.input_tokens or 0),
                output_tokens=known.output_tokens + (one.output_tokens or 0),
                cost_pusd=known.cost_pusd + (one.reported_pusd or 0),
                byok_pusd=known.byok_pusd + (one.upstream_pusd or 0),
            )
        told = [sums[key] for key in sorted(sums)]
        if told and key_hash in (None, key_hash_of(CLIENTS[0].key)):
            place = next(n for n, row in enumerate(told) if row.model == "openai/gpt-4o")
            told[place] = replace(told[place], cost_pusd=told[place].cost_pusd + _UNEXPLAINED_PUSD)
        return told

    def credits(self) -> Credits:
        return Credits(_BOUGHT_PUSD, sum(arrival.observation.reported_pusd or 0 for arrival in self.billed))

    def keys(self) -> list[Key]:
        return [
            Key(
                key_hash_of(client.key),
                client.name,
                "",
                sum(one.observation.reported_pusd or 0 for one in self._of_key(key_hash_of(client.key))),
                None,
            )
            for client in CLIENTS
        ]

    def generations(self, day: date, key_hash: str | None) -> list[Billed]:
        return [
            Billed(one.observation.generation_id, one.observation.model or "", one.observation.reported_pusd or 0)
            for one in self._of_key(key_hash)
            if _day(one) == day
        ]

    def generation(self, generation_id: str) -> bytes | None:
        for arrival in self.billed:
            one = arrival.observation
            if one.generation_id == generation_id:
                record = {
                    "id": one.generation_id,
                    "created_at": from_ms(one.started_at_ms or 0).isoformat(),
                    "model": one.model,
                    "provider_name": one.provider,
                    "total_cost": decimal_text(one.reported_pusd or 0),
                    "native_tokens_prompt": one.input_tokens,
                    "native_tokens_completion": one.output_tokens,
                    "native_tokens_cached": one.cached_tokens,
                    "native_tokens_reasoning": one.reasoning_tokens,
                    "external_user": one.external_user,
                    "streamed": one.streamed,
                    "finish_reason": one.finish_reason,
                }
                return exact_json.encode({"data": record})
        return None

    def _of_key(self, key_hash: str | None) -> list[Arrival]:
        owners = {key_hash_of(client.key): client_org_id(client.name) for client in CLIENTS}
        return [one for one in self.billed if key_hash is None or one.client_org_id == owners.get(key_hash)]


def books_of(now_ms: int) -> Books:
    return Books("", "", utc_day(now_ms))


def compare_with_books(installation: Installation, books: Books) -> None:
    """The nightly look, over days that began before the demo was made, too."""
    look(installation, books, ACTIVITY_DAYS, since_onboarding=False)


def _day(arrival: Arrival) -> date:
    return utc_day(arrival.observation.started_at_ms or 0)
