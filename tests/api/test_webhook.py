"""The webhook's answers: durable before 200, quarantine instead of endless repeats, nothing told to strangers."""

from __future__ import annotations

import asyncio
import gzip
import hashlib
import hmac
import json
import tracemalloc
from dataclasses import replace
from typing import Any

import pytest
from fastapi.testclient import TestClient

from mai_core.errors import StoreUnavailable
from mai_core.intake.group_commit import QueueFull
from mai_core.intake.sources import SOURCES
from mai_core.store import Store, credentials, routes
from routers import bodies
from tests.api.conftest import (
    BEARER,
    OPERATOR,
    PREVIOUS_SECRET,
    SECRET,
    WAYS_IN,
    events_of,
    installation_of,
    quarantine_of,
    rows_of,
)
from tests.builders import CLIENT, NOON, make_client, make_span, make_trace

WEBHOOK = "/webhooks/openrouter"
ONE = make_trace(make_span("gen-a"))


def counts(**told: int) -> dict[str, int]:
    return {"accepted": 0, "duplicates": 0, "ignored": 0, "quarantined": 0, **told}


@pytest.mark.parametrize("method", ["POST", "PUT"])
def test_an_event_is_booked_at_the_clients_markup_before_it_is_acknowledged(api: TestClient, method: str) -> None:
    answer = api.request(method, WEBHOOK, json=ONE, headers=BEARER)
    assert (answer.status_code, answer.json()) == (200, counts(accepted=1))
    stored = rows_of(api, "SELECT generation_id, raw_pusd, charged_pusd, source FROM usage_events")
    assert stored == [("gen-a", 10**11, 13 * 10**10, "openrouter")]


def test_a_redelivery_is_counted_once(api: TestClient) -> None:
    for expected in (counts(accepted=1), counts(duplicates=1), counts(duplicates=1)):
        assert api.post(WEBHOOK, json=ONE, headers=BEARER).json() == expected
    assert rows_of(api, "SELECT sum(requests), sum(raw_pusd) FROM usage_daily") == [(1, 10**11)]


def test_of_a_batch_the_good_spans_are_booked_and_the_bad_ones_quarantined(api: TestClient) -> None:
    spans = [make_span("gen-a"), make_span("gen-b", user__id="a\x00"), make_span("gen-c"), make_span("gen-c:attempt-0")]
    answer = api.post(WEBHOOK, json=make_trace(*spans), headers=BEARER)
    assert (answer.status_code, answer.json()) == (200, counts(accepted=2, ignored=1, quarantined=1))
    assert events_of(api) == ["gen-a", "gen-c"]
    assert quarantine_of(api) == [("openrouter", CLIENT, "invalid", "user.id: contains control characters")]


def test_the_connection_test_is_answered_and_stores_nothing(api: TestClient) -> None:
    for body in (b"", b"{}", json.dumps(ONE).encode()):
        answer = api.post(WEBHOOK, content=body, headers={**BEARER, "X-Test-Connection": "true"})
        assert (answer.status_code, answer.json()) == (200, counts())
    assert events_of(api) == []
    assert api.post(WEBHOOK, content=b"", headers={"X-Test-Connection": "true"}).status_code == 401


