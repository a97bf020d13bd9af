"""
title: mAI Usage
description: Tells OpenRouter who asks, asks mAI Usage for the quota, reports what a turn used; never message texts.
version: 0.1.0
required_open_webui_version: 0.12.0

One file on purpose: Open WebUI stores a function as one text and can import nothing of ours beside it. So the rule for
external user ids stands here a second time (mai_core/ids.py has it); a test compares the two.

A chat never waits for mAI Usage longer than 300 ms and never fails because of it: reports that cannot be delivered wait
in a folder and are sent later; the server counts a generation once however often it is told.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import inspect
import json
import logging
import os
import ssl
import tempfile
import time
import uuid
from collections import OrderedDict
from pathlib import Path
from typing import Any

import httpx
from pydantic import BaseModel, Field

log = logging.getLogger("mai_usage")

TURNS_REMEMBERED = 1000
IDS_PER_TURN = 200
PEOPLE_REMEMBERED = 5000
TELL_AGAIN_S = 24 * 3600
RETRY_AFTER_S = 30
SENT_PER_ROUND = 200
TEXTS = {
    "unchecked": {
        "pl": "Nie udało się sprawdzić limitu. Proszę spróbować za chwilę.",
        "en": "The quota could not be checked. Please try again in a moment.",
    },
}


class QuotaExceeded(Exception):
    """Shown to the person in place of an answer."""


class Filter:
    class Valves(BaseModel):
        priority: int = Field(default=0, description="Order among filters; lower runs first.")
        api_url: str = Field(
            default_factory=lambda: os.environ.get("MAI_API_URL", "http://127.0.0.1:8000"),
            description="Address of mAI Usage's API.",
        )
        secret: str = Field(
            default_factory=lambda: os.environ.get("OPENROUTER_WEBHOOK_SECRET", ""),
            description="OPENROUTER_WEBHOOK_SECRET of mAI Usage.",
            json_schema_extra={"input": {"type": "password"}},
        )
        external_user_prefix: str = Field(
            default_factory=lambda: prefix_from(os.environ),
            description="OPENROUTER_EXTERNAL_USER, or the client's id.",
        )
        openrouter_hosts: str = Field(
            default_factory=lambda: hosts_from(os.environ),
            description="Other servers are left alone, unless they list models as OpenRouter does; "
            "comma separated, empty: all.",
        )
        check_quota: bool = Field(default=True, description="Ask for the quota before a chat.")
        quota_wait_ms: int = Field(default=300, ge=10, le=5000, description="How long a chat waits for the quota.")
        quota_fail: str = Field(
            default_factory=lambda: os.environ.get("MAI_QUOTA_FAIL", "open"),
            description="`open`: chats go on when the quota cannot be asked; `closed`: they do not.",
        )
        send_directory: bool = Field(default=True, description="Send name, e-mail and groups of people who chat.")
        spool_dir: str = Field(
            default_factory=lambda: str(data_dir() / "mai_usage_spool"), description="Holds reports while offline."
        )
        spool_files: int = Field(default=5000, ge=1, description="The oldest report is dropped when more wait.")

    def __init__(self, transport: httpx.AsyncBaseTransport | None = None) -> None:
        self.valves = self.Valves()
        self._transport = transport
        self._turns: OrderedDict[str, Turn] = OrderedDict()
        self._told: OrderedDict[str, float] = OrderedDict()
        self._tasks: set[asyncio.Task[None]] = set()
        self._retry_at = 0.0
        self._sending = False
        self._on_their_way: set[Path | None] = set()
        self._retry_is_set = False
        self._warned_of: tuple[str, ...] = ()
        self._client: httpx.AsyncClient | None = None
        self._client_used_for: Any = None

    async def inlet(
        self,
        body: dict[str, Any],
        __user__: dict[str, Any] | None = None,
        __metadata__: dict[str, Any] | None = None,
        __model__: dict[str, Any] | None = None,
        __request__: Any = None,
        __event_emitter__: Any = None,
    ) -> dict[str, Any]:
        user, metadata = __user__ or {}, __metadata__ or {}
        external_user = None
        try:
            if not await goes_to(self.valves.openrouter_hosts, __model__, __request__):
                return body
            self._warn_of_empty_valves()
            external_user = external_user_id(self.valves.external_user_prefix, str(user.get("id", "")))
            mark(body, external_user, metadata)
            if self.valves.secret and external_user and self.valves.send_directory:
                self._later(self._tell_directory(user, external_user))
        except Exception:
            log.exception("mAI Usage: the request could not be marked; the chat goes on")
        if self.valves.secret and self.valves.check_quota and not metadata.get("task"):
            await self._ask_quota(external_user, language_of(metadata), __event_emitter__)
        return body

    def stream(self, event: dict[str, Any], __metadata__: dict[str, Any] | None = None) -> dict[str, Any]:
        try:
            told = event["response"] if isinstance(event.get("response"), dict) else event  # the responses API
            generation_id = told.get("id")
            if isinstance(generation_id, str) and generation_id.startswith("gen-"):
                self._turn(turn_key(__metadata__)).see(generation_id, told)
        except Exception:
            log.exception("mAI Usage: a chunk could not be read; the chat goes on")
        return event

    async def outlet(
        self,
        body: dict[str, Any],
        __user__: dict[str, Any] | None = None,
        __metadata__: dict[str, Any] | None = None,
        __model__: dict[str, Any] | None = None,
        __request__: Any = None,
    ) -> dict[str, Any]:
        try:
            metadata = __metadata__ or {}
            turn = self._turns.pop(turn_key(__metadata__), None) or self._turns.pop(str(body.get("id")), None)
            if self.valves.secret and (turn or await goes_to(self.valves.openrouter_hosts, __model__, __request__)):
                external_user = external_user_id(self.valves.external_user_prefix, str((__user__ or {}).get("id", "")))
                reports = reports_of(body, metadata, external_user, turn or Turn())
                if reports:
                    self._later(self._deliver("/api/v1/completions", reports))
        except Exception:
            log.exception("mAI Usage: usage could not be reported; the chat goes on")
        return body

    async def settle(self) -> None:
        """Wait for everything that was started in the background."""
        while self._tasks:
            await asyncio.gather(*list(self._tasks))

    def _warn_of_empty_valves(self) -> None:
        """Once, in Open WebUI's log: without these two the filter is there and does next to nothing."""
        empty = tuple(name for name in ("secret", "external_user_prefix") if not getattr(self.valves, name))
        if empty != self._warned_of:
            self._warned_of = empty
            if empty:
                log.warning(
                    "mAI Usage: fill in the valves %s; until then usage has no person or is not sent", ", ".join(empty)
                )

    def _turn(self, key: str) -> Turn:
        turn = self._turns.get(key)
        if turn is None:
            turn = self._turns[key] = Turn()
            while len(self._turns) > TURNS_REMEMBERED:
                self._turns.popitem(last=False)
        return turn

    def _later(self, work: Any) -> None:
        """The loop keeps only a weak reference to a task, so somebody has to hold it."""
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _ask_quota(self, external_user: str | None, language: str, emit: Any) -> None:
        answer: dict[str, Any] | None = None
        try:
            await self._connected()
            async with asyncio.timeout(self.valves.quota_wait_ms / 1000):
                response = await self._post("/api/v1/quota/check", {"external_user": external_user})
                response.raise_for_status()
                answer = response.json()
        except Exception as error:
            log.warning("mAI Usage: the quota could not be asked (%s)", type(error).__name__)
        if answer is None:
            if self.valves.quota_fail == "closed":
                raise QuotaExceeded(TEXTS["unchecked"][language])
            return
        reason = answer.get("reason") or {}
        if answer.get("allow") is False:
            raise QuotaExceeded(reason.get(language) or "quota")
        if answer.get("warning") and emit is not None:
            with contextlib.suppress(Exception):
                await emit({"type": "notification", "data": {"type": "warning", "content": reason.get(language, "")}})

    async def _tell_directory(self, user: dict[str, Any], external_user: str) -> None:
        person = {
            "user_id": user["id"],
            "external_user": external_user,
            "name": text_of(user.get("name"), 200),
            "email": text_of(user.get("email"), 320),
            "groups": [group[:200] for group in await groups_of(user["id"])][:50],
        }
        fingerprint = hashlib.sha256(json.dumps(person, sort_keys=True).encode()).hexdigest()
        if self._told.get(fingerprint, 0.0) > time.monotonic():
            return
        self._told[fingerprint] = time.monotonic() + TELL_AGAIN_S
        while len(self._told) > PEOPLE_REMEMBERED:
            self._told.popitem(last=False)
        await self._deliver("/api/v1/directory", {"people": [person]})

    async def _deliver(self, path: str, payload: Any) -> None:
        """On disk while it is on its way: a signal ends Open WebUI at once, without a word to its tasks."""
        file = None
        try:
            file = await asyncio.to_thread(spool, Path(self.valves.spool_dir), self.valves.spool_files, path, payload)
            self._on_their_way.add(file)
        except OSError:
            log.exception("mAI Usage: reports cannot wait in %s", self.valves.spool_dir)
        try:
            if time.monotonic() < self._retry_at or not await self._sent(path, payload):
                self._retry_later()
                return
            if file is not None:
                await asyncio.to_thread(file.unlink, True)
            if not self._sending:
                await self._send_waiting()
        except Exception:
            log.exception("mAI Usage: a report could not be sent")
        finally:
            self._on_their_way.discard(file)

    def _retry_later(self) -> None:
        if not self._retry_is_set:
            self._retry_is_set = True
            asyncio.get_running_loop().call_later(RETRY_AFTER_S, lambda: self._later(self._retry()))

    async def _retry(self) -> None:
        self._retry_is_set = False
        if not self._sending:
            await self._send_waiting()
        if await asyncio.to_thread(waiting, Path(self.valves.spool_dir)):
            self._retry_later()

    async def _sent(self, path: str, payload: Any) -> bool:
        """True when the server has it, or will never take it."""
        try:
            response = await self._post(path, payload)
        except (httpx.HTTPError, OSError) as error:
            self._retry_at = time.monotonic() + RETRY_AFTER_S
            log.warning(
                "mAI Usage is not reachable (%s); reports wait in %s", type(error).__name__, self.valves.spool_dir
            )
            return False
        if response.status_code in (400, 413, 422):
            log.error("mAI Usage refused a report for good: %s", response.text[:300])
            return True
        if not response.is_success:
            self._retry_at = time.monotonic() + RETRY_AFTER_S
            log.warning("mAI Usage answered %s; reports wait in %s", response.status_code, self.valves.spool_dir)
        return response.is_success

    async def _send_waiting(self) -> None:
        """Oldest first. Two workers may send the same file: the server counts a generation once."""
        self._sending = True
        try:
            files = await asyncio.to_thread(waiting, Path(self.valves.spool_dir))
            for file in [one for one in files if one not in self._on_their_way][:SENT_PER_ROUND]:
                entry = await asyncio.to_thread(read_entry, file)
                if entry is not None and not await self._sent(entry["path"], entry["payload"]):
                    return
                await asyncio.to_thread(file.unlink, True)
        finally:
            self._sending = False

    async def _post(self, path: str, payload: Any) -> httpx.Response:
        headers = {"Authorization": f"Bearer {self.valves.secret}"}
        client = await self._connected()
        return await client.post(self.valves.api_url.rstrip("/") + path, json=payload, headers=headers)

    async def _connected(self) -> httpx.AsyncClient:
        """One client per loop and scheme. Reading certificates takes a while: in a thread, where they are needed."""
        is_https = self.valves.api_url.lower().startswith("https:")
        used_for = (asyncio.get_running_loop(), is_https)
        if self._client is None or self._client_used_for != used_for:
            verify = await asyncio.to_thread(ssl.create_default_context) if is_https else False
            self._client = httpx.AsyncClient(transport=self._transport, timeout=5.0, trust_env=False, verify=verify)
            self._client_used_for = used_for
        return self._client


