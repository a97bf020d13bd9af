"""The client's side at OpenRouter: its key and its Broadcast destination, made by API or told as steps by hand."""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from mai_core.errors import BadValue, Conflict
from mai_core.settings import Settings
from mai_core.upstream.openrouter_admin import Key, OpenRouterAdmin, limit_number, matches_label, webhook_destination

UNKNOWN_HASH = "<hash of the key>"


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the account is to have for one client. Its id is in the names, so that no other's is ever touched."""

    client_org_id: str
    organization: str
    monthly_limit: Decimal | None
    webhook_url: str
    webhook_secret: str

    @property
    def key_name(self) -> str:
        return f"{self.organization[:60]} ({self.client_org_id})"

    @property
    def destination_name(self) -> str:
        return f"mAI Usage {self.client_org_id}"

    def destination(self, key_hash: str) -> dict[str, Any]:
        return webhook_destination(self.destination_name, self.webhook_url, self.webhook_secret, key_hash)


def wanted_of(settings: Settings) -> Wanted:
    url = settings.mai_webhook_url or (
        f"{settings.mai_public_url}/webhooks/openrouter" if settings.mai_public_url else ""
    )
    return Wanted(
        settings.client_org_id,
        settings.organization_name or settings.client_org_id,
        settings.spending_limit,
        url,
        settings.openrouter_webhook_secret.get_secret_value(),
    )


def make_key(admin: OpenRouterAdmin, wanted: Wanted) -> tuple[Key, str]:
    """A new key for the client. One of its name that nobody here knows is never replaced in silence."""
    for key in admin.list_keys():
        if key.name == wanted.key_name:
            raise Conflict(
                f"OpenRouter has a key named {key.name!r} already ({key.label}, hash {key.hash[:12]}...), but a key is "
                "told only once and this one is not here. Delete it there and run this again, or tell it with --api-key"
            )
    return admin.create_key(wanted.key_name, wanted.monthly_limit)


def find_hash(admin: OpenRouterAdmin, api_key: str) -> str:
    """The hash of a key that was made by hand."""
    found = [key.hash for key in admin.list_keys() if matches_label(api_key, key.label)]
    if len(found) != 1:
        raise Conflict("OpenRouter's list of keys does not show this key unmistakably: tell its hash with --key-hash")
    return found[0]


def make_destination(admin: OpenRouterAdmin, wanted: Wanted, key_hash: str) -> str:
    """'made', 'changed' or 'there already'."""
    if not wanted.webhook_url.startswith("https://"):
        raise BadValue("--webhook-url", "must be the https:// address at which OpenRouter reaches /webhooks/openrouter")
    target = wanted.destination(key_hash)
    for standing in admin.destinations():
        if standing.get("name") == wanted.destination_name:
            if says_the_same(standing, target):
                return "there already"
            admin.change_destination(str(standing["id"]), target)
            return "changed"
    admin.create_destination(target)
    return "made"


def says_the_same(standing: Mapping[str, Any], target: Mapping[str, Any]) -> bool:
    """Whether a destination is as it must be; headers may be shown masked."""
    config = standing.get("config") or {}
    headers = config.get("headers") or {}
    header = str(headers.get("Authorization", ""))
    return (
        all(standing.get(field) == target[field] for field in ("type", "enabled", "privacy_mode", "api_key_hashes"))
        and config.get("url") == target["config"]["url"]
        and (header == target["config"]["headers"]["Authorization"] or "*" in header)
    )


def key_steps(wanted: Wanted, api_url: str) -> str:
    limit = "none" if wanted.monthly_limit is None else f"{wanted.monthly_limit} USD, reset monthly"
    body: dict[str, Any] = {"name": wanted.key_name}
    if wanted.monthly_limit is not None:
        body |= {"limit": limit_number(wanted.monthly_limit), "limit_reset": "monthly"}
    return "\n".join(
        [
            "The client's OpenRouter key, by hand:",
            "  1. Open https://openrouter.ai/settings/keys and press Create API Key.",
            f"     Name:          {wanted.key_name}",
            f"     Credit limit:  {limit}",
            "     Or, with a management key:",
            f"     {_curl('POST', f'{api_url}/keys', body)}",
            "  2. The key is shown once. Put it where it belongs (and into Open WebUI's OpenRouter connection):",
            "     python generate_client_env.py --api-key sk-or-v1-...",
        ]
    )


def destination_steps(wanted: Wanted, api_url: str, key_hash: str | None) -> str:
    target = wanted.destination(key_hash or UNKNOWN_HASH)
    url = wanted.webhook_url or "https://<address of this container>/webhooks/openrouter"
    target["config"]["url"] = url
    headers = json.dumps(target["config"]["headers"], ensure_ascii=False)
    return "\n".join(
        [
            "The client's Broadcast destination, by hand:",
            "  1. Open https://openrouter.ai/settings/observability, enable Broadcast and add a Webhook.",
            f"     Name:           {wanted.destination_name}",
            f"     URL:            {url}",
            "     Method:         POST",
            f"     Headers:        {headers}",
            "     Privacy mode:   on  (prompts and answers are never sent)",
            "     Sampling rate:  1",
            f"     API keys:       only {wanted.key_name}",
            "     Or, with a management key:",
            f"     {_curl('POST', f'{api_url}/observability/destinations', target)}",
            "  2. Press Test Connection: it must say that the destination answered.",
        ]
    )


def _curl(method: str, url: str, body: Mapping[str, Any]) -> str:
    text = shlex.quote(json.dumps(body, ensure_ascii=False))
    return (
        f'curl -sS -X {method} {url} -H "Authorization: Bearer $OPENROUTER_MANAGEMENT_KEY" '
        f"-H 'Content-Type: application/json' -d {text}"
    )