class TestWhoSends:
    @pytest.mark.parametrize("path", WAYS_IN)
    def test_without_the_secret_nothing_is_told(self, api: TestClient, path: str) -> None:
        for headers in (
            {},
            {"Authorization": "Bearer wrong"},
            {"Authorization": f"Basic {SECRET}"},
            {"Authorization": ""},
        ):
            answer = api.post(path, json=ONE, headers=headers)
            assert (answer.status_code, answer.json()) == (401, {"error": "Unauthorized"})
        assert events_of(api) == []

    def test_a_stranger_is_refused_before_the_body_counts(self, api: TestClient) -> None:
        assert api.post(WEBHOOK, content=b"x" * (33 << 20), headers={"Content-Type": "text/html"}).status_code == 401

    @pytest.mark.parametrize("secret", [SECRET, PREVIOUS_SECRET])
    @pytest.mark.parametrize("header", ["Authorization", "X-Webhook-Signature"])
    def test_two_secrets_are_valid_at_once_in_either_header(self, api: TestClient, secret: str, header: str) -> None:
        value = f"Bearer {secret}" if header == "Authorization" else secret
        assert api.post(WEBHOOK, json=ONE, headers={header: value}).status_code == 200

    @pytest.mark.parametrize(
        ("age_s", "secret", "status"),
        [(0, SECRET, 200), (299, SECRET, 200), (-299, PREVIOUS_SECRET, 200), (310, SECRET, 401), (0, "other", 401)],
    )
    def test_a_signature_is_valid_for_five_minutes(self, api: TestClient, age_s: int, secret: str, status: int) -> None:
        body, moment = json.dumps(ONE).encode(), NOON // 1000 - age_s
        digest = hmac.new(secret.encode(), f"{moment},".encode() + body, hashlib.sha256).hexdigest()
        answer = api.post(WEBHOOK, content=body, headers={"X-OpenRouter-Signature": f"t={moment},v1={digest}"})
        assert answer.status_code == status
        assert events_of(api) == (["gen-a"] if status == 200 else [])

    def test_a_large_body_is_signed_as_well(self, api: TestClient) -> None:
        body = json.dumps(make_trace(make_span("gen-a", gen_ai__prompt="x" * (1 << 20)))).encode()
        digest = hmac.new(SECRET.encode(), f"{NOON // 1000},".encode() + body, hashlib.sha256).hexdigest()
        for signature, status in ((digest, 200), ("0" * 64, 401)):
            headers = {"X-OpenRouter-Signature": f"t={NOON // 1000},v1={signature}"}
            assert api.post(WEBHOOK, content=body, headers=headers).status_code == status

    @pytest.mark.parametrize("signature", ["", "t=,v1=", "t=soon,v1=00", "v1=00", "t=1", f"t={NOON // 1000},v1=ł"])
    def test_a_broken_signature_is_a_wrong_one(self, api: TestClient, signature: str) -> None:
        headers = {"X-OpenRouter-Signature": signature.encode()}
        assert api.post(WEBHOOK, json=ONE, headers=headers).status_code == 401  # type: ignore[arg-type]

    def test_a_secret_of_the_ledger_opens_until_it_is_revoked(self, api: TestClient) -> None:
        opened = installation_of(api)
        make_client(opened.store, "mai_client_other")
        with opened.store.write() as db:
            added = credentials.add(
                db, NOON, opened.secrets, label="relay", secret="another-secret-0123", client_org_id="mai_client_other",
                actor="test",
            )  # fmt: skip
        api.app.state.intake._credentials_until = 0  # type: ignore[attr-defined]
        headers = {"Authorization": "Bearer another-secret-0123"}
        assert api.post(WEBHOOK, json=ONE, headers=headers).json() == counts(accepted=1)
        assert rows_of(api, "SELECT client_org_id FROM usage_events") == [("mai_client_other",)]
        with opened.store.write() as db:
            credentials.revoke(db, NOON, added, "test")
        api.app.state.intake._credentials_until = 0  # type: ignore[attr-defined]
        assert api.post(WEBHOOK, json=ONE, headers=headers).status_code == 401

    def test_an_operators_token_may_write_and_a_managers_may_not(self, api: TestClient) -> None:
        assert api.post(WEBHOOK, json=ONE, headers=OPERATOR).status_code == 200
        assert (
            api.post(WEBHOOK, json=ONE, headers={"Authorization": "Bearer client-token-0123456789"}).status_code == 401
        )