class Turn:
    """What was seen of one answer while it streamed."""

    def __init__(self) -> None:
        self.generations: OrderedDict[str, dict[str, Any]] = OrderedDict()

    def see(self, generation_id: str, event: dict[str, Any]) -> None:
        """Every chunk tells the model; the last one of each generation its own usage."""
        if generation_id not in self.generations and len(self.generations) >= IDS_PER_TURN:
            return
        seen = self.generations.setdefault(generation_id, {})
        for field in ("model", "provider", "created"):
            if event.get(field):
                seen[field] = event[field]
        if isinstance(event.get("usage"), dict):
            seen["usage"] = event["usage"]

    def last(self, field: str) -> Any:
        return next((seen[field] for seen in reversed(self.generations.values()) if field in seen), None)


def mark(body: dict[str, Any], external_user: str | None, metadata: dict[str, Any]) -> None:
    """OpenRouter's `user`, `session_id` and `trace`: opaque ids only. What somebody else set stays."""
    if external_user:
        body["user"] = external_user
    if metadata.get("chat_id"):
        body.setdefault("session_id", str(metadata["chat_id"])[:256])
    trace = {
        "source": "open-webui",
        "chat_id": metadata.get("chat_id"),
        "message_id": message_id_of(metadata),
        "task": metadata.get("task"),
    }
    told = body.get("trace")
    ours = {key: str(value) for key, value in trace.items() if value}
    body["trace"] = {**ours, **told} if isinstance(told, dict) else ours


