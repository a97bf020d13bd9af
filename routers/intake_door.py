"""The common door of all ways in: authenticate, read with limits, parse, commit, and only then answer."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace

import msgspec
from fastapi import Request, Response

from mai_core.errors import StoreUnavailable
from mai_core.identity.recognition import recognise
from mai_core.installation import Installation
from mai_core.intake.credentials import Credential, bearer, by_secret, by_signature, is_signed, load_credentials
from mai_core.intake.delivery import Delivery, Problem, Receipt, kept_refusals, kept_too_large, kept_unreadable
from mai_core.intake.desk import Desk
from mai_core.intake.exact_json import Unreadable
from mai_core.intake.group_commit import GroupCommit
from mai_core.intake.parsed import Headers, Parsed, Source
from mai_core.intake.parsing_worker import ParserFault, where
from mai_core.intake.routing import client_of_api_key
from routers.bodies import TOO_LARGE, IncomingBody, LargeBodies, Refused
from routers.measures import Measures
from routers.parsing import LARGEST_IN_THE_LOOP, Parser

log = logging.getLogger(__name__)

_CREDENTIALS_FRESH_S = 2.0
_MOST_SECONDS_TO_COMMIT = 30
RETRY = {"retry-after": "5"}


class IntakeDoor:
    """What the ways in share in one process."""

    def __init__(self, installation: Installation) -> None:
        self.installation = installation
        desk = Desk(installation)
        self.writer = GroupCommit(desk.deliver)
        self.parser = Parser(lambda: desk.rating_book)
        self.large_bodies = LargeBodies()
        self.measures = Measures()
        self.writable_until = 0.0
        """Until when a proof that the ledger can be written holds (monotonic seconds)."""
        self._credentials: list[Credential] = []
        self._credentials_until = 0.0

    def credentials(self) -> list[Credential]:
        """Read again every two seconds, so that a revoked secret stops working soon."""
        if time.monotonic() >= self._credentials_until:
            self._credentials = load_credentials(self.installation)
            self._credentials_until = time.monotonic() + _CREDENTIALS_FRESH_S
        return self._credentials

    def close(self) -> None:
        self.parser.close()
        self.writer.close()


@dataclass(frozen=True, slots=True)
class Sender:
    """Who the credential says is sending; without a client every event is routed."""

    client_org_id: str | None


Answer = Callable[[Receipt], Response]


async def take_in(request: Request, source: Source, answer: Answer) -> Response:
    door: IntakeDoor = request.app.state.intake
    started = time.perf_counter()
    headers = {key.decode("latin-1"): value.decode("latin-1") for key, value in request.scope["headers"]}
    body = IncomingBody(request.receive, headers, source.largest_body, door.large_bodies)
    try:
        response = await _taken_in(door, source, headers, body, answer)
    except Refused as refused:
        response = json_response(refused.status, {"error": refused.error}, refused.headers)
    except StoreUnavailable:
        response = json_response(503, {"error": "not stored; try again"}, RETRY)
    finally:
        body.close()
    door.measures.answered(source.name, response.status_code, time.perf_counter() - started)
    return response


async def _taken_in(
    door: IntakeDoor, source: Source, headers: Headers, incoming: IncomingBody, answer: Answer
) -> Response:
    sender = _sender_by_headers(door, headers)
    if sender is None and not is_signed(headers) and not source.names_client_by_key:
        raise _unauthorized()
    _check_content_type(source, headers)
    try:
        body = await incoming.read(stranger=sender is None)
    except Refused as refused:
        if refused.status == 413 and sender is not None:
            _note_too_large(door, source, sender)
        raise
    if sender is None and is_signed(headers):
        told = (door.credentials(), headers, body, door.installation.now_ms())
        in_thread = len(body) > LARGEST_IN_THE_LOOP  # every credential costs a hash over all of it
        sender = _sender(await asyncio.to_thread(by_signature, *told) if in_thread else by_signature(*told))
        if sender is None:
            raise _unauthorized()
    received_at_ms = door.installation.now_ms()
    try:
        parsed = await _parsed(door, source, body, headers, received_at_ms, sender)
    except Unreadable as error:
        return await _answer_unreadable(door, source, sender, body, error, answer)
    if source.names_client_by_key:
        sender = _sender_by_api_key(door, sender, parsed)
    if sender is None:
        raise _unauthorized()
    delivery = Delivery(source, sender.client_org_id, parsed, received_at_ms)
    if parsed.refusals and not source.can_act_on_errors:
        in_thread = len(body) > LARGEST_IN_THE_LOOP
        kept = await asyncio.to_thread(kept_refusals, parsed.refusals) if in_thread else kept_refusals(parsed.refusals)
        delivery = replace(delivery, kept=kept)
    receipt = await _committed(door, delivery)
    if source.can_act_on_errors:
        receipt.refused.extend(Problem(one.index, one.code, one.reason) for one in parsed.refusals)
    return answer(receipt)


async def _parsed(
    door: IntakeDoor, source: Source, body: bytes, headers: Headers, received_at_ms: int, sender: Sender | None
) -> Parsed:
    """A fault of ours is no reason to lose a body: it is kept like one that nobody can read."""
    try:
        client = sender.client_org_id if sender else None
        return await door.parser.parse(source, body, headers, received_at_ms, client, stranger=sender is None)
    except (Unreadable, StoreUnavailable):
        raise
    except Exception as error:
        place = str(error) if isinstance(error, ParserFault) else where(error)
        log.error("source %s failed with %s", source.name, place)
        raise Unreadable("not_understood", "the body could not be read; the log says where") from None


def _note_too_large(door: IntakeDoor, source: Source, sender: Sender) -> None:
    """Somebody has to know that usage is missing; the answer does not wait for it."""
    now_ms = door.installation.now_ms()
    kept = (kept_too_large(source, sender.client_org_id, now_ms),)
    with suppress(StoreUnavailable):
        noted = door.writer.submit(Delivery(source, sender.client_org_id, Parsed(), now_ms, kept=kept))
        noted.add_done_callback(lambda done: done.cancelled() or done.exception())


async def _answer_unreadable(
    door: IntakeDoor, source: Source, sender: Sender | None, body: bytes, error: Unreadable, answer: Answer
) -> Response:
    if sender is None:
        raise _unauthorized()
    if source.can_act_on_errors:
        raise Refused(400, str(error))
    kept = kept_unreadable(error, body, door.installation.secrets)
    delivery = Delivery(source, sender.client_org_id, Parsed(), door.installation.now_ms(), kept=(kept,))
    return answer(await _committed(door, delivery))


async def _committed(door: IntakeDoor, delivery: Delivery) -> Receipt:
    """Waits for the commit even when the sender went away: an answer that nobody reads harms nobody."""
    if delivery.weight == 1 and not delivery.parsed.witnesses:
        return Receipt(ignored=delivery.parsed.ignored)
    committed = door.writer.submit(delivery)
    patience = committed.get_loop().call_later(_MOST_SECONDS_TO_COMMIT, _give_up, committed)
    try:
        receipt = await committed
    finally:
        patience.cancel()
    door.measures.booked(delivery.source.name, receipt)
    return receipt


def _give_up(committed: asyncio.Future[Receipt]) -> None:
    if not committed.done():
        committed.set_exception(StoreUnavailable("the commit takes too long"))


def _sender_by_headers(door: IntakeDoor, headers: Headers) -> Sender | None:
    sender = _sender(by_secret(door.credentials(), headers))
    return sender or _operator(door, bearer(headers))


def _sender(credential: Credential | None) -> Sender | None:
    return None if credential is None else Sender(credential.client_org_id)


def _operator(door: IntakeDoor, presented: str | None) -> Sender | None:
    """An operator's API token may write for every client."""
    if presented is None:
        return None
    installation = door.installation
    with installation.store.read() as db:
        caller = recognise(db, installation.settings, presented, installation.now_ms())
    allowed = caller is not None and caller.role == "operator" and caller.may("write")
    return Sender(None) if allowed else None