class TestWhoItIsFor:
    """One OpenRouter account for many clients."""

    def send(self, hub: TestClient, generation_id: str, **told: Any) -> None:
        assert hub.post(WEBHOOK, json=make_trace(make_span(generation_id, **told)), headers=BEARER).status_code == 200

    def test_by_person_by_prefix_by_route_by_key_name_and_otherwise_not_at_all(self, hub: TestClient) -> None:
        store = installation_of(hub).store
        for client in ("mai_client_a", "mai_client_b"):
            make_client(store, client)
        with store.write() as db:
            routes.put(db, NOON, "test", "external_user", "uuid-7", "mai_client_b")
            routes.put(db, NOON, "test", "api_key_name", "Key of B", "mai_client_b")
        key_name = "trace__metadata__openrouter__api_key_name"
        self.send(hub, "gen-prefix", user__id="mai_client_a_user_11112222")
        self.send(hub, "gen-route", user__id="uuid-7")
        self.send(hub, "gen-key", user__id=None, **{key_name: "Key of B"})
        self.send(hub, "gen-person-first", user__id="mai_client_a_user_33334444", **{key_name: "Key of B"})
        self.send(hub, "gen-unknown", user__id="mai_client_zz_user_11112222", **{key_name: "Other key"})
        assert rows_of(hub, "SELECT generation_id, client_org_id FROM usage_events ORDER BY seq") == [
            ("gen-prefix", "mai_client_a"),
            ("gen-route", "mai_client_b"),
            ("gen-key", "mai_client_b"),
            ("gen-person-first", "mai_client_a"),
        ]
        assert [(row[1], row[2]) for row in quarantine_of(hub)] == [(None, "unrouted")]

    def test_a_person_of_two_clients_is_not_guessed(self, hub: TestClient) -> None:
        store = installation_of(hub).store
        with store.write() as db:
            for client in ("mai_client_a", "mai_client_b"):
                make = "INSERT INTO client_organizations (id, name, created_at, updated_at) VALUES (?, ?, 0, 0)"
                db.execute(make, (client, client))
                mapping = "INSERT INTO user_client_mapping VALUES (?, 'uuid-7', ?, 'uuid-7', 1, 0, 0)"
                db.execute(mapping, (f"uuid-7_{client}", client))
        self.send(hub, "gen-a", user__id="uuid-7")
        assert [row[2] for row in quarantine_of(hub)] == ["unrouted"]

    def test_in_a_clients_own_container_everything_is_the_clients(self, api: TestClient) -> None:
        assert api.post(WEBHOOK, json=make_trace(make_span(user__id="anybody")), headers=BEARER).json() == counts(
            accepted=1
        )


class TestWhatCannotBeTaken:
    @pytest.mark.parametrize("body", [b"{", b"", b"\xff", b"[" * 100_000, b'{"resourceSpans": [{"a": NaN}]}'])
    def test_a_body_that_is_no_json_is_kept_encrypted_and_acknowledged(self, api: TestClient, body: bytes) -> None:
        for _ in range(2):
            answer = api.post(WEBHOOK, content=body, headers=BEARER)
            assert (answer.status_code, answer.json()) == (200, counts(quarantined=1))
        ((kept, stored, times),) = rows_of(api, "SELECT encrypted_body, body, times_seen FROM quarantine")
        assert (stored, times) == (None, 2)
        assert installation_of(api).secrets.decrypt_bytes(kept) == body

    def test_a_fault_of_ours_loses_no_body_and_tells_no_content(
        self, api: TestClient, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
    ) -> None:
        def fail(body: bytes, headers: Any) -> Any:
            raise KeyError("the secret plan")

        for name in ("openrouter", "cloudevents"):
            monkeypatch.setitem(SOURCES, name, replace(SOURCES[name], parse=fail))
        assert api.post(WEBHOOK, json=ONE, headers=BEARER).json() == counts(quarantined=1)
        assert api.post("/api/v1/events", json=ONE, headers=BEARER).status_code == 400
        assert [row[2] for row in quarantine_of(api)] == ["not_understood"]
        assert "KeyError" in caplog.text
        assert "the secret plan" not in caplog.text

    def test_another_shape_is_kept_redacted_and_acknowledged(self, api: TestClient) -> None:
        answer = api.post(WEBHOOK, json={"resourceSpans": "not a list"}, headers=BEARER)
        assert (answer.status_code, answer.json()) == (200, counts(quarantined=1))

    def test_what_is_older_than_the_dedupe_memory_is_quarantined(self, api: TestClient) -> None:
        old, young = NOON // 1000 - 60 * 86_400, NOON // 1000 - 58 * 86_400
        body = make_trace(make_span(f"gen-{old}-a"), make_span(f"gen-{young}-b"))
        assert api.post(WEBHOOK, json=body, headers=BEARER).json() == counts(accepted=1, quarantined=1)
        assert [row[2] for row in quarantine_of(api)] == ["too_old"]

    @pytest.mark.parametrize("content_type", ["application/x-protobuf", "text/html", "multipart/form-data; boundary=x"])
    def test_another_content_type_is_415(self, api: TestClient, content_type: str) -> None:
        answer = api.post(WEBHOOK, content=b"{}", headers={**BEARER, "Content-Type": content_type})
        assert answer.status_code == 415
        assert answer.json()["error"].startswith("content-type must be application/json")
        assert ("encoding: json" in answer.json()["error"]) is (content_type == "application/x-protobuf")

    def test_a_charset_and_no_content_type_at_all_are_fine(self, api: TestClient) -> None:
        body = json.dumps(ONE).encode()
        headers = {**BEARER, "Content-Type": "application/json; charset=utf-8"}
        assert api.post(WEBHOOK, content=body, headers=headers).status_code == 200
        assert api.post(WEBHOOK, content=body, headers=BEARER).status_code == 200

    def test_gzip_is_read_and_other_encodings_are_415(self, api: TestClient) -> None:
        packed = gzip.compress(json.dumps(make_trace(make_span("gen-a"))).encode())
        half = len(packed) // 2
        answer = api.post(
            WEBHOOK, content=iter([packed[:half], packed[half:]]), headers={**BEARER, "Content-Encoding": "gzip"}
        )
        assert answer.json() == counts(accepted=1)
        two_members = gzip.compress(b'{"resourceSpans":') + gzip.compress(b"[]}")
        assert api.post(WEBHOOK, content=two_members, headers={**BEARER, "Content-Encoding": "gzip"}).json() == counts()
        for wrong, status in ((b"no gzip", 400), (packed[:half], 400), (b"", 400)):
            answer = api.post(WEBHOOK, content=wrong, headers={**BEARER, "Content-Encoding": "gzip"})
            assert answer.status_code == status
        assert api.post(WEBHOOK, content=packed, headers={**BEARER, "Content-Encoding": "br"}).status_code == 415