def reports_of(
    body: dict[str, Any], metadata: dict[str, Any], external_user: str | None, turn: Turn
) -> list[dict[str, Any]]:
    """Ids and numbers, never text: the turn, and of several generations each that told its own usage. Open WebUI's
    total is the sum over all model calls of the turn, so the only generation's own usage comes before it; beside
    several the server takes the total as a witness, which is compared and never billed."""
    shared = {"external_user": external_user, "session_id": body.get("chat_id") or metadata.get("chat_id") or None}
    told = {name: seen for name, seen in turn.generations.items() if seen.get("usage")}
    is_alone = len(turn.generations) == 1
    usage = turn.last("usage") if is_alone and told else last_usage(body)
    reports = []
    if usage:
        turn_id = str(body.get("id") or message_id_of(metadata) or uuid.uuid4())
        model, provider = turn.last("model") or body.get("model"), turn.last("provider")
        whole = {"turn_id": turn_id, "model": model, "provider": provider, "usage": usage}
        reports.append({**whole, **shared, "generation_ids": list(turn.generations)})
    if not is_alone:
        reports += [{"id": name, **seen, **shared} for name, seen in told.items()]
    return [{key: value for key, value in report.items() if value is not None} for report in reports]


def last_usage(body: dict[str, Any]) -> dict[str, Any] | None:
    for message in reversed(body.get("messages") or []):
        if message.get("role") == "assistant":
            usage = message.get("usage") or (message.get("info") or {}).get("usage")
            return usage if isinstance(usage, dict) else None
    return None