def _sender_by_api_key(door: IntakeDoor, sender: Sender | None, parsed: Parsed) -> Sender | None:
    """The flat webhook names its client by the provider key in the body; it may not contradict the credential."""
    if not parsed.api_key:
        return sender
    with door.installation.store.read() as db:
        client = client_of_api_key(db, door.installation.secrets.hash(parsed.api_key))
    if sender is None:
        return None if client is None else Sender(client)
    if sender.client_org_id is None and client is not None:
        return Sender(client)
    if client is not None and client != sender.client_org_id:
        raise _unauthorized()
    return sender


def _check_content_type(source: Source, headers: Headers) -> None:
    told = headers.get("content-type", "").partition(";")[0].strip().lower()
    if told and told not in source.content_types:
        instead = "; OTLP exporters have a setting for it (encoding: json)" if told == "application/x-protobuf" else ""
        raise Refused(415, f"content-type must be {' or '.join(sorted(source.content_types))}{instead}")


def _unauthorized() -> Refused:
    return Refused(401, "Unauthorized", {"www-authenticate": "Bearer"})


def json_response(status: int, content: object, headers: Headers | None = None) -> Response:
    return Response(msgspec.json.encode(content), status, dict(headers or {}), "application/json")


def counts(receipt: Receipt) -> dict[str, int]:
    return {
        "accepted": receipt.accepted,
        "duplicates": receipt.duplicates,
        "ignored": receipt.ignored,
        "quarantined": len(receipt.quarantined),
    }


def pushed(receipt: Receipt) -> Response:
    """For a sender that cannot act on an error: what is wrong waits in quarantine."""
    return json_response(200, counts(receipt))


def told_item_by_item(receipt: Receipt) -> Response:
    """For a program: 422 names every refused item; the good ones of the same body are stored all the same."""
    content: dict[str, object] = {**counts(receipt), "witnesses": receipt.witnesses}
    if receipt.quarantined:
        content["in_quarantine"] = _listed(receipt.quarantined)
    if not receipt.refused:
        return json_response(200, content)
    number = len(receipt.refused)
    content = {
        "error": f"{number} item{'s' if number > 1 else ''} refused",
        "errors": _listed(receipt.refused),
        **content,
    }
    return json_response(422, content)


def _listed(problems: list[Problem]) -> list[dict[str, object]]:
    return [
        {"index": one.index, "code": one.code, "reason": one.reason}
        for one in sorted(problems, key=lambda problem: problem.index)
    ]


__all__ = ["TOO_LARGE", "IntakeDoor", "json_response", "pushed", "take_in", "told_item_by_item"]