class TestWhatIsTooLarge:
    def test_a_length_that_is_announced_is_refused_before_a_byte_is_read(self, api: TestClient) -> None:
        headers = {**BEARER, "Content-Length": str(100 << 20)}
        assert api.post(WEBHOOK, content=iter([b"x"]), headers=headers).status_code == 413

    def test_a_length_that_is_not_announced_is_counted(self, api: TestClient) -> None:
        answer = api.post("/api/v1/events", content=iter([b" " * (1 << 20)] * 3), headers=BEARER)
        assert (answer.status_code, answer.json()["error"]) == (413, "the body is too large")

    def test_a_bomb_is_counted_after_gunzip(self, api: TestClient) -> None:
        bomb = gzip.compress(b" " * (40 << 20))
        assert api.post(WEBHOOK, content=bomb, headers={**BEARER, "Content-Encoding": "gzip"}).status_code == 413

    def test_a_body_of_endless_empty_parts_is_not_unpacked(self, api: TestClient) -> None:
        """They unpack to nothing, so what comes out never reaches a limit."""
        packed = {**BEARER, "Content-Encoding": "gzip"}
        answer = api.post(WEBHOOK, content=gzip.compress(b"") * 2000, headers=packed)
        assert (answer.status_code, answer.json()["error"]) == (400, "the gzip body has too many parts")
        assert api.post(WEBHOOK, content=gzip.compress(b"") * 500 + gzip.compress(b"{}"), headers=packed).is_success
        named = b"\x1f\x8b\x08\x08" + b"\x00" * 6 + b"n" * (3 << 20)
        assert api.post("/api/v1/events", content=iter([named]), headers=packed).status_code == 413

    def test_somebody_is_told_once_a_day(self, api: TestClient) -> None:
        for _ in range(3):
            api.post("/api/v1/events", content=b" " * (3 << 20), headers=BEARER)
        api.app.state.intake.writer.close()  # type: ignore[attr-defined]
        assert rows_of(api, "SELECT reason_code, client_org_id, times_seen, body FROM quarantine") == [
            ("too_large", CLIENT, 3, None)
        ]
        assert api.get("/metrics").text.count('mai_intake_requests_total{source="cloudevents",status="413"} 3.0') == 1

    def test_a_stranger_cannot_fill_the_quarantine(self, api: TestClient) -> None:
        api.post("/api/v1/events", content=b" " * (3 << 20))
        api.app.state.intake.writer.close()  # type: ignore[attr-defined]
        assert quarantine_of(api) == []

    def test_a_webhook_may_be_larger_than_what_programs_send(self, api: TestClient) -> None:
        body = json.dumps(make_trace(make_span("gen-a", gen_ai__prompt="x" * (3 << 20)))).encode()
        assert api.post(WEBHOOK, content=body, headers=BEARER).json() == counts(accepted=1)
        assert api.post("/api/v1/events", content=body, headers=BEARER).status_code == 413

    def test_a_large_body_that_finds_no_place_is_asked_to_come_again(
        self, api: TestClient, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(bodies, "_SECONDS_TO_WAIT", 0)
        large = api.app.state.intake.large_bodies  # type: ignore[attr-defined]
        large._free._value = 0
        answer = api.post(WEBHOOK, content=b" " * (3 << 20), headers=BEARER)
        assert (answer.status_code, answer.headers["retry-after"]) == (503, "10")

    def test_a_bomb_that_waits_for_a_place_has_not_gone_off(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """32 MB are promised by 32 KB: hundreds of them may wait at once."""
        monkeypatch.setattr(bodies, "_SECONDS_TO_WAIT", 0)
        bomb = gzip.compress(b" " * (32 << 20))

        async def receive() -> Any:
            return {"type": "http.request", "body": bomb}

        async def read(places: bodies.LargeBodies) -> bytes:
            return await bodies.IncomingBody(receive, {"content-encoding": "gzip"}, 32 << 20, places).read()

        async def crowd() -> int:
            places = bodies.LargeBodies()
            for _ in range(bodies.LARGE_BODIES_AT_ONCE):
                await places.enter()
            tracemalloc.start()
            with pytest.raises(bodies.Refused, match="other large bodies"):
                await read(places)
            return tracemalloc.get_traced_memory()[1]

        try:
            assert asyncio.run(crowd()) < 8 << 20
        finally:
            tracemalloc.stop()
        assert len(asyncio.run(read(bodies.LargeBodies()))) == 32 << 20

    def test_strangers_cannot_take_all_places_of_large_bodies(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """A signature is checked once the body is there; until then anybody may be sending it."""
        monkeypatch.setattr(bodies, "_SECONDS_TO_WAIT", 0)

        async def crowd() -> None:
            places = bodies.LargeBodies()
            await places.enter(stranger=True)
            with pytest.raises(bodies.Refused):
                await places.enter(stranger=True)
            await places.enter()
            with pytest.raises(bodies.Refused):
                await places.enter()
            places.leave(stranger=True)
            await places.enter(stranger=True)

        asyncio.run(crowd())

    def test_what_strangers_hold_at_once_is_bounded(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Two kilobytes of gzip and a connection that stalls are two megabytes of ours."""
        monkeypatch.setattr(bodies, "_SECONDS_TO_WAIT", 0)
        bomb = gzip.compress(b" " * (1 << 20))

        async def receive() -> Any:
            return {"type": "http.request", "body": bomb}

        async def crowd() -> None:
            places = bodies.LargeBodies()

            def body() -> bodies.IncomingBody:
                return bodies.IncomingBody(receive, {"content-encoding": "gzip"}, 2 << 20, places)

            held = [body() for _ in range(bodies.STRANGERS_AT_ONCE)]
            for one in held:
                await one.read(stranger=True)
            with pytest.raises(bodies.Refused, match="other large bodies"):
                await body().read(stranger=True)
            assert len(await body().read()) == 1 << 20
            held[0].close()
            assert len(await body().read(stranger=True)) == 1 << 20

        asyncio.run(crowd())

    def test_a_slow_body_is_not_waited_for(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(bodies, "SECONDS_FOR_KNOWN", 0)

        async def read() -> None:
            async def drip() -> Any:
                await asyncio.Event().wait()

            await bodies.IncomingBody(drip, {}, 100, bodies.LargeBodies()).read()

        with pytest.raises(bodies.Refused) as refused:
            asyncio.run(read())
        assert (refused.value.status, refused.value.headers) == (408, {"connection": "close"})

    def test_whoever_is_known_may_be_slower_than_a_stranger(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """LiteLLM drops a batch that is answered 408."""
        monkeypatch.setattr(bodies, "SECONDS_FOR_SMALL", 0)

        async def read(*, stranger: bool) -> bytes:
            async def drip() -> Any:
                await asyncio.sleep(0)
                await asyncio.sleep(0)
                return {"type": "http.request", "body": b"[]"}

            return await bodies.IncomingBody(drip, {}, 100, bodies.LargeBodies()).read(stranger=stranger)

        assert asyncio.run(read(stranger=False)) == b"[]"
        with pytest.raises(bodies.Refused, match="too slowly"):
            asyncio.run(read(stranger=True))


class TestWhenItCannotBeStored:
    @pytest.mark.parametrize("error", [StoreUnavailable("disk full"), QueueFull("full"), RuntimeError("a bug")])
    @pytest.mark.parametrize("path", WAYS_IN)
    def test_the_sender_is_asked_to_come_again(
        self, api: TestClient, monkeypatch: pytest.MonkeyPatch, path: str, error: Exception
    ) -> None:
        def fail(deliveries: Any) -> Any:
            raise error

        monkeypatch.setattr(api.app.state.intake.writer, "_commit", fail)  # type: ignore[attr-defined]
        answer = api.post(path, json=_good_body(path), headers=BEARER)
        assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
        assert answer.json() == {"error": "not stored; try again"}

    def test_a_full_disk_is_no_acknowledgement_and_nothing_is_lost_when_there_is_room_again(
        self, api: TestClient
    ) -> None:
        writer = installation_of(api).store._writer
        body = make_trace(*[make_span(f"gen-{number}", session__id="s" * 200) for number in range(300)])
        (pages,) = writer.execute("PRAGMA page_count").fetchone()
        writer.execute(f"PRAGMA max_page_count = {pages + 2}").fetchall()
        answer = api.post(WEBHOOK, json=body, headers=BEARER)
        assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
        assert (events_of(api), quarantine_of(api)) == ([], [])
        writer.execute("PRAGMA max_page_count = 1000000").fetchall()
        assert api.post(WEBHOOK, json=body, headers=BEARER).json() == counts(accepted=300)

    def test_a_ledger_that_another_process_holds_is_no_acknowledgement(self, api: TestClient) -> None:
        store = installation_of(api).store
        store._writer.set_busy_timeout(1)
        with Store(store.path) as other, other.write() as db:
            db.execute("DELETE FROM routes")
            assert api.post(WEBHOOK, json=ONE, headers=BEARER).status_code == 503
        assert api.post(WEBHOOK, json=ONE, headers=BEARER).json() == counts(accepted=1)

    def test_a_full_queue_refuses(self, api: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
        writer = api.app.state.intake.writer  # type: ignore[attr-defined]
        monkeypatch.setattr(writer, "_weight", 10_000)
        assert api.post(WEBHOOK, json=ONE, headers=BEARER).status_code == 503
        answer = api.get("/ready")
        assert (answer.status_code, answer.json()["queue"]) == (503, "full")


def _good_body(path: str) -> Any:
    usage = {"prompt_tokens": 1, "completion_tokens": 1, "cost": 0.1}
    completion = {"id": "gen-a", "model": "m", "usage": usage}
    event = {
        "specversion": "1.0",
        "type": "t",
        "id": "gen-a",
        "source": "s",
        "subject": "u",
        "data": {"model": "m", **usage},
    }
    return {
        "/webhooks/openrouter": ONE,
        "/api/v1/events": event,
        "/api/v1/completions": completion,
        "/api/v1/litellm": [{"litellm_call_id": "c", "model": "m", "prompt_tokens": 1}],
        "/api/v1/usage-tracking/webhook/openrouter-usage": {"model": "m", "tokens_used": 1, "request_id": "gen-a"},
    }[path]


class TestFloods:
    def test_a_flood_of_no_events_is_kept_as_one(self, api: TestClient) -> None:
        flood = b'{"resourceSpans":[' + b"1," * 700_000 + b"1]}"
        assert api.post(
            WEBHOOK, content=flood, headers={**BEARER, "Content-Type": "application/json"}
        ).json() == counts(quarantined=1)
        assert [row[2] for row in quarantine_of(api)] == ["too_many_refused"]
        answer = api.post("/api/v1/events", content=b"[" + b"1," * 700_000 + b"1]", headers=BEARER)
        assert (answer.status_code, answer.json()) == (400, {"error": "more than 10000 items of the body are refused"})