def turn_key(metadata: dict[str, Any] | None) -> str:
    """The answer's message id. A program's request has none, but shares one metadata: a mark in it does."""
    if metadata is None:
        return ""
    return str(message_id_of(metadata) or metadata.setdefault("mai_usage_turn", uuid.uuid4().hex))


def message_id_of(metadata: dict[str, Any]) -> Any:
    return metadata.get("message_id") or metadata.get("assistant_message_id")


def external_user_id(prefix: str, user_id: str) -> str | None:
    """`{prefix}_user_` and 8 hex of sha256(user id); None where the id is not a UUID or no prefix is set."""
    try:
        uuid.UUID(user_id)
    except ValueError:
        return None
    return f"{prefix}_user_{hashlib.sha256(user_id.encode()).hexdigest()[:8]}" if prefix else None


def prefix_from(environment: Any) -> str:
    name = environment.get("ORGANIZATION_NAME", "")
    from_name = f"mai_client_{hashlib.md5(name.encode(), usedforsecurity=False).hexdigest()[:8]}" if name else ""
    return environment.get("OPENROUTER_EXTERNAL_USER") or environment.get("CLIENT_ORG_ID") or from_name


async def goes_to(hosts: str, model: dict[str, Any] | None, request: Any) -> bool:
    """Whether a request leaves for OpenRouter; other servers may refuse fields that they do not know. In doubt: yes."""
    wanted = [host.strip().lower() for host in hosts.split(",") if host.strip()]
    if not wanted or not model:
        return True
    if model.get("owned_by") == "ollama" or model.get("pipe"):
        return False
    try:
        base = (model.get("info") or {}).get("base_model_id")
        model = request.app.state.MODELS[base] if base else model
        if is_listed_as_by_openrouter(model):
            return True
        host = (httpx.URL(await base_url(model["urlIdx"])).host or "").lower()
    except Exception:
        return True
    return any(host == one or host.endswith("." + one) for one in wanted)


