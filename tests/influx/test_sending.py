"""The outbox: everything arrives in the end, whatever the server does in between."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import httpx
import pytest

from mai_core.influx.sending import Breaker, Sender, send_waiting, sender_for
from mai_core.influx.server import Rejected, Server, Unavailable
from mai_core.installation import Installation
from mai_core.intake.booking import book
from mai_core.store import outbox, rating_books, rows
from tests.builders import NOON, make_arrival
from tests.influx.conftest import Answer

V2 = tuple[Installation, Callable[[Answer], Server]]


def queue(installation: Installation, *generation_ids: str, **told: object) -> None:
    with installation.store.write() as db:
        terms = rating_books.load(db, installation.settings)
        book(db, terms, [make_arrival(one, **told) for one in generation_ids], NOON, outbox=True)  # type: ignore[arg-type]


def waiting(installation: Installation) -> tuple[int, int]:
    with installation.store.read() as db:
        return outbox.counts(db)


@dataclass
class V2Server:
    """`/api/v2/write` as documented: 204; 400 with the good lines kept; 413; 429; 503; and a cut connection."""

    bad: str = "never"
    largest: int = 1_000_000
    failures: list[int | Exception] = field(default_factory=list)
    stored: dict[str, str] = field(default_factory=dict)

    def __call__(self, request: httpx.Request) -> httpx.Response:
        assert request.url.path == "/api/v2/write"
        assert dict(request.url.params) == {"bucket": "mai-usage-tracking", "org": "mai", "precision": "ns"}
        assert request.headers["authorization"] == "Token a token"
        lines = request.content.decode().splitlines()
        if self.failures:
            failure = self.failures.pop(0)
            if isinstance(failure, Exception):
                self._store(lines[: len(lines) // 2])
                raise failure
            return httpx.Response(failure, headers={"Retry-After": "7"}, json={"message": "not now"})
        if len(request.content) > self.largest:
            return httpx.Response(413, json={"code": "request too large"})
        good = [line for line in lines if self.bad not in line]
        self._store(good)
        if len(good) < len(lines):
            return httpx.Response(400, json={"code": "invalid", "message": "partial write: dropped=1"})
        return httpx.Response(204)

    def _store(self, lines: list[str]) -> None:
        for line in lines:
            series, fields, time = line.rsplit(" ", 1)[0].split(" ")[0], line, line.rsplit(" ", 1)[1]
            self.stored[f"{series} {time}"] = fields


def test_what_waits_is_sent_in_batches_and_leaves(v2: V2) -> None:
    installation, serving = v2
    queue(installation, *(f"gen-{number}" for number in range(10)))
    server = V2Server()
    assert send_waiting(installation, serving(server)).points == 10
    assert waiting(installation) == (0, 0)
    assert len(server.stored) == 10


def test_a_line_the_server_never_takes_holds_nobody_up(v2: V2) -> None:
    installation, serving = v2
    queue(installation, *(f"gen-{number}" for number in range(9)))
    sent = send_waiting(installation, serving(V2Server(bad='"gen-5"')))
    assert (sent.points, sent.refused) == (8, 1)
    assert waiting(installation) == (0, 1)
    with installation.store.read() as db:
        ((reason,),) = rows(db, "SELECT refused FROM outbox")
    assert reason == "InfluxDB answered 400: partial write: dropped=1"


def test_an_event_that_cleanup_took_before_it_was_sent_keeps_nobody_busy(v2: V2) -> None:
    installation, serving = v2
    queue(installation, "gen-gone")
    with installation.store.write() as db:
        db.execute("DELETE FROM usage_events")
    sender = Sender(installation, lambda: serving(V2Server()))
    assert sender._once(serving(V2Server())) > 0


def test_a_full_batch_is_followed_by_the_next_at_once(v2: V2) -> None:
    installation, serving = v2
    many = installation.settings.influxdb_batch_size
    queue(installation, *(f"gen-{number}" for number in range(many + 1)))
    sender = Sender(installation, lambda: serving(V2Server()))
    assert sender._once(serving(V2Server())) == 0
    assert sender._once(serving(V2Server())) > 0
    assert waiting(installation) == (0, 0)


def test_a_batch_that_is_too_large_is_halved(v2: V2) -> None:
    installation, serving = v2
    queue(installation, *(f"gen-{number}" for number in range(4)))
    server = V2Server(largest=1000)
    assert send_waiting(installation, serving(server)).points == 4
    assert len(server.stored) == 4


@pytest.mark.parametrize("failure", [429, 503, 500, 401, httpx.ReadTimeout("slow"), httpx.RemoteProtocolError("cut")])
def test_a_failure_loses_nothing_and_the_next_try_makes_it_whole(v2: V2, failure: int | Exception) -> None:
    installation, serving = v2
    queue(installation, "gen-a", "gen-b")
    server = V2Server(failures=[failure])
    with pytest.raises(Unavailable):
        send_waiting(installation, serving(server))
    assert waiting(installation) == (2, 0)
    assert send_waiting(installation, serving(server)).points == 2
    assert len(server.stored) == 2


@pytest.mark.parametrize(
    ("status", "told"),
    [
        (400, "Please provide either orgID or org"),
        (400, "invalid character in database or rp name: must be ASCII, containing only letters, numbers"),
        (400, "db name did not start with a number or letter"),
        (422, "Adding a new database would exceed limit of 5 databases"),
    ],
)
def test_a_bucket_that_cannot_be_is_no_fault_of_the_lines(v2: V2, status: int, told: str) -> None:
    """What InfluxDB 2.9.1 answers when `org` is empty, and 3 Core for a bucket that it cannot make."""
    installation, serving = v2
    queue(installation, "gen-a", "gen-b")
    answer = {"code": "invalid", "message": told}
    with pytest.raises(Unavailable, match=told):
        send_waiting(installation, serving(lambda request: httpx.Response(status, json=answer)))
    assert waiting(installation) == (2, 0)


def test_the_reason_of_3_core_says_what_is_wrong_with_the_line(v2: V2) -> None:
    """Its error names no reason; that stands beside it, with the line, which is not repeated."""
    _, serving = v2
    wrong = {"error_message": "No fields were provided", "line_number": 1, "original_line": "cpu,host=a val= 123"}
    told = {"error": "partial write of line protocol occurred", "data": [wrong]}
    with pytest.raises(Rejected) as rejected:
        serving(lambda request: httpx.Response(400, json=told)).write(["cpu,host=a val= 123"])
    reason = "InfluxDB answered 400: partial write of line protocol occurred: No fields were provided"
    assert str(rejected.value) == reason


def test_a_part_of_the_rows_is_no_answer(v2: V2) -> None:
    _, serving = v2
    part = {"name": "usage_tracking", "columns": ["time"], "values": [[1]], "partial": True}
    server = serving(lambda request: httpx.Response(200, json={"results": [{"statement_id": 0, "series": [part]}]}))
    with pytest.raises(Unavailable, match="max-row-limit"):
        server.query("SELECT 1")


def test_an_event_that_changed_on_its_way_is_sent_again(v2: V2) -> None:
    installation, serving = v2
    queue(installation, "gen-a", cost="0.2")

    def changes_meanwhile(request: httpx.Request) -> httpx.Response:
        if waiting(installation) == (1, 0) and "200000000000i" in request.content.decode():
            queue(installation, "gen-a", cost="0.1")
        return httpx.Response(204)

    assert send_waiting(installation, serving(changes_meanwhile)).points == 2
    assert waiting(installation) == (0, 0)


def test_the_breaker_waits_longer_each_time_and_listens_to_retry_after() -> None:
    breaker = Breaker()
    pauses = [breaker.failed(Unavailable("down")) for _ in range(10)]
    assert pauses[:4] == [0.5, 1, 2, 4]
    assert pauses[-1] == 60
    breaker.succeeded()
    assert breaker.failed(Unavailable("busy", retry_after_s=7)) == 7


def test_the_sender_survives_a_dead_server_and_empties_the_outbox_later(v2: V2) -> None:
    installation, serving = v2
    queue(installation, "gen-a")
    server = V2Server(failures=[503])
    sender = Sender(installation, lambda: serving(server))
    assert sender._once(serving(server)) == 7
    assert sender.breaker.last_error == "InfluxDB answered 503: not now"
    assert sender._once(serving(server)) == 1.0
    assert (waiting(installation), sender.breaker.failures) == ((0, 0), 0)


def test_the_sender_thread_stops_when_it_is_told(v2: V2) -> None:
    installation, serving = v2
    sender = Sender(installation, lambda: serving(V2Server()))
    sender.start()
    sender.stop()
    assert sender._thread is not None
    assert not sender._thread.is_alive()


@pytest.mark.parametrize(
    ("status", "told", "remedy"),
    [
        (404, 'bucket "x" not found', "influx bucket create --name mai-usage-tracking"),
        (404, 'database not found: "mai-usage-tracking"', "CREATE DATABASE"),
        (404, 'organization name "mai" not found', "Set INFLUXDB_ORG"),
        (401, "unauthorized access", "INFLUXDB_TOKEN"),
        (403, "insufficient permissions for write", "INFLUXDB_TOKEN"),
    ],
)
def test_what_is_missing_is_said_with_its_remedy(v2: V2, status: int, told: str, remedy: str) -> None:
    """In the words of 2.9 and 1.8. A 404 that names what is missing is not taken for a server without `/api/v2`."""
    _, serving = v2
    paths: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        paths.append(request.url.path)
        return httpx.Response(status, json={"message": told})

    with pytest.raises(Unavailable, match=f"{status}: {told}.*{remedy}"):
        serving(answer).write(["m f=1"])
    assert paths == ["/api/v2/write"]


def test_a_proxy_that_answered_404_for_a_moment_is_asked_the_same_way_again(v2: V2) -> None:
    _, serving = v2
    answers = [httpx.Response(404, text="404 page not found")] * 2 + [httpx.Response(204)]
    paths: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        paths.append(request.url.path)
        return answers[len(paths) - 1]

    server = serving(answer)
    with pytest.raises(Unavailable, match="404"):
        server.write(["m f=1"])
    server.write(["m f=1"])
    assert paths == ["/api/v2/write", "/write", "/api/v2/write"]


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (httpx.Response(200, text="<html>"), "cannot be read"),
        (httpx.Response(200, json={"results": [{"error": "database not found"}]}), "database not found"),
        (httpx.Response(401, json={"error": "unauthorized"}), "401: unauthorized"),
    ],
)
def test_a_query_that_fails_is_said(v2: V2, answer: httpx.Response, reason: str) -> None:
    _, serving = v2
    with pytest.raises(Unavailable, match=reason):
        serving(lambda request: answer).query("SELECT 1")


def test_a_question_may_take_longer_than_a_write(v2: V2) -> None:
    """An hour is read from disk before the answer begins; a write must not keep others waiting so long."""
    _, serving = v2
    patience: list[tuple[str, float]] = []

    def answer(request: httpx.Request) -> httpx.Response:
        patience.append((request.url.path, request.extensions["timeout"]["read"]))
        return httpx.Response(200, json={"results": [{"statement_id": 0}]})

    server = serving(answer)
    server.write(["m f=1"])
    assert list(server.points(0, 1)) == []
    assert patience == [("/api/v2/write", 2.0), ("/query", 30.0)]


@pytest.mark.parametrize("nothing", [{}, {"series": None}, {"series": []}, {"series": [{"values": None}]}])
def test_no_points_in_any_spelling_are_none(v2: V2, nothing: dict[str, object]) -> None:
    _, serving = v2
    server = serving(lambda request: httpx.Response(200, json={"results": [{"statement_id": 0, **nothing}]}))
    assert list(server.points(0, 1)) == []


def test_without_an_address_influx_is_off(installation: Installation) -> None:
    assert sender_for(installation) is None


def test_against_a_real_server_the_old_write_path_is_found(real: tuple[Installation, Server]) -> None:
    installation, server = real
    queue(installation, "gen-a", "gen-b")
    assert send_waiting(installation, server).points == 2
    points = list(server.points((NOON - 1000) * 1_000_000, (NOON + 1000) * 1_000_000))
    assert sorted(point["generation_id"] for point in points) == ["gen-a", "gen-b"]
    assert {point["raw_pusd"] for point in points} == {100_000_000_000}


def test_a_real_server_keeps_the_good_lines_of_a_bad_batch(real: tuple[Installation, Server]) -> None:
    _, server = real
    with pytest.raises(Rejected, match="partial write"):
        server.write([f"usage_tracking,model=a f=1 {NOON * 1_000_000}", "no line at all"])
    assert len(list(server.points((NOON - 1) * 1_000_000, (NOON + 1) * 1_000_000))) == 1
