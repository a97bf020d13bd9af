"""OpenRouter's account side, opened by the management (provisioning) key: keys of clients and their destinations."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import httpx

from mai_core.upstream.http import UpstreamError

_TIMEOUT_S = 20.0
_MOST_PAGES = 100
_PAGE = 100
_SHOWN = 160


class Unreachable(UpstreamError):
    """OpenRouter cannot be asked from here; what was to be done can be done by hand."""


@dataclass(frozen=True, slots=True)
class Key:
    """A client's inference key as the account sees it; the key itself is told once, when it is made."""

    hash: str
    name: str
    label: str
    """The key's beginning and end: 'sk-or-v1-0e6...1c96'."""


class OpenRouterAdmin:
    """The calls that need the management key. One connection pool; `close` it."""

    def __init__(self, api_url: str, management_key: str) -> None:
        self._url = api_url.rstrip("/")
        self._http = httpx.Client(timeout=_TIMEOUT_S, headers={"Authorization": f"Bearer {management_key}"})

    def close(self) -> None:
        self._http.close()

    def __enter__(self) -> OpenRouterAdmin:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def list_keys(self) -> list[Key]:
        found: list[Key] = []
        for page in range(_MOST_PAGES):
            rows = self._ask("GET", f"/keys?offset={page * _PAGE}&include_disabled=true")["data"]
            found += [_key(row) for row in rows]
            if len(rows) < _PAGE:
                return found
        raise UpstreamError(f"{self._url}/keys: the list of keys has no end")

    def create_key(self, name: str, monthly_limit: Decimal | None) -> tuple[Key, str]:
        """(what the account knows of it, the key itself: never told again)."""
        body: dict[str, Any] = {"name": name}
        if monthly_limit is not None:
            body |= {"limit": limit_number(monthly_limit), "limit_reset": "monthly"}
        answer = self._ask("POST", "/keys", body)
        secret = answer.get("key")
        if not isinstance(secret, str) or not secret:
            raise UpstreamError(f"{self._url}/keys made a key but did not tell it: delete {name!r} there and try again")
        return _key(answer["data"]), secret

    def destinations(self) -> list[dict[str, Any]]:
        return [row for row in self._ask("GET", "/observability/destinations")["data"] if isinstance(row, dict)]

    def create_destination(self, destination: Mapping[str, Any]) -> None:
        self._ask("POST", "/observability/destinations", destination)

    def change_destination(self, destination_id: str, destination: Mapping[str, Any]) -> None:
        self._ask("PATCH", f"/observability/destinations/{destination_id}", destination)

    def _ask(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> dict[str, Any]:
        where = f"{self._url}{path.split('?')[0]}"
        try:
            answer = self._http.request(method, f"{self._url}{path}", json=body)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise Unreachable(f"{where} cannot be reached: {error or type(error).__name__}") from None
        if answer.status_code in (401, 403):
            raise UpstreamError(
                f"{where} refused the key ({answer.status_code}): OPENROUTER_MANAGEMENT_KEY must be a management "
                "(provisioning) key, made at openrouter.ai under Settings > Management Keys"
            )
        if not answer.is_success:
            raise UpstreamError(f"{where} answered {answer.status_code}: {' '.join(answer.text.split())[:_SHOWN]}")
        try:
            told = answer.json()
        except ValueError:
            raise UpstreamError(f"{where} answered {answer.status_code} with something that is not JSON") from None
        if not isinstance(told, dict) or not isinstance(told.get("data"), (dict, list)):
            raise UpstreamError(f"{where} answered in a form that is not known")
        return told


def _key(row: Any) -> Key:
    if not isinstance(row, dict) or not isinstance(row.get("hash"), str):
        raise UpstreamError("OpenRouter told of a key without a hash")
    return Key(row["hash"], str(row.get("name") or ""), str(row.get("label") or ""))


def limit_number(amount: Decimal) -> int | float:
    """A limit as JSON writes it. It caps spending at OpenRouter and never reaches a bill."""
    return int(amount) if amount == amount.to_integral_value() else float(amount)


def matches_label(api_key: str, label: str) -> bool:
    """Whether a key that is at hand is the one that the account shows as 'sk-or-v1-0e6...1c96'."""
    start, dots, end = label.partition("...")
    return bool(dots and start and end) and api_key.startswith(start) and api_key.endswith(end)


def webhook_destination(name: str, url: str, secret: str, key_hash: str) -> dict[str, Any]:
    """A Broadcast destination of one client: its key only, no prompt and no completion texts."""
    return {
        "type": "webhook",
        "name": name,
        "enabled": True,
        "config": {"url": url, "method": "POST", "headers": {"Authorization": f"Bearer {secret}"}},
        "privacy_mode": True,
        "sampling_rate": 1,
        "api_key_hashes": [key_hash],
    }