def is_listed_as_by_openrouter(model: dict[str, Any]) -> bool:
    """A proxy in front of OpenRouter has another name, but passes its list of models on."""
    listed = model.get("openai")
    return isinstance(listed, dict) and "pricing" in listed and ("canonical_slug" in listed or "top_provider" in listed)


def hosts_from(environment: Any) -> str:
    """OpenRouter's own, and the one that mAI Usage is told of."""
    with contextlib.suppress(httpx.InvalidURL):
        own = httpx.URL(environment.get("OPENROUTER_API_URL") or environment.get("OPENROUTER_HOST") or "").host
        return f"openrouter.ai, {own}" if own and own != "openrouter.ai" else "openrouter.ai"
    return "openrouter.ai"


async def base_url(index: int) -> str:
    from open_webui.routers.openai import get_openai_connection  # type: ignore[import-not-found]

    url, _, _ = await get_openai_connection(index)
    return str(url)


async def groups_of(user_id: str) -> list[str]:
    """Departments, as Open WebUI's groups; none where it has no such thing."""
    try:
        from open_webui.models.groups import Groups  # type: ignore[import-not-found]

        found = Groups.get_groups_by_member_id(user_id)
        found = await found if inspect.isawaitable(found) else found
        return [str(group.name) for group in found or [] if group.name]
    except Exception:
        return []


def language_of(metadata: dict[str, Any]) -> str:
    """That of the person's pages; programs do not say."""
    chosen = str((metadata.get("variables") or {}).get("{{USER_LANGUAGE}}") or "pl").lower()
    return "pl" if chosen.startswith("pl") else "en"


def text_of(value: Any, longest: int) -> str | None:
    return str(value)[:longest] if value else None


def data_dir() -> Path:
    if os.environ.get("DATA_DIR"):
        return Path(os.environ["DATA_DIR"])
    try:
        from open_webui.env import DATA_DIR  # type: ignore[import-not-found]

        return Path(DATA_DIR)
    except Exception:
        return Path(tempfile.gettempdir())


def spool(folder: Path, most: int, path: str, payload: Any) -> Path:
    """Written whole beside its place and moved there, so that a crash leaves no half report."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    name = f"{time.time_ns()}-{uuid.uuid4().hex}"
    draft = folder / f"{name}.draft"
    draft.write_text(json.dumps({"path": path, "payload": payload}), encoding="utf-8")
    file = draft.replace(folder / f"{name}.json")
    for oldest in waiting(folder)[:-most]:
        log.error("mAI Usage: more than %d reports wait; the oldest is dropped", most)
        oldest.unlink(missing_ok=True)
    return file


def waiting(folder: Path) -> list[Path]:
    return sorted(folder.glob("*.json")) if folder.is_dir() else []


def read_entry(file: Path) -> dict[str, Any] | None:
    """None for a file that is gone or is not ours: it is dropped."""
    try:
        entry = json.loads(file.read_text(encoding="utf-8"))
        return entry if isinstance(entry, dict) and {"path", "payload"} <= entry.keys() else None
    except (OSError, ValueError):
        return None
